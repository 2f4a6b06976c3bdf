//! Keys and certificates as the command `openssl` makes them, whose users follow its manuals.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::certificates::Identity;
use crate::directory::TemporaryDirectory;

/// A directory in which scripts of `openssl` work.
#[derive(Debug)]
pub struct Openssl {
    directory: TemporaryDirectory,
}

impl Openssl {
    /// An authority as the PostgreSQL manual makes one ("Creating Certificates"): `root.crt` and `root.key`, whose name is
    /// `CN=root`.
    pub fn new() -> Result<Self> {
        let openssl = Self { directory: TemporaryDirectory::new("openssl")? };
        openssl.run(
            "openssl req -new -nodes -text -out root.csr -keyout root.key -newkey rsa:2048 -subj /CN=root
             printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n' > ca.cnf
             openssl x509 -req -in root.csr -text -days 30 -extfile ca.cnf -signkey root.key -out root.crt",
        )?;
        Ok(openssl)
    }

    /// Runs lines of bash, of which each must succeed.
    pub fn run(&self, script: &str) -> Result<()> {
        let output = Command::new("bash")
            .args(["-euc", script])
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .output()
            .context("cannot start bash")?;
        ensure!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(())
    }

    /// What is in a file.
    pub fn read(&self, name: &str) -> Result<String> {
        let path = self.directory.path().join(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// The certificate `NAME.crt` with the key `NAME.key`.
    pub fn identity(&self, name: &str) -> Result<Identity> {
        Ok(Identity { certificate: self.read(&format!("{name}.crt"))?, key: self.read(&format!("{name}.key"))? })
    }

    /// A key, made by these options of `openssl req` or `openssl genpkey` as `KEY`, and a request for a certificate of this
    /// common name: `NAME.key` and `NAME.csr`.
    pub fn request(&self, name: &str, key: &str, common_name: &str) -> Result<()> {
        self.run(&format!(
            "openssl genpkey {key} -out {name}.key
             openssl req -new -key {name}.key -subj '/CN={common_name}' -out {name}.csr"
        ))
    }

    /// A certificate for the request by the authority, with these extensions: `NAME.crt`. Without any it is of version 1.
    pub fn sign(&self, name: &str, authority: &str, extensions: &str) -> Result<()> {
        let file = if extensions.is_empty() { String::new() } else { format!("-extfile <(printf '{extensions}')") };
        self.run(&format!(
            "openssl x509 -req -in {name}.csr -days 30 -CA {authority}.crt -CAkey {authority}.key -CAcreateserial {file} \
             -out {name}.crt"
        ))
    }
}
