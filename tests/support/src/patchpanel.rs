//! The real program, started as an operator would.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use serde_json::Value;

use crate::client::Client;
use crate::directory::TemporaryDirectory;
use crate::mounts::{Mounts, seen_by};
use crate::names::Names;
use crate::process::Process;

const READY_LIMIT: Duration = Duration::from_mins(1);
const START_ATTEMPTS: usize = 5;
const PROBE_INTERVAL: Duration = Duration::from_millis(10);

/// A running `patchpanel serve`. It stops when this is dropped.
#[derive(Debug)]
pub struct Patchpanel {
    process: Process,
    address: SocketAddr,
    settings: Settings,
}

/// What it is started with: `PATCHPANEL_…` variables, and nothing else of our environment but the search path.
#[derive(Debug, Clone)]
struct Settings {
    program: PathBuf,
    mounts: Mounts,
    variables: Vec<(String, String)>,
    directory: TemporaryDirectory,
}

/// How it shall be started.
#[derive(Debug, Clone)]
pub struct Builder {
    program: Option<PathBuf>,
    mounts: Mounts,
    disk_mebibytes: Option<u32>,
    has_rates: bool,
    listen: Option<SocketAddr>,
    directory: Option<TemporaryDirectory>,
    variables: Vec<(String, String)>,
    ready_limit: Duration,
}

