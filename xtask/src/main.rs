//! What plain cargo cannot do: build the connectors, start the demo, run every test with its set-up.
#![expect(clippy::print_stdout, reason = "a tool for a terminal: its output is what it is for")]

mod dev;
mod fuzz;
mod interrupt;
mod packages;
mod plugins;
mod progress;
mod strangers;
mod with_setup;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::builder::BoolishValueParser;
use clap::{Parser, Subcommand};

use crate::interrupt::Interrupt;
use crate::packages::Install;
use crate::plugins::Source;
use crate::progress::Progress;

/// Does what plain cargo cannot do.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,

    /// Installs missing packages of the system by apt-get (by sudo when not root)
    #[arg(long, global = true)]
    install: bool,

    /// In a CI job root installs what is missing without being asked
    #[arg(long, global = true, env = "CI", value_parser = BoolishValueParser::new(), default_value = "false",
        default_missing_value = "true", num_args = 0..=1, require_equals = true, hide = true)]
    ci: bool,

    /// Where Rust's standard library for Wasm may come from
    #[arg(long, global = true, env = "PATCHPANEL_WASM_STD", value_enum, default_value_t = Source::Auto)]
    wasm_std: Source,
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
    let install = Install::new(arguments.install, arguments.ci);
    let set_up = (arguments.wasm_std, install);
    let mut progress = Progress::new(Interrupt::listen()?);
    match arguments.command {
        Task::Dev(options) => dev::run(&options, arguments.wasm_std, install, &mut progress),
        Task::Test { arguments: further } => {
            if further.is_empty() {
                plugins::test_guests(&mut progress)?;
            }
            strangers::get_tool_chains(install, arguments.ci, &mut progress)?;
            // The hostile connectors are programs for Wasm; built for this machine they would only take time.
            let arguments = ["test", "--workspace", "--exclude", "guests"];
            with_setup::cargo("Building and running the tests", &arguments, &further, set_up, &mut progress)
        }
        Task::Bench { names } => {
            let arguments = ["bench", "--package", "patchpanel", "--bench", "bench"];
            let further = [vec!["--".to_owned()], names].concat();
            with_setup::cargo("Building and running the benchmarks", &arguments, &further, set_up, &mut progress)
        }
        Task::Zoo { names } => {
            let arguments = ["bench", "--package", "patchpanel", "--bench", "zoo"];
            let further = [vec!["--".to_owned()], names].concat();
            with_setup::cargo("Building and running the zoo", &arguments, &further, set_up, &mut progress)
        }
        Task::Fuzz(options) => fuzz::run(&options, &mut progress),
        Task::Plugins => {
            plugins::build_with_guests(arguments.wasm_std, install, &mut progress)?;
            progress.summary();
            Ok(())
        }
    }
}
