//! `patchpanel connector`: for those who write connectors.

mod build;
mod check;
mod dev;
mod new;
mod run;
mod test;
mod wit;

use std::path::Path;
use std::process::ExitCode;

use anyhow::anyhow;
use patchpanel::connectors::admission::Reason;
use patchpanel::connectors::{self, Version};
use patchpanel::settings::Settings;
use patchpanel::stranger::{self, Shown};
use patchpanel_kit::authoring::{self, Steps};

use super::{BAD_INPUT, FAILED, Failure, print};

/// For those who write connectors.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The first hour:
  patchpanel connector new my-database --lang python
      writes a project that works, in a directory of this name
  cd my-database
  patchpanel connector build
      makes a component of it; what is needed of a package registry is installed into the project
  patchpanel connector check
      builds it if need be, and says whether a host would take it
  patchpanel connector test
      tries it with everything that users and their mistakes may send
  patchpanel connector dev
      builds and checks it at every save, and shows what becomes of sample.json
  patchpanel connector run
      makes a real connection test with sample.json; `--config mine.private.json` with a
      database and a password of your own, in a file that is not tracked")]
pub(super) struct Connector {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    New(new::New),
    Build(build::Build),
    Check(check::Check),
    Test(test::Test),
    Dev(dev::Dev),
    Run(run::Run),
    Wit(wit::Wit),
}

impl From<authoring::Error> for Failure {
    fn from(error: authoring::Error) -> Self {
        if error.is_of_input() { Self::Input(error.into()) } else { Self::Other(error.into()) }
    }
}

pub(super) fn run(settings: &Settings, command: &Connector) -> Result<ExitCode, Failure> {
    match &command.command {
        Command::New(command) => new::run(command),
        Command::Build(_) => build::run(),
        Command::Check(command) => check::run(settings, command),
        Command::Test(command) => test::run(settings, command),
        Command::Dev(command) => dev::run(settings, command),
        Command::Run(command) => run::run(settings, command),
        Command::Wit(command) => wit::run(command),
    }
}

/// Admits a component as a host would, as a step of this title: the connector, or every reason against it.
fn admit(
    settings: &Settings,
    file: &Path,
    title: &str,
    steps: &Steps,
) -> Result<Result<Version, Vec<Reason>>, Failure> {
    let check = || connectors::check(&settings.admission(), file);
    match steps.step(title, || check().map_err(Err)?.map_err(Ok)) {
        Ok(version) => Ok(Ok(version)),
        Err(Ok(reasons)) => Ok(Err(reasons)),
        Err(Err(error)) => Err(Failure::Other(anyhow!(error).context("cannot check the connector"))),
    }
}

/// A path for people: from the working directory, if it is below that.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

/// A text of the component's or of an input.
fn escaped(text: &str) -> Shown<'_> {
    stranger::shown(text).within(600)
}
