//! Fuzzing for as long as it is told to: the same as what every run of the tests does a little of.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;

use crate::progress::Progress;
use crate::workspace;

/// What is fuzzed, how long, and from where on.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What reads the bytes
    #[arg(value_enum)]
    target: Target,

    /// How long
    #[arg(long, default_value_t = 60)]
    seconds: u64,

    /// The same seed makes the same inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What reads strangers' bytes.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Target {
    /// The login and the statements of PostgreSQL's protocol
    Protocol,
    /// The guard between a server and a driver
    Guard,
    /// The parser of request bodies
    Json,
    /// Hosts, and the judge of their addresses
    Hosts,
}

impl Target {
    /// The test that does it.
    fn test(self) -> &'static str {
        match self {
            Self::Protocol => "drivers::postgres::tests::fuzz::protocol",
            Self::Guard => "drivers::postgres::tests::fuzz::guard::guard",
            Self::Json => "http::body::fuzz::json",
            Self::Hosts => "egress::fuzz::hosts",
        }
    }
}

/// The tests beside the code.
fn tests() -> Command {
    let mut cargo = Command::new(workspace::cargo());
    cargo.current_dir(workspace::root()).args(["test", "--locked", "--package", "patchpanel-host", "--lib"]);
    cargo
}

/// Runs the test of the target with another end than in a run of all tests. What breaks it is kept in `target/fuzz`.
pub(crate) fn run(options: &Options, progress: &mut Progress) -> Result<()> {
    let test = options.target.test();
    progress.run("Building", tests().arg("--no-run"), "see above")?;
    let listed = tests().args(["--", "--exact", test, "--list"]).output().context("cannot list the tests")?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    // One that is not there would pass.
    ensure!(listed.contains(&format!("{test}: test")), "there is no test {test}; name it in xtask/src/fuzz.rs");
    let mut cargo = tests();
    cargo
        .args(["--", "--exact", test, "--nocapture"])
        .env("PATCHPANEL_FUZZ_SECONDS", options.seconds.to_string())
        .env("PATCHPANEL_FUZZ_SEED", options.seed.to_string());
    let advice = "the input is shown above and kept in target/fuzz; put it into tests/corpus to have it tried for ever";
    progress.run("Fuzzing", &mut cargo, advice)?;
    progress.summary();
    Ok(())
}
