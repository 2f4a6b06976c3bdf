//! `PgBouncer`, the pooler that most PostgreSQL servers stand behind, on 127.0.0.1.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;

use crate::directory::TemporaryDirectory;
use crate::postgres::{Account, Binaries, command};
use crate::process::Process;

const START_LIMIT: Duration = Duration::from_mins(1);
const START_ATTEMPTS: usize = 5;

/// Directories where packages put it, beside the search path.
const DIRECTORIES: [&str; 2] = ["/usr/sbin", "/opt/homebrew/bin"];

/// A running pooler. It stops, and its files vanish, when this is dropped.
#[derive(Debug)]
pub struct PgBouncer {
    _process: Process,
    port: u16,
    account: Option<Account>,
    directory: TemporaryDirectory,
}

/// What a pooler shall be like.
#[derive(Debug, Clone)]
pub struct Builder {
    databases: Vec<String>,
    users: Vec<String>,
    settings: Vec<String>,
}

/// The program, if it is installed.
pub fn program() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).chain(DIRECTORIES.map(PathBuf::from));
    directories
        .map(|directory| directory.join("pgbouncer"))
        .find(|path| path.is_file())
        .context("PgBouncer is not installed; `./x test` installs it")
}

impl PgBouncer {
    /// A pooler that asks everybody for a password by SCRAM, to be described.
    pub fn builder() -> Builder {
        Builder { databases: Vec::new(), users: Vec::new(), settings: Vec::new() }
    }

    /// Its TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs a command of its admin console, such as `PAUSE`. Over the unix socket it lets in who runs it (`PgBouncer`'s
    /// manual, "Admin console").
    pub fn admin(&self, text: &str) -> Result<String> {
        let host = self.directory.path().display().to_string();
        run(self.psql(&host, "pgbouncer", "pgbouncer")?.args(["--command", text]))
    }

    /// Runs statements through it as this user, in one session.
    pub fn sql(&self, user: &str, password: &str, database: &str, script: &str) -> Result<String> {
        run(&mut self.client(user, password, database, script)?)
    }

    /// The client that does so, to be started.
    pub fn client(&self, user: &str, password: &str, database: &str, script: &str) -> Result<Command> {
        let mut psql = self.psql("127.0.0.1", user, database)?;
        psql.env("PGPASSWORD", password).args(["--command", script]);
        Ok(psql)
    }

    fn psql(&self, host: &str, user: &str, database: &str) -> Result<Command> {
        let mut psql = command(&Binaries::find()?.program("psql"), self.account);
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--host", host, "--username", user])
            .args(["--dbname", database, "--port", &self.port.to_string()]);
        Ok(psql)
    }
}

impl Builder {
    /// A database, and where it is: `host=127.0.0.1 port=5432 dbname=shop`.
    #[must_use]
    pub fn database(mut self, name: &str, target: &str) -> Self {
        self.databases.push(format!("{name} = {target}"));
        self
    }

    /// A user with the password, or the SCRAM secret, that it must know.
    #[must_use]
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.users.push(format!("\"{name}\" \"{password}\""));
        self
    }

    /// A line of the section `pgbouncer`. The last of several with one name counts.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push(format!("{name} = {value}"));
        self
    }

    /// Starts it and returns when it accepts connections.
    pub fn start(self) -> Result<PgBouncer> {
        let program = program()?;
        let account = Account::for_server()?;
        let directory = TemporaryDirectory::new("pgbouncer")?;
        if let Some(account) = account {
            account.own(directory.path())?;
        }
        for _ in 0..START_ATTEMPTS {
            let port = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?.local_addr()?.port();
            let config = self.configure(&directory, account, port)?;
            let log = directory.path().join("log");
            let mut pooler = command(&program, account);
            let mut process = Process::start(pooler.arg(&config), log, Signal::TERM, &directory)?;
            if wait_until_ready(&mut process, port)? {
                return Ok(PgBouncer { _process: process, port, account, directory });
            }
            if !process.log()?.contains("Address already in use") {
                bail!("PgBouncer did not start; its log ends with\n{}", process.log_tail());
            }
        }
        bail!("PgBouncer found its port taken {START_ATTEMPTS} times")
    }

    fn configure(&self, directory: &TemporaryDirectory, account: Option<Account>, port: u16) -> Result<PathBuf> {
        let own = |name: &str, content: &str| -> Result<PathBuf> {
            let path = directory.write(name, content)?;
            if let Some(account) = account {
                account.own(&path)?;
            }
            Ok(path)
        };
        let users = own("users", &(self.users.join("\n") + "\n"))?;
        let settings = [
            ("listen_addr", "127.0.0.1".to_owned()),
            ("listen_port", port.to_string()),
            ("unix_socket_dir", directory.path().display().to_string()),
            ("auth_type", "scram-sha-256".to_owned()),
            ("auth_file", users.display().to_string()),
        ];
        let settings = settings.map(|(name, value)| format!("{name} = {value}"));
        let text = [
            &["[databases]".to_owned()],
            self.databases.as_slice(),
            &["[pgbouncer]".to_owned()],
            &settings,
            &self.settings,
        ]
        .concat()
        .join("\n");
        own("pgbouncer.ini", &(text + "\n"))
    }
}

/// False when it has ended.
fn wait_until_ready(process: &mut Process, port: u16) -> Result<bool> {
    let start = Instant::now();
    while process.ended()?.is_none() {
        if process.log()?.contains("process up") && TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(true);
        }
        if start.elapsed() > START_LIMIT {
            bail!(
                "PgBouncer is not ready after {} s; its log ends with\n{}",
                START_LIMIT.as_secs(),
                process.log_tail()
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(false)
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.output().context("cannot start psql")?;
    ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}
