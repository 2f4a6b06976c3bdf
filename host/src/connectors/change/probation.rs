//! Watches a version that has just taken over. Calls are pure, so a call that fails is made once more by the version
//! before: only what that one would have answered counts, and nobody rolls a good version back by input that no version
//! takes. For a stored connection, refusing to describe it counts as well.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as AsyncMutex, mpsc};

use crate::connectors::version::Version;

/// When a new version is rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Failures within the window that roll it back; 0 for never.
    pub failures: u32,
    /// How long a failure counts.
    pub window: Duration,
    /// How long a version is new.
    pub period: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { failures: 3, window: Duration::from_mins(1), period: Duration::from_hours(1) }
    }
}

impl Settings {
    /// Begins to watch; `before` is the version that served before.
    pub(in crate::connectors) fn begin(self, before: Arc<Version>, alarms: &Alarms) -> Probation {
        let (began, failures) = (Instant::now(), Mutex::default());
        Probation { before, settings: self, began, failures, alarm: alarms.sender.clone() }
    }
}

/// Digests of versions that fail where the one before does not.
pub(in crate::connectors) struct Alarms {
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
    pub(in crate::connectors) async fn next(&self) -> String {
        match self.receiver.lock().await.recv().await {
            Some(digest) => digest,
            // This holds a sender itself, so the channel never closes.
            None => std::future::pending().await,
        }
    }
}

/// When, and whose it was.
type Failure = (Instant, String);

/// What is known of a version that is watched.
#[derive(Debug)]
pub(in crate::connectors) struct Probation {
    pub(in crate::connectors) before: Arc<Version>,
    settings: Settings,
    began: Instant,
    /// Oldest first; never more than roll it back.
    failures: Mutex<VecDeque<Failure>>,
    alarm: mpsc::UnboundedSender<String>,
}

impl Probation {
    /// Whether the version is still new.
    pub(in crate::connectors) fn is_running(&self, now: Instant) -> bool {
        self.settings.failures > 0 && now.saturating_duration_since(self.began) < self.settings.period
    }

    /// Counts a failure that the version before does not have: of a stored connection, or of what an organization has sent.
    /// Of the latter one counts for each organization, since it may have been looked for.
    pub(in crate::connectors) fn count(&self, digest: &str, organization: &str, is_stored: bool, now: Instant) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if add(self.settings, &mut failures, organization, is_stored, now) {
            // Nobody listens any more when the host stops.
            drop(self.alarm.send(digest.to_owned()));
        }
    }
}

/// Adds a failure to those that count. True if it is one too many.
fn add(
    settings: Settings,
    failures: &mut VecDeque<Failure>,
    organization: &str,
    is_stored: bool,
    now: Instant,
) -> bool {
    failures.retain(|(moment, _)| now.saturating_duration_since(*moment) < settings.window);
    if !is_stored && failures.iter().any(|(_, known)| known == organization) {
        return false;
    }
    failures.push_back((now, organization.to_owned()));
    let too_many = failures.len() >= settings.failures as usize;
    if too_many {
        failures.clear();
    }
    too_many
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of these failures are one too many, each at a second, of an organization, of a stored connection or not.
    fn alarms(failures: &[(u64, &str, bool)]) -> Vec<bool> {
        let settings = Settings::default();
        let (counted, start) = (Mutex::new(VecDeque::new()), Instant::now());
        let add = |&(second, organization, is_stored): &(u64, &str, bool)| {
            add(settings, &mut counted.lock().unwrap(), organization, is_stored, start + Duration::from_secs(second))
        };
        failures.iter().map(add).collect()
    }

    #[test]
    fn three_within_a_minute_are_too_many() {
        assert_eq!(alarms(&[(0, "a", true), (1, "a", true), (59, "a", true)]), [false, false, true]);
        assert_eq!(alarms(&[(0, "a", true), (1, "a", true), (60, "a", true)]), [false, false, false]);
        assert_eq!(
            alarms(&[(0, "a", true), (0, "a", true), (0, "a", true), (0, "a", true)]),
            [false, false, true, false]
        );
    }

    #[test]
    fn of_what_an_organization_sends_one_counts() {
        assert_eq!(alarms(&[(0, "a", false), (1, "a", false), (2, "a", false)]), [false; 3]);
        assert_eq!(alarms(&[(0, "a", false), (1, "b", false), (2, "c", false)]), [false, false, true]);
        assert_eq!(alarms(&[(0, "a", false), (1, "a", true), (2, "a", true)]), [false, false, true]);
    }
}
