//! cargo, once everything is there that the tests and the benchmarks need.

use std::process::Command;

use anyhow::Result;

use crate::packages::Install;
use crate::plugins::Source;
use crate::progress::Progress;
use crate::{packages, plugins, workspace};

/// Builds the connectors, finds PostgreSQL and `PgBouncer` and runs cargo with these arguments.
pub(crate) fn cargo(
    title: &str,
    arguments: &[&str],
    further: &[String],
    (source, install): (Source, Install),
    progress: &mut Progress,
) -> Result<()> {
    packages::postgres(install, progress)?;
    packages::pgbouncer(install, progress)?;
    plugins::build_with_guests(source, install, progress)?;
    let mut cargo = Command::new(workspace::cargo());
    cargo.current_dir(workspace::root()).args(arguments).arg("--locked").args(further);
    progress.run(title, &mut cargo, "see the failures above")?;
    progress.summary();
    Ok(())
}
