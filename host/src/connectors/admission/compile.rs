//! From a component's bytes to code, in a process of its own. A small component can make the compiler take gigabytes and
//! minutes, so the serving process never compiles: it starts this program anew, bounded in memory and time, and that
//! ends with it.

pub mod child;

use std::io::{self, Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::Reason;
use crate::connectors::guest;
use crate::metric;
use crate::stranger::shown;

/// Bytes of compiled code that are taken from the child. A component made from Python has 60 MB.
pub(super) const MAX_CODE_BYTES: u64 = 256 << 20;

/// Bytes of what the child says of a component that it cannot compile.
const MAX_MESSAGE_BYTES: u64 = 2 << 10;

/// What of that is passed on.
const MAX_SAID_BYTES: usize = 500;

/// How often a child that has closed its output is asked whether it has ended.
const POLL: Duration = Duration::from_millis(5);

/// Bounds of compiling one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// Bytes of the child's address space. A component made from Python takes 332 MB.
    pub memory_bytes: u64,
    /// CPU time, in whole seconds. A component made from JavaScript takes 11 s.
    pub cpu_time: Duration,
    /// Time on the wall. It only bounds how long the compiler may wait for a core: the work is bounded by CPU time.
    pub wall_time: Duration,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { memory_bytes: 1 << 30, cpu_time: Duration::from_mins(1), wall_time: Duration::from_hours(1) }
    }
}

/// Compiles components one after the other.
pub(super) struct Compiler {
    program: PathBuf,
    limits: CompileLimits,
    /// Two compilations at once would take the cores and the memory of the requests.
    turn: Mutex<()>,
}

impl Compiler {
    /// `program` is this program, which has the command [`child::COMMAND`].
    pub(super) fn new(program: PathBuf, limits: CompileLimits) -> Self {
        Self { program, limits, turn: Mutex::default() }
    }

    /// Compiles a component. Holds the calling thread until that is done or a limit is hit.
    pub(super) fn compile(&self, bytes: &[u8]) -> Result<Vec<u8>, Reason> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let start = Instant::now();
        // A thread of its own, since its priority cannot be raised again.
        let run = || {
            guest::stand_back();
            self.run(bytes)
        };
        let outcome = thread::scope(|scope| scope.spawn(run).join());
        let outcome = outcome.unwrap_or_else(|_| Err(io::Error::other("a thread panicked"))).map_err(|error| {
            tracing::error!(error = %error, "the compiler's process cannot be used");
            Reason::new(
                "compile_unavailable",
                "the compiler's process could not be started or spoken to".to_owned(),
                "Try again; the operator finds the cause in the host's log.",
            )
        })?;
        metrics::counter!(metric::COMPILATIONS, "outcome" => outcome.name()).increment(1);
        tracing::info!(duration_ms = start.elapsed().as_millis(), outcome = outcome.name(), "compiled a component");
        self.judge(outcome)
    }

    fn run(&self, bytes: &[u8]) -> io::Result<Outcome> {
        let deadline = Instant::now() + self.limits.wall_time;
        // The child is killed with the thread that starts it (`PR_SET_PDEATHSIG` in prctl(2)), which is this one: it
        // waits for the child.
        let mut child = Running(self.command().spawn()?);
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.0.stdin.take(), child.0.stdout.take(), child.0.stderr.take())
        else {
            return Err(io::Error::other("the compiler's process has no pipes"));
        };
        thread::scope(|scope| {
            // One that ends before it has read everything says so by its status.
            scope.spawn(move || drop(stdin.write_all(bytes)));
            let message = scope.spawn(move || read(stderr, MAX_MESSAGE_BYTES));
            let (sender, receiver) = mpsc::channel();
            // The receiver is gone when the time is over; then nobody wants the code.
            scope.spawn(move || drop(sender.send(read(stdout, MAX_CODE_BYTES))));
            let Ok(code) = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) else {
                child.kill();
                return Ok(Outcome::WallTime);
            };
            let Some(status) = child.wait(deadline)? else {
                child.kill();
                return Ok(Outcome::WallTime);
            };
            let message = message.join().map_err(|_| io::Error::other("a thread panicked"))??;
            Ok(Outcome::Ended { status, code: code?, message: String::from_utf8_lossy(&message).into_owned() })
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg(child::COMMAND)
            .arg(format!("--max-memory-bytes={}", self.limits.memory_bytes))
            .arg(format!("--max-cpu-s={}", self.limits.cpu_time.as_secs()))
            .arg(format!("--parent={}", std::process::id()))
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn judge(&self, outcome: Outcome) -> Result<Vec<u8>, Reason> {
        let simpler = "Make the component smaller: fewer and shorter functions, fewer types, less nesting.";
        let (status, code, message) = match outcome {
            Outcome::Ended { status, code, .. } if status.success() => return Ok(code),
            Outcome::Ended { status, code, message } => (status, code, message),
            Outcome::WallTime => {
                let limit = self.limits.wall_time.as_secs();
                let message =
                    format!("compiling it took longer than {limit} s (the setting connector_compile_max_wall_s)");
                return Err(Reason::new("compile_wall_time", message, simpler));
            }
        };
        drop(code);
        if status.code() == Some(child::REFUSED.into()) {
            let message = shown(message.trim()).within(MAX_SAID_BYTES).to_string();
            return Err(Reason::new("not_a_component", message, "Build it as a component of the contract's world."));
        }
        if status.signal() == Some(Signal::XCPU.as_raw()) || status.signal() == Some(Signal::KILL.as_raw()) {
            let limit = self.limits.cpu_time.as_secs();
            let message =
                format!("compiling it took more than {limit} s of CPU time (the setting connector_compile_max_cpu_s)");
            return Err(Reason::new("compile_cpu_time", message, simpler));
        }
        if message.contains("memory allocation of") || message.contains("Cannot allocate memory") {
            let limit = self.limits.memory_bytes >> 20;
            let message = format!(
                "compiling it took more than {limit} MiB of memory (the setting connector_compile_max_memory_mib)"
            );
            return Err(Reason::new("compile_memory", message, simpler));
        }
        tracing::warn!(%status, message = %shown(message.trim()), "the compiler's process failed");
        Err(Reason::new("compile_failed", format!("the compiler gave up on it ({status})"), simpler))
    }
}

/// How a child ended.
enum Outcome {
    Ended { status: ExitStatus, code: Vec<u8>, message: String },
    WallTime,
}

impl Outcome {
    fn name(&self) -> &'static str {
        match self {
            Self::Ended { status, .. } if status.success() => "compiled",
            Self::Ended { .. } => "failed",
            Self::WallTime => "wall_time",
        }
    }
}

/// A child that is never left behind.
struct Running(Child);

impl Running {
    /// Its status, if it ends in time.
    fn wait(&mut self, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            thread::sleep(POLL);
        }
    }

    fn kill(&mut self) {
        // Both fail only when it has ended and been waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn read(from: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut from = from.take(most);
    from.read_to_end(&mut bytes)?;
    // What is more is not kept, but the writer must not wait for its reader.
    io::copy(&mut from.into_inner(), &mut io::sink())?;
    Ok(bytes)
}
