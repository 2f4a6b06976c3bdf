//! The names that a program knows: a hosts file and a resolver's configuration of its own.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::Result;

use crate::directory::TemporaryDirectory;
use crate::mounts::Mounts;
use crate::name_server::NameServer;

/// What is laid over those of the system.
const FILES: [&str; 3] = ["hosts", "resolv.conf", "nsswitch.conf"];

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

    /// Why this cannot be had here.
    pub fn unavailable() -> Option<String> {
        let no_server = || NameServer::start(&[]).err().map(|error| format!("{error:#}"));
        Mounts::unavailable().or_else(no_server)
    }

    /// Every name that the name server has been asked for.
    pub fn questions(&self) -> Vec<String> {
        self.server.questions()
    }

    /// Has them count for a program.
    pub(crate) fn mount(&self, mounts: &mut Mounts) {
        for file in FILES {
            mounts.file(&self.directory.path().join(file), &Path::new("/etc").join(file));
        }
    }
}
