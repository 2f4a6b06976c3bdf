//! Where PostgreSQL's server programs are, and who may run them.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::is_root;

/// Directories that hold one directory per installed version, as Debian, Fedora and Homebrew have them.
const VERSIONED: [(&str, &str); 3] =
    [("/usr/lib/postgresql", ""), ("/usr", "pgsql-"), ("/opt/homebrew/opt", "postgresql@")];

/// The programs of one installed PostgreSQL.
#[derive(Debug, Clone)]
pub struct Binaries {
    directory: PathBuf,
}

impl Binaries {
    /// Finds them: what `pg_config` says, else the newest version in the places where packages put them.
    pub fn find() -> Result<Self> {
        configured()
            .into_iter()
            .chain(packaged())
            .find(|directory| ["initdb", "postgres", "psql"].iter().all(|program| directory.join(program).is_file()))
            .map(|directory| Self { directory })
            .context(
                "PostgreSQL's server programs (initdb, postgres, psql) are not installed; `./x test` installs them",
            )
    }

    /// The path of one of them.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Such as `postgres (PostgreSQL) 15.18`.
    pub fn version(&self) -> Result<String> {
        let output = Command::new(self.program("postgres")).arg("--version").output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// Without `pg_config` there is nothing to know from it.
fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

fn packaged() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (parent, prefix) in VERSIONED {
        for entry in Path::new(parent).read_dir().into_iter().flatten().flatten() {
            let name = entry.file_name();
            if let Some(version) = name.to_str().and_then(|name| name.strip_prefix(prefix)?.parse::<u32>().ok()) {
                found.push((version, entry.path().join("bin")));
            }
        }
    }
    found.sort();
    found.into_iter().rev().map(|(_, directory)| directory).collect()
}

/// The account that a server runs under when we are root, since PostgreSQL refuses root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// None when we are not root: then the server runs as we do.
    pub(crate) fn for_server() -> Result<Option<Self>> {
        if !is_root() {
            return Ok(None);
        }
        let accounts = std::fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let account = find(&accounts, "postgres").or_else(|| find(&accounts, "nobody"));
        account.map(Some).context("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`")
    }

    /// Gives it the path.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .with_context(|| format!("cannot change the owner of {}", path.display()))
    }
}

fn find(accounts: &str, user: &str) -> Option<Account> {
    accounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, gid, ..] = fields.as_slice() else { return None };
        if *name != user {
            return None;
        }
        Some(Account { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
    })
}

/// A command that knows nothing of our environment but the search path, and runs under the account.
pub(crate) fn command(program: &Path, account: Option<Account>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").current_dir("/");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    if let Some(Account { uid, gid }) = account {
        command.uid(uid).gid(gid);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_account_database() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\n\nbroken\npostgres:x:101:104::/var/lib:/bin/sh\n";
        let account = find(accounts, "postgres").unwrap();
        assert_eq!((account.uid, account.gid), (101, 104));
        assert!(find(accounts, "nobody").is_none());
    }
}
