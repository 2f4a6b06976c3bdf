//! `patchpanel connector new`: a project to start with.

use std::path::Path;
use std::process::ExitCode;

use patchpanel_kit::authoring::{Language, Name, Project, Steps};

use super::{Failure, print};

/// Writes a project for a new connector into a directory of its name: one that works, for a database that speaks the
/// PostgreSQL protocol, with the contract, an example of a schema, tests and a README.
///
/// Needs no network and none of the language's tools.
#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// The connector's name and type, such as `my-database`.
    name: Name,
    /// The language to write it in.
    #[arg(long, value_name = "LANGUAGE")]
    lang: Language,
}

pub(super) fn run(command: &New) -> Result<ExitCode, Failure> {
    let project = Project::create(Path::new("."), &command.name, command.lang, &Steps::default())?;
    let (name, language) = (project.name(), project.language().title());
    print(&format!(
        "\
A connector in {language}, which works as it is. Next:

  cd {name}
  patchpanel connector build
  patchpanel connector check

README.md says what is where.
"
    ))?;
    Ok(ExitCode::SUCCESS)
}
