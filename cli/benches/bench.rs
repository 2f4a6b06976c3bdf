//! Speed and memory as ratios: ours against the same work done without us, in one process and one run.
//!
//! `cargo xtask bench [NAME…]` builds what this needs and runs it; the figures also go to a JSON file.

#![expect(clippy::print_stdout, reason = "a table for people")]

#[path = "bench/call.rs"]
mod call;
#[path = "bench/connection_test.rs"]
mod connection_test;
#[path = "bench/list.rs"]
mod list;
#[path = "bench/machine.rs"]
mod machine;
#[path = "bench/measure.rs"]
mod measure;
#[path = "bench/process.rs"]
mod process;
#[path = "bench/program.rs"]
mod program;
#[path = "bench/ratio.rs"]
mod ratio;

use anyhow::Result;

fn main() -> Result<()> {
    program::run(
        "bench",
        &[
            ("call", call::run),
            ("connection_test", connection_test::run),
            ("list", list::run),
            ("process", process::run),
        ],
    )
}
