//! A server process: its output in a file, its end certain.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::directory::TemporaryDirectory;

/// How long a server may take to stop before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A running server. It is stopped when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stop_signal: Signal,
    log: PathBuf,
    directory: TemporaryDirectory,
    status: Option<ExitStatus>,
}

impl Process {
    /// Starts it in a process group of its own, so that Ctrl-C in a terminal does not reach it; what it writes goes to
    /// the file `log`. `stop_signal` asks it to stop in good order.
    pub fn start(
        command: &mut Command,
        log: PathBuf,
        stop_signal: Signal,
        directory: &TemporaryDirectory,
    ) -> Result<Self> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("cannot open {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", Path::new(command.get_program()).display()))?;
        let process = Self { child, stop_signal, log, directory: directory.clone(), status: None };
        directory.guard(process.child.id())?;
        Ok(process)
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it has written so far.
    pub fn log(&self) -> Result<String> {
        let bytes = std::fs::read(&self.log).with_context(|| format!("cannot read {}", self.log.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The last lines that it has written, for an error message.
    pub fn log_tail(&self) -> String {
        let log = self.log().unwrap_or_else(|error| format!("{error:#}"));
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none()
            && let Some(status) = self.child.try_wait()?
        {
            self.status = Some(status);
            self.directory.release(self.child.id())?;
        }
        Ok(self.status)
    }

    /// Waits for its end.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if start.elapsed() > limit {
                bail!("process {} still runs after {} s", self.id(), limit.as_secs());
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// Asks it to stop in good order and waits; one that does not is killed, which is an error.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.ended()? {
            return Ok(status);
        }
        self.signal(self.stop_signal)?;
        self.resume()?;
        match self.wait(STOP_LIMIT) {
            Ok(status) => Ok(status),
            Err(error) => {
                self.kill()?;
                Err(error).with_context(|| format!("it had to be killed; its log ends with\n{}", self.log_tail()))
            }
        }
    }

    /// Ends it at once (`SIGKILL`).
    pub fn kill(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.ended()? {
            return Ok(status);
        }
        self.signal(Signal::KILL)?;
        self.wait(STOP_LIMIT)
    }

    /// Sends it a signal, unless it has ended.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        // Until `ended` has seen its end, the id is certainly its own.
        if self.ended()?.is_none() {
            kill_process(pid(self.child.id())?, signal).context("cannot send a signal")?;
        }
        Ok(())
    }

    /// Freezes it and its children (`SIGSTOP`): its sockets stay open and nothing answers.
    pub fn pause(&mut self) -> Result<()> {
        self.signal(Signal::STOP)?;
        self.signal_children(Signal::STOP)
    }

    /// Lets it go on after `pause`.
    pub fn resume(&mut self) -> Result<()> {
        self.signal(Signal::CONT)?;
        self.signal_children(Signal::CONT)
    }

    /// A child that ends between the listing and the signal is no error: only its parent, which is stopped or under our
    /// control, could give the id away again.
    fn signal_children(&mut self, signal: Signal) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        let id = self.child.id();
        // Linux: proc_pid_children(5). Elsewhere a process is paused without its children.
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        for child in children.split_whitespace() {
            match kill_process(pid(child.parse()?)?, signal) {
                Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                Err(error) => return Err(error).context("cannot send a signal to a child"),
            }
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("{error:#}");
        }
    }
}

/// Whether we are root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn pid(id: u32) -> Result<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw).with_context(|| format!("{id} is no process id"))
}

/// Bytes of memory that a process holds: `VmRSS` of its status (proc(5)).
pub fn resident_bytes(id: u32) -> Result<u64> {
    bytes_of_status(id, "VmRSS:")
}

/// The most bytes of memory that a process has held, since its start or [`forget_peak`]: `VmHWM`.
pub fn peak_bytes(id: u32) -> Result<u64> {
    bytes_of_status(id, "VmHWM:")
}

/// Has [`peak_bytes`] begin anew at what the process holds now (`clear_refs`, proc(5)).
pub fn forget_peak(id: u32) -> Result<()> {
    std::fs::write(format!("/proc/{id}/clear_refs"), "5").context("cannot reset VmHWM")
}

/// How many files and sockets a process has open.
pub fn descriptors(id: u32) -> Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{id}/fd"))?.count())
}

fn bytes_of_status(id: u32, name: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line =
        status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("there is no {name}"))?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_in_good_order_and_keeps_the_log() {
        let directory = TemporaryDirectory::new("test").unwrap();
        let script = "trap 'echo asked; exit 3' TERM; echo ready; while :; do sleep 0.02; done";
        let log = directory.path().join("log");
        let mut process =
            Process::start(Command::new("sh").args(["-c", script]), log, Signal::TERM, &directory).unwrap();
        while !process.log().unwrap().contains("ready") {
            std::thread::sleep(POLL_INTERVAL);
        }
        process.pause().unwrap();
        assert_eq!(process.stop().unwrap().code(), Some(3));
        assert_eq!(process.log_tail(), "ready\nasked");
        assert_eq!(process.stop().unwrap().code(), Some(3), "a second time");
    }
}
