//! Watches a version that has just taken over. Calls are pure, so a call that fails is made once more by the version
//! before: only what that one would have answered counts, and nobody rolls a good version back by input that no version
//! takes.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as AsyncMutex, mpsc};

use super::version::Version;

/// When a new version is rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Failures within the window that roll it back; 0 for never.
    pub failures: u32,
    /// How long a failure counts.
    pub window: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { failures: 3, window: Duration::from_mins(1) }
    }
}

impl Settings {
    /// Begins to watch; `before` is the version that served before.
    pub(super) fn begin(self, before: Arc<Version>, alarms: &Alarms) -> Probation {
        Probation { before, settings: self, failures: Mutex::default(), alarm: alarms.sender.clone() }
    }
}

/// Digests of versions that fail where the one before does not.
pub(super) struct Alarms {
    sender: mpsc::UnboundedSender<String>,
    receiver: AsyncMutex<mpsc::UnboundedReceiver<String>>,
}

impl Default for Alarms {
    fn default() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { sender, receiver: AsyncMutex::new(receiver) }
    }
}

impl fmt::Debug for Alarms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Alarms").finish_non_exhaustive()
    }
}

impl Alarms {
    /// The next one.
    pub(super) async fn next(&self) -> String {
        match self.receiver.lock().await.recv().await {
            Some(digest) => digest,
            // This holds a sender itself, so the channel never closes.
            None => std::future::pending().await,
        }
    }
}

/// What is known of a version that is watched.
#[derive(Debug)]
pub(super) struct Probation {
    pub(super) before: Arc<Version>,
    settings: Settings,
    /// The moments of failures, oldest first; never more than roll it back.
    failures: Mutex<VecDeque<Instant>>,
    alarm: mpsc::UnboundedSender<String>,
}

impl Probation {
    /// Counts a failure that the version before does not have.
    pub(super) fn count(&self, digest: &str, now: Instant) {
        if self.add(now) {
            // Nobody listens any more when the host stops.
            drop(self.alarm.send(digest.to_owned()));
        }
    }

    /// True if this failure is one too many.
    fn add(&self, now: Instant) -> bool {
        let most = self.settings.failures as usize;
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|moment| now.saturating_duration_since(*moment) < self.settings.window);
        failures.push_back(now);
        let too_many = most > 0 && failures.len() >= most;
        if too_many || failures.len() > most {
            failures.clear();
        }
        too_many
    }
}
