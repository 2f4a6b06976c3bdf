//! The names that a program knows: a hosts file and a resolver's configuration of its own, in a mount namespace that ends
//! with the program (unshare(1), `mount_namespaces(7)`).

use std::ffi::OsString;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::directory::TemporaryDirectory;
use crate::name_server::NameServer;

/// Lays the files of the directory `$1` over those of /etc and becomes the program that follows.
const SCRIPT: &str = r#"
for file in hosts resolv.conf nsswitch.conf; do mount --bind "$1/$file" "/etc/$file" || exit 1; done
shift
exec "$@"
"#;

/// What names mean, for programs that are started with it.
#[derive(Debug)]
pub struct Names {
    server: NameServer,
    directory: TemporaryDirectory,
}

impl Names {
    /// The lines of a hosts file, the names that the DNS knows (a name server of this process; nothing is ever answered
    /// for a name under `.silent.t`), and further lines of resolv.conf(5).
    pub fn new(hosts: &str, records: &[(&str, Ipv4Addr)], resolver: &str) -> Result<Self> {
        let (server, directory) = (NameServer::start(records)?, TemporaryDirectory::new("names")?);
        let mut configuration = format!("nameserver {}\n", server.address());
        writeln!(configuration, "{resolver}")?;
        directory.write("hosts", &format!("127.0.0.1 localhost\n{hosts}\n"))?;
        directory.write("resolv.conf", &configuration)?;
        directory.write("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")?;
        Ok(Self { server, directory })
    }

    /// Why this cannot be had here: it takes the rights of root.
    pub fn unavailable() -> Option<String> {
        let try_it = || -> Result<()> {
            let done = Command::new("unshare").args(["--mount", "true"]).output().context("cannot start `unshare`")?;
            ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr).trim());
            NameServer::start(&[]).map(drop)
        };
        try_it().err().map(|error| format!("names of its own need the rights of root: {error:#}"))
    }

    /// Every name that the name server has been asked for.
    pub fn questions(&self) -> Vec<String> {
        self.server.questions()
    }

    /// What to put before a program's command line. The process has the same id as the one that is started.
    pub(crate) fn prefix(&self) -> Vec<OsString> {
        let words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", SCRIPT, "names"];
        words.into_iter().map(OsString::from).chain([self.directory.path().into()]).collect()
    }
}