impl Patchpanel {
    /// In development mode, with a data directory of its own, on a free port of 127.0.0.1.
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// To be described.
    pub fn builder() -> Builder {
        Builder {
            program: None,
            mounts: Mounts::default(),
            disk_mebibytes: None,
            has_rates: false,
            listen: None,
            directory: None,
            variables: Vec::new(),
            ready_limit: READY_LIMIT,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Such as `http://127.0.0.1:8002`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client without a token.
    pub fn client(&self) -> Client {
        Client::new(&self.origin())
    }

    /// A client for a member of an organization, in a project of it.
    pub fn client_of(&self, organization: &str, project: &str, role: &str) -> Result<Client> {
        let token = self.token(&["--org", organization, "--project", project, "--role", role])?;
        Ok(self.client().with_token(&token).with_project(project))
    }

    /// A client for its metrics. They are on a port of their own if `METRICS_LISTEN` names the port 0.
    pub fn metrics(&self) -> Result<Client> {
        let log = self.log()?;
        let line = log.lines().rfind(|line| line.contains("serving metrics")).context("it serves no metrics")?;
        let line: Value = serde_json::from_str(line)?;
        let address = line["address"].as_str().with_context(|| format!("there is no address: {line}"))?;
        Ok(Client::new(&format!("http://{address}")))
    }

    /// A token from `patchpanel token` with these arguments.
    pub fn token(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command("token").args(arguments).output().context("cannot start patchpanel")?;
        ensure!(output.status.success(), "patchpanel token: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// A command of the same program with the same settings.
    pub fn command(&self, name: &str) -> Command {
        self.settings.complete(self.settings.mounts.beside(self.id(), &self.settings.program), name)
    }

    /// Where it keeps its data, as whoever is not inside its mounts sees it. Readable by root alone when it has a disk of its
    /// own.
    pub fn data(&self) -> PathBuf {
        seen_by(self.id(), &self.settings.directory.path().join("data"))
    }

    /// Where it keeps its data: `data` in the directory that a next server can be given.
    pub fn directory(&self) -> &TemporaryDirectory {
        &self.settings.directory
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.ended()
    }

    /// Everything that it and the servers before it in this directory have written to their outputs.
    pub fn log(&self) -> Result<String> {
        self.process.log()
    }

    /// The last lines of that, for an error message.
    pub fn log_tail(&self) -> String {
        self.process.log_tail()
    }

    /// Sends it a signal.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        self.process.signal(signal)
    }

    /// `SIGTERM`, and waits for the end.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        self.process.stop()
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.process.kill()
    }
}

impl Settings {
    /// A command of the program, which is started by this one.
    fn complete(&self, mut command: Command, name: &str) -> Command {
        command.arg(name).env_clear().env("PATCHPANEL_DATA_DIR", self.directory.path().join("data"));
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.envs(self.variables.iter().map(|(name, value)| (format!("PATCHPANEL_{name}"), value)));
        command
    }
}

impl Builder {
    /// The program, instead of the one that was built together with the running one.
    #[must_use]
    pub fn program(mut self, program: &Path) -> Self {
        self.program = Some(program.to_owned());
        self
    }

    /// What names mean to it. The caller keeps the names as long as it runs.
    #[must_use]
    pub fn names(mut self, names: &Names) -> Self {
        names.mount(&mut self.mounts);
        self
    }

    /// Keeps its data on a file system of its own with so many MiB of room, which ends with it.
    #[must_use]
    pub fn disk(mut self, mebibytes: u32) -> Self {
        self.disk_mebibytes = Some(mebibytes);
        self
    }

    /// With the rates that it has by default, which all other tests switch off.
    #[must_use]
    pub fn rates(mut self) -> Self {
        self.has_rates = true;
        self
    }

    /// Where to listen, instead of a free port of 127.0.0.1.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = Some(address);
        self
    }

    /// The directory of an earlier server, to go on with its data.
    #[must_use]
    pub fn directory(mut self, directory: &TemporaryDirectory) -> Self {
        self.directory = Some(directory.clone());
        self
    }

    /// A setting by the name of its environment variable without `PATCHPANEL_`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How long it may take to become ready, instead of a minute.
    #[must_use]
    pub fn ready_limit(mut self, limit: Duration) -> Self {
        self.ready_limit = limit;
        self
    }

    /// One command of the program with these settings, which nobody has started yet. The caller keeps the directory,
    /// which must have been given.
    pub fn command(self, name: &str) -> Result<Command> {
        ensure!(self.directory.is_some(), "the directory would be gone before the command starts");
        let settings = self.settings()?.1;
        Ok(settings.complete(Command::new(&settings.program), name))
    }

    /// Starts it and returns when it says that it is ready. A free port can be taken by somebody else before it binds it,
    /// so that it is tried again with another.
    pub fn start(self) -> Result<Patchpanel> {
        for _ in 1..START_ATTEMPTS {
            match self.clone().start_once() {
                Err(error) if self.listen.is_none() && format!("{error:#}").contains("Address already in use") => {}
                started => return started,
            }
        }
        self.start_once()
    }

    fn start_once(self) -> Result<Patchpanel> {
        let limit = self.ready_limit;
        let (address, settings) = self.settings()?;
        let log = settings.directory.path().join("log");
        let process = Process::start(
            &mut settings.complete(settings.mounts.command(&settings.program), "serve"),
            log,
            Signal::TERM,
            &settings.directory,
        )?;
        let mut server = Patchpanel { process, address, settings };
        server.wait_until_ready(limit)?;
        Ok(server)
    }

    fn settings(self) -> Result<(SocketAddr, Settings)> {
        let program = self.program.map_or_else(built_program, Ok)?;
        let directory = self.directory.map_or_else(|| TemporaryDirectory::new("host"), Ok)?;
        let address = match self.listen {
            Some(address) => address,
            None => TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?.local_addr()?,
        };
        let mut mounts = self.mounts;
        if let Some(mebibytes) = self.disk_mebibytes {
            mounts.disk(&directory.path().join("data"), mebibytes);
        }
        let mut variables = vec![("LISTEN".to_owned(), address.to_string())];
        if !self.has_rates {
            // One principal here sends what hundreds do elsewhere.
            variables.extend(
                ["TEST_RATE", "VALIDATION_RATE", "READ_RATE", "WRITE_RATE"]
                    .map(|rate| (rate.to_owned(), "0".to_owned())),
            );
        }
        variables.extend(self.variables);
        Ok((address, Settings { program, mounts, variables, directory }))
    }
}

impl Patchpanel {
    fn wait_until_ready(&mut self, limit: Duration) -> Result<()> {
        let start = Instant::now();
        let client = self.client();
        loop {
            if let Some(status) = self.process.ended()? {
                bail!("patchpanel ended with {status}; its log ends with\n{}", self.process.log_tail());
            }
            let answer = match client.get("/health/ready") {
                Ok(reply) if reply.status.is_success() => return Ok(()),
                Ok(reply) => reply.body,
                Err(error) => format!("{error:#}"),
            };
            if start.elapsed() > limit {
                let limit = limit.as_secs();
                bail!(
                    "patchpanel is not ready after {limit} s: {answer}; its log ends with\n{}",
                    self.process.log_tail()
                );
            }
            std::thread::sleep(PROBE_INTERVAL);
        }
    }
}

/// The program that cargo has put beside the running one, or above it when that is a test in `deps`.
pub fn built_program() -> Result<PathBuf> {
    let running = std::env::current_exe().context("cannot find the running program")?;
    let found =
        running.ancestors().skip(1).take(2).map(|directory| directory.join("patchpanel")).find(|path| path.is_file());
    found.with_context(|| {
        format!("there is no `patchpanel` beside {}; build it with `cargo build -p patchpanel`", running.display())
    })
}

/// `patchpanel connector` in this directory, as an author starts it: with our environment, in which registries' clients have
/// settings, but without those of a host.
pub fn author_command(directory: &Path) -> Result<Command> {
    let mut command = Command::new(built_program()?);
    let ours =
        std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("PATCHPANEL_"));
    for name in ours {
        command.env_remove(name);
    }
    command.arg("connector").current_dir(directory);
    Ok(command)
}

/// The connectors that were built for the program.
pub fn built_connectors() -> Result<PathBuf> {
    let program = built_program()?;
    let found = program.ancestors().skip(1).take(2).map(|path| path.join("connectors")).find(|path| path.is_dir());
    found.with_context(|| {
        format!("there is no `connectors` beside {}; build them with `cargo xtask plugins`", program.display())
    })
}
