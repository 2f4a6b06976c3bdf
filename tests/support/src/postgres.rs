//! Throw-away PostgreSQL servers on 127.0.0.1, each with a configuration of its own.

mod binaries;

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::process::Signal;

pub use self::binaries::Binaries;
pub(crate) use self::binaries::{Account, command};
use crate::certificates::Identity;
use crate::directory::TemporaryDirectory;
use crate::process::Process;

const START_LIMIT: Duration = Duration::from_mins(1);
const START_ATTEMPTS: usize = 5;

/// A running server. It stops, and its files vanish, when this is dropped. Its superuser is `postgres`, who can only
/// come in by the unix socket.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    port: u16,
    binaries: Binaries,
    directory: TemporaryDirectory,
}

/// What a server shall be like.
#[derive(Clone)]
pub struct Builder {
    identity: Option<Identity>,
    client_authority: Option<String>,
    hba: String,
    settings: Vec<(String, String)>,
    sql: String,
    language: Option<String>,
}

impl Postgres {
    /// A server without TLS that asks everybody for a password by SCRAM.
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// A server to be described.
    pub fn builder() -> Builder {
        Builder {
            identity: None,
            client_authority: None,
            hba: "host all all all scram-sha-256".to_owned(),
            settings: Vec::new(),
            sql: String::new(),
            language: None,
        }
    }

    /// Its TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs a script as superuser and returns what it prints: a line for each row, `|` between columns.
    pub fn sql(&self, database: &str, script: &str) -> Result<String> {
        let mut psql = command(&self.binaries.program("psql"), None)
            .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1", "--file=-"])
            .args(["--username=postgres", "--dbname", database, "--port", &self.port.to_string(), "--host"])
            .arg(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start psql")?;
        let mut input = psql.stdin.take().context("psql has no input")?;
        let script = script.to_owned();
        // On a thread of its own: psql may answer before it has read everything.
        let writer = std::thread::spawn(move || input.write_all(script.as_bytes()));
        let output = psql.wait_with_output()?;
        let written = writer.join().map_err(|_| anyhow!("the script's writer panicked"))?;
        ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr).trim());
        written.context("psql did not read the whole script")?;
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Everything that the server has logged so far.
    pub fn log(&self) -> Result<String> {
        self.process.log()
    }

    /// The same databases as a standby, which follows nobody: on another port, for reading alone.
    pub fn into_standby(mut self) -> Result<Self> {
        self.stop()?;
        let account = Account::for_server()?;
        let signal = self.directory.write("data/standby.signal", "")?;
        if let Some(account) = account {
            account.own(&signal)?;
        }
        launch(self.binaries, account, self.directory, None)
    }

    /// Freezes the server: it still accepts connections (the kernel does) and answers nothing.
    pub fn pause(&mut self) -> Result<()> {
        self.process.pause()
    }

    /// Lets it go on.
    pub fn resume(&mut self) -> Result<()> {
        self.process.resume()
    }

    /// Stops it before it is dropped; its port then refuses connections.
    pub fn stop(&mut self) -> Result<()> {
        let status = self.process.stop()?;
        ensure!(status.success(), "PostgreSQL ended with {status}; its log ends with\n{}", self.process.log_tail());
        Ok(())
    }
}

impl Builder {
    /// Offers TLS with this certificate.
    #[must_use]
    pub fn tls(mut self, identity: &Identity) -> Self {
        self.identity = Some(identity.clone());
        self
    }

    /// Accepts client certificates of this authority (PEM).
    #[must_use]
    pub fn client_authority(mut self, certificate: &str) -> Self {
        self.client_authority = Some(certificate.to_owned());
        self
    }

    /// The lines of `pg_hba.conf` for connections over TCP, instead of `host all all all scram-sha-256`.
    #[must_use]
    pub fn hba(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.hba);
        self
    }

    /// A line of `postgresql.conf`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Has it speak another language, such as `de`. The catalogs come with its package; which one it is is said as gettext
    /// has it (`LANGUAGE`), so that the system needs no locale of that language.
    #[must_use]
    pub fn language(mut self, language: &str) -> Self {
        self.language = Some(language.to_owned());
        self.setting("lc_messages", "C.UTF-8")
    }

    /// A script for the superuser to run in the database `postgres` once the server is up; it may `\connect` to others.
    /// Scripts run in the order of the calls.
    #[must_use]
    pub fn sql(mut self, script: &str) -> Self {
        self.sql.push_str(script);
        self.sql.push('\n');
        self
    }

    /// Starts it and returns when it accepts connections and the script has run.
    pub fn start(self) -> Result<Postgres> {
        let binaries = Binaries::find()?;
        let account = Account::for_server()?;
        let directory = TemporaryDirectory::new("postgres")?;
        if let Some(account) = account {
            account.own(directory.path())?;
        }
        copy(&template(&binaries, account)?.path().join("data"), &directory.path().join("data"))?;
        self.configure(&directory, account)?;
        let server = launch(binaries, account, directory, self.language.as_deref())?;
        if !self.sql.is_empty() {
            server.sql("postgres", &self.sql).context("cannot run the script of the throw-away server")?;
        }
        Ok(server)
    }

    fn configure(&self, directory: &TemporaryDirectory, account: Option<Account>) -> Result<()> {
        let mut settings = vec![
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("unix_socket_directories", directory.path().display().to_string()),
            ("fsync", "off".to_owned()),
            ("synchronous_commit", "off".to_owned()),
            ("full_page_writes", "off".to_owned()),
            ("autovacuum", "off".to_owned()),
            ("shared_buffers", "16MB".to_owned()),
            ("max_connections", "30".to_owned()),
            ("password_encryption", "scram-sha-256".to_owned()),
            ("log_connections", "on".to_owned()),
        ];
        let own = |name: &str, content: &str| -> Result<String> {
            let path = directory.write(name, content)?;
            if let Some(account) = account {
                account.own(&path)?;
            }
            Ok(path.display().to_string())
        };
        if let Some(identity) = &self.identity {
            settings.push(("ssl", "on".to_owned()));
            settings.push(("ssl_cert_file", own("server.crt", &identity.certificate)?));
            settings.push(("ssl_key_file", own("server.key", &identity.key)?));
        }
        if let Some(certificate) = &self.client_authority {
            settings.push(("ssl_ca_file", own("clients.crt", certificate)?));
        }
        let chosen = self.settings.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let mut text = String::new();
        // The last of several lines with one name counts.
        for (name, value) in settings.into_iter().chain(chosen) {
            writeln!(text, "{name} = '{}'", value.replace('\'', "''"))?;
        }
        own("data/postgresql.conf", &text)?;
        own("data/pg_hba.conf", &format!("local all postgres trust\n{}\n", self.hba))?;
        Ok(())
    }
}

