//! Proves that the two commands of README do the whole set-up: on a machine that has Rust and nothing else of ours, first
//! with a network and then without one.

mod machine;

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use self::machine::{Machine, Network};
use crate::progress::Progress;
use crate::workspace;

/// What is proved, and as whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only one of the two commands
    #[arg(long, value_enum)]
    only: Option<Task>,

    /// As root instead of as an ordinary user with sudo, whose tests that need root's rights are skipped
    #[arg(long)]
    root: bool,

    /// Keeps the machine in target/fresh/root, and goes on in one that was kept
    #[arg(long)]
    keep: bool,
}

/// One of the two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Task {
    /// `./x dev`, up to the end of the main job
    Dev,
    /// `./x test`
    Test,
}

/// For a command that has nothing to do but to say what is missing.
const REFUSAL_LIMIT: Duration = Duration::from_mins(1);
/// For one that gets and compiles everything, on a slow machine with a slow network.
const FIRST_LIMIT: Duration = Duration::from_hours(2);

impl Task {
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &["./x", "dev", "--once"],
            Self::Test => &["./x", "test"],
        }
    }

    /// The second time there is nothing to get and nothing to compile, but the tests take as long as ever.
    fn second_limit(self) -> Duration {
        match self {
            Self::Dev => Duration::from_mins(3),
            Self::Test => Duration::from_hours(1),
        }
    }
}

/// Does it. What runs there ends with its namespaces, and the machine is removed, also after a failure or Ctrl-C.
pub(crate) fn run(options: &Options, progress: &mut Progress) -> Result<()> {
    ensure!(test_support::process::is_root(), "only root can make a root file system: run this as root");
    ensure_committed()?;
    let user = if options.root { "root" } else { "someone" };
    let machine = Machine::make(user, options.keep, progress)?;
    println!("  As {user}; the log is {}", machine.log().display());
    let tasks = [Task::Dev, Task::Test].into_iter().filter(|task| options.only.is_none_or(|only| only == *task));
    for (number, task) in tasks.enumerate() {
        if number == 0 && machine.is_new() {
            refuse(task, &machine, progress)?;
        }
        prove(task, &machine, progress)?;
    }
    progress.summary();
    Ok(())
}

/// With nobody to ask, the command names everything that is missing and does nothing.
fn refuse(task: Task, machine: &Machine, progress: &mut Progress) -> Result<()> {
    let title = format!("`{}`, with nobody to ask", task.words().join(" "));
    progress.shown(&title, |interrupt| {
        let (succeeded, text) = machine.run(task.words(), Network::Shared, REFUSAL_LIMIT, interrupt)?;
        let named = ["--yes", "apt-get install", " gcc ", " postgresql"].iter().all(|word| text.contains(word));
        ensure!(!succeeded && named, "it does not say what it needs; see {}", machine.log().display());
        Ok(())
    })
}

fn prove(task: Task, machine: &Machine, progress: &mut Progress) -> Result<()> {
    let words = task.words();
    let first = [words, &["--yes"]].concat();
    let attempts = [
        (first.as_slice(), Network::Shared, "with a network", FIRST_LIMIT),
        (words, Network::None, "without a network", task.second_limit()),
    ];
    for (words, network, how, limit) in attempts {
        progress.shown(&format!("`{}`, {how}", words.join(" ")), |interrupt| {
            let (succeeded, text) = machine.run(words, network, limit, interrupt)?;
            ensure!(succeeded, "it failed; see above, or {}", machine.log().display());
            let skipped = text.lines().filter(|line| line.starts_with("SKIPPED ")).count();
            if skipped > 0 {
                println!("! {skipped} tests were skipped; the log has the reasons");
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The machine has a clone of what is committed; something else would be proved of nothing.
fn ensure_committed() -> Result<()> {
    let mut git = Command::new("git");
    let output = git.current_dir(workspace::root()).args(["status", "--porcelain"]).output();
    let output = output.context("cannot start git")?;
    ensure!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr).trim());
    ensure!(output.stdout.is_empty(), "the machine gets a clone of what is committed: commit everything first");
    Ok(())
}
