//! Ctrl-C and `SIGTERM`: noticed, so that everything started can be stopped in good order.

use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Whether we have been asked to stop.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on. Once per process.
    pub(crate) fn listen() -> Result<Self> {
        let requested = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&requested);
        ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst)).context("cannot listen for Ctrl-C")?;
        Ok(Self(requested))
    }

    /// An error when we have been asked to stop.
    pub(crate) fn check(&self) -> Result<()> {
        if self.0.load(Ordering::SeqCst) {
            bail!("interrupted");
        }
        Ok(())
    }

    /// Waits a moment or until asked to stop.
    pub(crate) fn pause(&self) -> Result<()> {
        std::thread::sleep(POLL_INTERVAL);
        self.check()
    }

    /// Runs a command to its end, which comes early when we are asked to stop or when its time is up.
    pub(crate) fn run(&self, command: &mut Command, limit: Option<Duration>) -> Result<ExitStatus> {
        self.check()?;
        let start = Instant::now();
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start `{}`; is it installed?", command.get_program().display()))?;
        loop {
            if let Some(status) = child.try_wait()? {
                // Ctrl-C reaches the child too: its failure is then not worth a word.
                self.check()?;
                return Ok(status);
            }
            let late = limit.is_some_and(|limit| start.elapsed() > limit);
            let asked = self.pause();
            if late || asked.is_err() {
                child.kill()?;
                child.wait()?;
                asked?;
                bail!("`{}` was stopped after {} s", command.get_program().display(), start.elapsed().as_secs());
            }
        }
    }
}
