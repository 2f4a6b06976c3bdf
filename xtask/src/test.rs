//! Every test of the workspace, with the set-up that it needs.

use std::process::Command;

use anyhow::Result;

use crate::packages::Install;
use crate::plugins::Source;
use crate::progress::Progress;
use crate::{packages, plugins, workspace};

/// Builds the connectors, finds PostgreSQL and runs `cargo test` with these further arguments.
pub(crate) fn run(arguments: &[String], source: Source, install: Install, progress: &mut Progress) -> Result<()> {
    packages::postgres(install, progress)?;
    plugins::build(source, install, progress)?;
    let mut cargo = Command::new(workspace::cargo());
    cargo.current_dir(workspace::root()).args(["test", "--workspace", "--locked"]).args(arguments);
    progress.run("Building and running the tests", &mut cargo, "see the failures above")?;
    progress.summary();
    Ok(())
}
