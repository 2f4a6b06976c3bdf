//! `patchpanel connector build`: a component of the project.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use patchpanel_kit::authoring::{Project, Steps};

use super::{Failure, print};

/// Makes a component of the connector's project that this directory is in: `build/NAME.wasm`.
///
/// What the language's tools need of a package registry is installed into the project the first time; from then on there
/// is no need for a network.
#[derive(Debug, clap::Args)]
pub(super) struct Build {}

pub(super) fn run() -> Result<ExitCode, Failure> {
    let project = Project::find(Path::new("."))?;
    let component = project.build(&Steps::default())?;
    let bytes = std::fs::metadata(&component).context("cannot read the component")?.len();
    let (shown, kibibytes) = (super::shown(&component), bytes.div_ceil(1024));
    print(&format!("{shown} ({kibibytes} KiB). Next: `patchpanel connector check`\n"))?;
    Ok(ExitCode::SUCCESS)
}
