//! `patchpanel connector run`: a real connection test by the project's connector.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use patchpanel::app;
use patchpanel::connectors::Connectors;
use patchpanel::settings::Settings;
use patchpanel_kit::authoring::{Project, SAMPLE, Steps};

use super::Failure;
use crate::verify::{self, Verify};

/// Builds the connector here and makes a real connection test with it, as a host would for a tenant; nothing is stored.
///
/// Prints each stage with its time, then what is wrong and what to do. Exit status: 0 the connection works, 1 it does not,
/// 2 the input is wrong.
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// The configuration and the credentials: the body of `POST /assets/data/verify`. The project's sample.json by
    /// default; a file `*.private.json` is not tracked, and the place for a real password.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Prints exactly what the HTTP API would answer.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(settings: &Settings, command: &Run) -> Result<ExitCode, Failure> {
    let (project, steps) = (Project::find(Path::new("."))?, Steps::default());
    let component = project.build(&steps)?;
    let directory = component.parent().unwrap_or(project.root()).to_owned();
    let settings = settings.with_connectors(directory.clone(), project.made("host"));
    // What is compiled here is kept for the test itself.
    let cache_key = app::cache_key(&settings)?;
    let load = || Connectors::load(&settings.connectors(cache_key)?, &directory).context("cannot load the connector");
    let loaded = steps.step("Compiling for this machine", load)?;
    if loaded.list().is_empty() {
        return Err(Failure::Other(anyhow!("a host refuses the connector; `patchpanel connector check` says why")));
    }
    let config = command.config.clone().unwrap_or_else(|| project.root().join(SAMPLE));
    verify::run(&settings, &Verify { connection_type: None, config, json: command.json })
}
