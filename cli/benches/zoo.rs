//! Attacks a host under load, with every hostile connector, with what starves others and with every hostile server, and says
//! what became of it: counts and ratios, and of servers how long they hold a test.
//!
//! `cargo xtask zoo [NAME…]` builds what this needs and runs it; the figures also go to a JSON file.

#![expect(clippy::print_stdout, reason = "a table for people")]

#[path = "../../tests/zoo/arena.rs"]
mod arena;
#[path = "zoo/calls.rs"]
mod calls;
#[path = "../../tests/zoo/catalog.rs"]
mod catalog;
#[path = "zoo/compiling.rs"]
mod compiling;
#[path = "zoo/hostile_servers.rs"]
mod hostile_servers;
#[path = "bench/machine.rs"]
mod machine;
#[path = "bench/measure.rs"]
mod measure;
#[path = "zoo/neighbours.rs"]
mod neighbours;
#[path = "zoo/onslaught.rs"]
mod onslaught;
#[path = "bench/program.rs"]
mod program;
#[path = "zoo/reloads.rs"]
mod reloads;
#[path = "zoo/starvation.rs"]
mod starvation;

use anyhow::Result;

fn main() -> Result<()> {
    program::run(
        "zoo",
        &[
            ("onslaught", onslaught::run),
            ("neighbours", neighbours::run),
            ("runaways", calls::runaways),
            ("false-kills", calls::false_kills),
            ("canaries", calls::canaries),
            ("compiling", compiling::run),
            ("reloads", reloads::run),
            ("starvation", starvation::run),
            ("hostile-servers", hostile_servers::run),
        ],
    )
}
