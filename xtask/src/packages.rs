//! Packages of the system: installed on demand, else named with the command that installs them.

use std::process::Command;

use anyhow::{Result, bail, ensure};
use test_support::pgbouncer;
use test_support::postgres::Binaries;

use crate::progress::Progress;

/// Whether missing packages may be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Install {
    /// With `apt-get`, by root.
    Allowed,
    /// With `sudo apt-get`.
    WithSudo,
    /// No: the command is named instead.
    Refused,
}

impl Install {
    /// `requested` is the flag; without it, root in a CI job may install too.
    pub(crate) fn new(requested: bool, ci: bool) -> Self {
        match (test_support::process::is_root(), requested, ci) {
            (true, true, _) | (true, _, true) => Self::Allowed,
            (false, true, _) => Self::WithSudo,
            _ => Self::Refused,
        }
    }

    /// Installs packages of Debian or Ubuntu. `purpose` says what they are for.
    pub(crate) fn install(self, packages: &[&str], purpose: &str, progress: &mut Progress) -> Result<()> {
        let by_hand = format!("apt-get install {}", packages.join(" "));
        let prefix: &[&str] = match self {
            Self::Allowed => &[],
            Self::WithSudo => &["sudo"],
            Self::Refused => bail!("{purpose} is missing; run `{by_hand}` as root, or repeat this with `--install`"),
        };
        let apt = |arguments: &[&str]| {
            let words: Vec<&str> =
                prefix.iter().chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]).copied().collect();
            let mut command = Command::new(words[0]);
            command.args(&words[1..]).args(arguments);
            command
        };
        let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
        arguments.extend(packages);
        let advice = format!("on another system than Debian, install {purpose} with its own package manager");
        // The lists of packages may be old or absent.
        progress.run("Updating the list of packages", &mut apt(&["update"]), "check the network")?;
        progress.run(&format!("Installing {purpose}"), &mut apt(&arguments), &advice)
    }
}

/// Finds PostgreSQL's server programs, or installs them.
pub(crate) fn postgres(install: Install, progress: &mut Progress) -> Result<()> {
    if Binaries::find().is_err() {
        install.install(&["postgresql"], "PostgreSQL's server programs", progress)?;
    }
    let version = progress.step("Finding PostgreSQL's server programs", || Binaries::find()?.version())?;
    ensure!(!version.is_empty(), "`postgres --version` prints nothing; reinstall PostgreSQL");
    println!("  {version}");
    Ok(())
}

/// Finds `PgBouncer`, or installs it.
pub(crate) fn pgbouncer(install: Install, progress: &mut Progress) -> Result<()> {
    if pgbouncer::program().is_err() {
        install.install(&["pgbouncer"], "PgBouncer", progress)?;
    }
    progress.step("Finding PgBouncer", pgbouncer::program).map(drop)
}
