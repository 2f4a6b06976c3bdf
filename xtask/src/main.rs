//! What plain cargo cannot do: build the connectors, start the demo, run every test with its set-up.
#![expect(
    clippy::disallowed_methods,
    reason = "it builds and starts programs by the variables of its user and of cargo"
)]
#![expect(clippy::print_stdout, reason = "a tool for a terminal: its output is what it is for")]

mod dev;
mod fresh;
mod fuzz;
mod interrupt;
mod plugins;
mod progress;
mod set_up;
mod workspace;

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::interrupt::Interrupt;
use crate::progress::Progress;

/// Does what plain cargo cannot do.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,

    /// Installs what is missing of the system without asking (`xtask/set-up` reads it)
    #[arg(long, global = true)]
    yes: bool,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Sets everything up, starts a throw-away PostgreSQL and Patchpanel, and shows the main job
    Dev(Box<dev::Options>),
    /// Sets everything up and runs all tests
    Test {
        /// For cargo test, such as a test's name
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Sets everything up and measures speed and memory against what others do
    Bench {
        /// Which ones, such as `call`; all without a name
        names: Vec<String>,
    },
    /// Sets everything up and attacks a host under load, with every hostile connector, with what starves others and with
    /// every hostile server
    Zoo {
        /// Which attacks, such as `onslaught`; all without a name
        names: Vec<String>,
    },
    /// Feeds mutations of good inputs to what reads strangers' bytes, until the time is over or something breaks
    Fuzz(fuzz::Options),
    /// Proves that `./x dev` and `./x test` do the whole set-up, on a machine that has Rust and nothing else of ours
    Fresh(fresh::Options),
    /// Builds the connectors to components in target/connectors, and the hostile ones to target/guests
    Plugins,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let mut progress = Progress::new(Interrupt::listen()?);
    set_up::run(&progress.interrupt)?;
    match arguments.command {
        Task::Dev(options) => dev::run(&options, &mut progress),
        Task::Test { arguments } => {
            if arguments.is_empty() {
                plugins::test_guests(&mut progress)?;
            }
            // The hostile connectors are programs for Wasm; built for this machine they would only take time.
            with_plugins("tests", &["test", "--workspace", "--exclude", "guests"], &arguments, &mut progress)
        }
        Task::Bench { names } => bench("bench", "benchmarks", names, &mut progress),
        Task::Zoo { names } => bench("zoo", "zoo", names, &mut progress),
        Task::Fuzz(options) => fuzz::run(&options, &mut progress),
        Task::Fresh(options) => fresh::run(&options, &mut progress),
        Task::Plugins => {
            plugins::build_with_guests(&mut progress)?;
            progress.summary();
            Ok(())
        }
    }
}

fn bench(name: &str, title: &str, names: Vec<String>, progress: &mut Progress) -> Result<()> {
    let further = [vec!["--".to_owned()], names].concat();
    with_plugins(title, &["bench", "--package", "patchpanel", "--bench", name], &further, progress)
}

/// Builds the connectors, then runs cargo with these arguments.
fn with_plugins(title: &str, arguments: &[&str], further: &[String], progress: &mut Progress) -> Result<()> {
    plugins::build_with_guests(progress)?;
    let mut cargo = Command::new(workspace::cargo());
    cargo.current_dir(workspace::root()).args(arguments).arg("--locked").args(further);
    progress.run(&format!("Building and running the {title}"), &mut cargo, "see the failures above")?;
    progress.summary();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_cargo_test_goes_there_and_nothing_else() {
        for (words, yes, further) in [
            (vec!["test", "--yes"], true, vec![]),
            (vec!["--yes", "test", "faults::tls"], true, vec!["faults::tls"]),
            (vec!["test", "faults", "--", "--nocapture"], false, vec!["faults", "--", "--nocapture"]),
        ] {
            let parsed = Arguments::try_parse_from([vec!["xtask"], words.clone()].concat()).unwrap();
            let Task::Test { arguments } = parsed.command else { panic!("{words:?}") };
            assert_eq!((parsed.yes, arguments), (yes, further.into_iter().map(str::to_owned).collect()), "{words:?}");
        }
    }
}
