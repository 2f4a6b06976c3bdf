//! `patchpanel connector wit`: the contract, without the repository.

use std::path::PathBuf;
use std::process::ExitCode;

use patchpanel_kit::authoring::contract;

use super::{Failure, print};

/// Prints the contract's WIT package, or writes it into a directory.
///
/// With the tools that one knows already, this and `connector check` are all that it takes to write a connector.
#[derive(Debug, clap::Args)]
pub(super) struct Wit {
    /// Writes `connector.wit` into this directory instead, such as `wit`.
    directory: Option<PathBuf>,
}

pub(super) fn run(command: &Wit) -> Result<ExitCode, Failure> {
    match &command.directory {
        Some(directory) => {
            contract::write(directory)?;
            print(&format!("{}\n", directory.join("connector.wit").display()))?;
        }
        None => print(contract::WIT)?,
    }
    Ok(ExitCode::SUCCESS)
}
