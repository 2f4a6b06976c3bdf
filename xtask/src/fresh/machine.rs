//! A machine that has Rust and nothing else of ours: a root file system, and the namespaces in which a command runs there.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::workspace;

/// How long the base system may take to come from the network.
const BASE_LIMIT: Duration = Duration::from_mins(30);
const UNPACK_LIMIT: Duration = Duration::from_mins(10);

/// What says how the network is reached, and where Rust's standard library for Wasm may come from.
const CARRIED: [&str; 13] = [
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "PIP_INDEX_URL",
    "RUSTUP_DIST_SERVER",
    "PATCHPANEL_WASM_STD",
];

/// The network of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    /// This machine's.
    Shared,
    /// Nothing but a loopback interface of its own.
    None,
}

/// The machine. Its files are removed when this is dropped, unless they are to be kept.
pub(super) struct Machine {
    directory: PathBuf,
    user: &'static str,
    new: bool,
    keep: bool,
    /// Held, so that nobody else makes or removes it meanwhile.
    _lock: File,
}

impl Machine {
    /// Makes it, or takes one that was kept. The base system, which is the same each time, is kept in any case.
    pub(super) fn make(user: &'static str, keep: bool, progress: &mut Progress) -> Result<Self> {
        let directory = workspace::target().join("fresh");
        fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
        let lock = File::create(directory.join("lock"))?;
        lock.try_lock().with_context(|| format!("another `cargo xtask fresh` uses {}", directory.display()))?;
        let kept = keep && directory.join("root").is_dir();
        let machine = Self { directory, user, new: !kept, keep, _lock: lock };
        File::create(machine.log())?;
        if kept {
            println!("! Going on in the machine that was kept: it is not fresh");
            return Ok(machine);
        }
        machine.remove()?;
        if !machine.base().is_file() {
            let mut base = script("base.sh", Network::Shared);
            base.arg(machine.base());
            progress.shown("Making a base system", |interrupt| machine.done(&mut base, BASE_LIMIT, interrupt))?;
        }
        let mut unpack = script("unpack.sh", Network::Shared);
        unpack.arg(machine.base()).arg(machine.root()).arg(user).arg(workspace::root());
        progress.shown("Making a machine of it", |interrupt| machine.done(&mut unpack, UNPACK_LIMIT, interrupt))?;
        Ok(machine)
    }

    /// Whether nothing has run on it yet.
    pub(super) fn is_new(&self) -> bool {
        self.new
    }

    /// Everything that was printed.
    pub(super) fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// Runs a command in the clone, with nothing on its standard input; returns whether it succeeded, and what it printed.
    pub(super) fn run(
        &self,
        words: &[&str],
        network: Network,
        limit: Duration,
        interrupt: &Interrupt,
    ) -> Result<(bool, String)> {
        let mut command = script("enter.sh", network);
        command.arg(self.root()).arg(self.user).arg("env");
        for name in CARRIED {
            if let Ok(value) = std::env::var_os(name).unwrap_or_default().into_string()
                && !value.is_empty()
            {
                command.arg(format!("{name}={value}"));
            }
        }
        self.shown(command.args(words), limit, interrupt)
    }

    /// Runs a command that must succeed.
    fn done(&self, command: &mut Command, limit: Duration, interrupt: &Interrupt) -> Result<()> {
        let (succeeded, _) = self.shown(command, limit, interrupt)?;
        ensure!(succeeded, "it failed; see above, or {}", self.log().display());
        Ok(())
    }

    /// Runs a command whose output is shown while it runs, logged, and returned.
    fn shown(&self, command: &mut Command, limit: Duration, interrupt: &Interrupt) -> Result<(bool, String)> {
        let mut log = File::options().append(true).open(self.log())?;
        let (reader, writer) = std::io::pipe()?;
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let output = thread::spawn(move || -> Result<String> {
            let mut text = String::new();
            for line in BufReader::new(reader).split(b'\n') {
                let line = String::from_utf8_lossy(&line?).into_owned();
                // What a program has written over itself is not worth showing.
                let line = line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
                println!("  │ {line}");
                writeln!(log, "{line}")?;
                text.push_str(line);
                text.push('\n');
            }
            Ok(text)
        });
        let status = interrupt.run(command, Some(limit));
        // The pipe ends when its last writer is gone, and the command holds two.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let text = output.join().map_err(|_| anyhow!("what shows the output has panicked"))??;
        Ok((status?.success(), text))
    }

    fn base(&self) -> PathBuf {
        self.directory.join("base.tar")
    }

    fn root(&self) -> PathBuf {
        self.directory.join("root")
    }

    /// Nothing is mounted there that this process could see.
    fn remove(&self) -> Result<()> {
        for directory in [self.root(), self.root().with_extension("unfinished")] {
            match fs::remove_dir_all(&directory) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot remove {}", directory.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if self.keep {
            println!("Kept: {}", self.root().display());
        } else if let Err(error) = self.remove() {
            println!("! {error:#}");
        }
    }
}

/// A script in namespaces of its own. However this process ends, so does unshare, and with it all that runs there; what is
/// mounted there is seen by nobody else.
fn script(name: &str, network: Network) -> Command {
    let mut command = Command::new("setpriv");
    command.args([
        "--pdeathsig",
        "KILL",
        "unshare",
        "--mount",
        "--pid",
        "--mount-proc",
        "--ipc",
        "--fork",
        "--kill-child",
    ]);
    if network == Network::None {
        command.arg("--net");
    }
    command.arg("sh").arg(workspace::root().join("xtask/src/fresh").join(name));
    command
}
