//! A program that measures what it is asked to, draws a table and writes it down.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use patchpanel::connectors::change::probation;
use patchpanel::connectors::{Settings, admission, breaker};
use patchpanel::secrets::{DerivedKeys, IfMissing};
use serde_json::json;

use crate::machine;
use crate::measure::{self, Result as Measured, Verdict};

/// One thing to measure.
pub(crate) type Bench = fn() -> Result<Vec<Measured>>;

/// Runs those that the command line names, or all of them. The figures also go to `target/NAME.json`.
pub(crate) fn run(name: &str, benches: &[(&str, Bench)]) -> Result<()> {
    // cargo adds `--bench`.
    let chosen: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let known = |name: &String| benches.iter().any(|(known, _)| known == name);
    ensure!(
        chosen.iter().all(known),
        "there are: {}",
        benches.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    );
    let mut results = Vec::new();
    for (name, run) in benches.iter().filter(|(name, _)| chosen.is_empty() || chosen.iter().any(|it| it == name)) {
        println!("measuring {name} …");
        results.extend(run().with_context(|| format!("{name} failed"))?);
    }
    println!("\n{}", measure::table(&results));
    let path = target_directory()?.join(format!("{name}.json"));
    let report =
        json!({ "machine": machine::describe(), "results": results.iter().map(Measured::to_json).collect::<Vec<_>>() });
    std::fs::write(&path, serde_json::to_vec_pretty(&report)?)?;
    println!("written to {}", path.display());
    ensure!(results.iter().all(|it| it.verdict() != Verdict::Missed), "a bar was missed");
    Ok(())
}

/// For connectors that the program compiles which was built beside this one.
pub(crate) fn connector_settings() -> Result<Settings> {
    Ok(Settings {
        cache_directory: target_directory()?.join("bench-compiled"),
        cache_key: Some(
            DerivedKeys::open(&target_directory()?.join("bench-master-key"), IfMissing::Create)?.compiled(),
        ),
        admission: admission::Settings {
            compiler: PathBuf::from(env!("CARGO_BIN_EXE_patchpanel")),
            ..admission::Settings::default()
        },
        breaker: breaker::Settings { failures: 0, ..breaker::Settings::default() },
        probation: probation::Settings::default(),
    })
}

/// The directory `target`: the running program is in `target/release/deps`.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    program.ancestors().nth(3).map(PathBuf::from).context("the benchmark is not run from a target directory")
}