/// A free port can be taken by somebody else before the server binds it, so that it is tried again with another.
fn launch(
    binaries: Binaries,
    account: Option<Account>,
    directory: TemporaryDirectory,
    language: Option<&str>,
) -> Result<Postgres> {
    let data = directory.path().join("data");
    for _ in 0..START_ATTEMPTS {
        let port = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?.local_addr()?.port();
        let mut server = command(&binaries.program("postgres"), account);
        server.arg("-D").arg(&data).arg("-p").arg(port.to_string());
        server.envs(language.map(|language| ("LANGUAGE", language)));
        let log = directory.path().join("log");
        let mut process = Process::start(&mut server, log, Signal::INT, &directory)?;
        if wait_until_ready(&mut process, &data)? {
            return Ok(Postgres { process, port, binaries, directory });
        }
        let log = process.log()?;
        if !log.contains("Address already in use") {
            bail!("PostgreSQL did not start; its log ends with\n{}", process.log_tail());
        }
    }
    bail!("PostgreSQL found its port taken {START_ATTEMPTS} times")
}

/// False when the server has ended. The eighth line of `postmaster.pid` says whether it accepts connections (PostgreSQL's
/// sources, `src/include/utils/pidfile.h`).
fn wait_until_ready(process: &mut Process, data: &Path) -> Result<bool> {
    let start = Instant::now();
    while process.ended()?.is_none() {
        // Not there yet, or half written: looked at again.
        let status = std::fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        if status.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
            return Ok(true);
        }
        if start.elapsed() > START_LIMIT {
            bail!(
                "PostgreSQL is not ready after {} s; its log ends with\n{}",
                START_LIMIT.as_secs(),
                process.log_tail()
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(false)
}

/// A fresh data directory, made once per process, because `initdb` takes seconds and a copy does not.
static TEMPLATE: Mutex<Option<TemporaryDirectory>> = Mutex::new(None);

fn template(binaries: &Binaries, account: Option<Account>) -> Result<TemporaryDirectory> {
    let mut template = TEMPLATE.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = match template.take() {
        Some(directory) => directory,
        None => initialise(binaries, account)?,
    };
    Ok(template.insert(directory).clone())
}

/// Removes what later servers would be copied from. Without this it vanishes a moment after the process has ended.
pub fn remove_template() {
    TEMPLATE.lock().unwrap_or_else(PoisonError::into_inner).take();
}

fn initialise(binaries: &Binaries, account: Option<Account>) -> Result<TemporaryDirectory> {
    let directory = TemporaryDirectory::new("template")?;
    if let Some(account) = account {
        account.own(directory.path())?;
    }
    let output = command(&binaries.program("initdb"), account)
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=1"])
        .arg("--pgdata")
        .arg(directory.path().join("data"))
        .output()
        .context("cannot start initdb")?;
    ensure!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(directory)
}

/// With `cp`, which keeps owners and shares blocks where the file system can.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let output = Command::new("cp").arg("-a").arg(from).arg(to).output().context("cannot start cp")?;
    ensure!(output.status.success(), "cp: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::Authority;
    use crate::sales;

    #[test]
    fn serves_the_sample_tables_and_leaves_nothing_behind() {
        let authority = Authority::new("test").unwrap();
        let identity = authority.server(&["localhost"]).unwrap();
        let mut server = Postgres::builder()
            .tls(&identity)
            .hba("hostssl all all all scram-sha-256")
            .setting("max_connections", "12")
            .sql(sales::SQL)
            .start()
            .unwrap();
        assert_eq!(server.sql("shop", "SHOW max_connections; SHOW ssl").unwrap(), "12\non");
        let rows = server.sql("shop", "SELECT count(*) > 5 FROM sales.orders").unwrap();
        assert_eq!(rows, "t");
        let error = server.sql("shop", "SET ROLE reader; DELETE FROM sales.orders").unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{error}");
        assert!(server.sql("shop", "SELECT nonsense").is_err());

        let path = server.directory.path().to_owned();
        server.pause().unwrap();
        server.resume().unwrap();
        assert_eq!(server.sql("postgres", "SELECT 1").unwrap(), "1");
        server.stop().unwrap();
        drop(server);
        assert!(!path.exists());
    }

    #[test]
    fn a_server_that_cannot_start_says_why() {
        let error = Postgres::builder().setting("max_connections", "many").start().unwrap_err();
        assert!(error.to_string().contains("max_connections"), "{error}");
    }
}
