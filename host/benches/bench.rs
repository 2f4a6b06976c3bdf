//! Speed and memory as ratios: ours against the same work done without us, in one process and one run.
//!
//! `cargo xtask bench [NAME…]` builds what this needs and runs it; the figures also go to a JSON file.

#![expect(clippy::print_stdout, reason = "a table for people")]

#[path = "bench/call.rs"]
mod call;
#[path = "bench/connection_test.rs"]
mod connection_test;
#[path = "bench/machine.rs"]
mod machine;
#[path = "bench/measure.rs"]
mod measure;
#[path = "bench/process.rs"]
mod process;

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use measure::{Result as Measured, Verdict};

type Bench = fn() -> Result<Vec<Measured>>;

/// What can be measured, by name.
const BENCHES: &[(&str, Bench)] =
    &[("call", call::run), ("connection_test", connection_test::run), ("process", process::run)];

fn main() -> Result<()> {
    // cargo adds `--bench`.
    let names: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let known = |name: &String| BENCHES.iter().any(|(known, _)| known == name);
    ensure!(
        names.iter().all(known),
        "the benchmarks are: {}",
        BENCHES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    );
    let mut results = Vec::new();
    for (name, run) in BENCHES.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|it| it == name)) {
        println!("measuring {name} …");
        results.extend(run().with_context(|| format!("the benchmark {name} failed"))?);
    }
    println!("\n{}", measure::table(&results));
    let path = target_directory()?.join("bench.json");
    let report =
        json!({ "machine": machine::describe(), "results": results.iter().map(Measured::to_json).collect::<Vec<_>>() });
    std::fs::write(&path, serde_json::to_vec_pretty(&report)?)?;
    println!("written to {}", path.display());
    ensure!(results.iter().all(|it| it.verdict() != Verdict::Missed), "a bar was missed");
    Ok(())
}

/// The directory `target`: the running program is in `target/release/deps`.
fn target_directory() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    program.ancestors().nth(3).map(PathBuf::from).context("the benchmark is not run from a target directory")
}
