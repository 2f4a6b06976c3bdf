//! Rests a connector that keeps failing one organization: no call of theirs reaches it for a while, so that it costs
//! nobody its deadline again and again. Other organizations are not affected, since a failure may come of what one of
//! them has sent.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When a connector rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Failures within the window that open the breaker; 0 for never.
    pub failures: u32,
    /// How long a failure counts, and how long the breaker stays open.
    pub window: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { failures: 3, window: Duration::from_mins(1) }
    }
}

/// Whose failures count together: organization and the connector's digest.
type Key = (String, String);

/// The failures of all connectors.
#[derive(Debug)]
pub(in crate::connectors) struct Breaker {
    settings: Settings,
    /// The moments of failures, oldest first; never more than open the breaker.
    failures: Mutex<HashMap<Key, VecDeque<Instant>>>,
}

impl Breaker {
    /// With nothing counted.
    pub(in crate::connectors) fn new(settings: Settings) -> Self {
        Self { settings, failures: Mutex::default() }
    }

    /// How long the breaker is still open; none if a call may pass.
    pub(in crate::connectors) fn open_for(&self, organization: &str, digest: &str, now: Instant) -> Option<Duration> {
        if self.settings.failures == 0 {
            return None;
        }
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let moments = failures.get(&(organization.to_owned(), digest.to_owned()))?;
        if moments.len() < self.settings.failures as usize {
            return None;
        }
        // The last one opened it.
        moments.back()?.checked_add(self.settings.window)?.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Counts a failure. True if it opens the breaker.
    pub(in crate::connectors) fn count(&self, organization: &str, digest: &str, now: Instant) -> bool {
        let most = self.settings.failures as usize;
        if most == 0 {
            return false;
        }
        let is_old = |moment: &Instant| now.saturating_duration_since(*moment) >= self.settings.window;
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        // What has passed is forgotten, so that this holds no more than fails in one window.
        failures.retain(|_, moments| moments.back().is_some_and(|moment| !is_old(moment)));
        let moments = failures.entry((organization.to_owned(), digest.to_owned())).or_default();
        while moments.front().is_some_and(is_old) || moments.len() >= most {
            moments.pop_front();
        }
        moments.push_back(now);
        moments.len() == most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn opens_at_the_third_failure_within_a_minute_and_closes_a_minute_later() {
        let (breaker, start) = (Breaker::new(Settings::default()), Instant::now());
        let at = |seconds: u32| start + SECOND * seconds;
        assert!(!breaker.count("acme", "a", at(0)));
        assert!(!breaker.count("acme", "a", at(1)));
        assert_eq!(breaker.open_for("acme", "a", at(1)), None);
        assert!(breaker.count("acme", "a", at(59)));
        assert_eq!(breaker.open_for("acme", "a", at(60)), Some(SECOND * 59));
        assert_eq!(breaker.open_for("acme", "a", at(119)), None);
        // The next failures count anew.
        assert!(!breaker.count("acme", "a", at(120)));
        assert_eq!(breaker.open_for("acme", "a", at(120)), None);
    }

    #[test]
    fn concerns_one_organization_and_one_connector() {
        let (breaker, now) = (Breaker::new(Settings::default()), Instant::now());
        for _ in 0..3 {
            breaker.count("acme", "a", now);
        }
        let open = |organization, digest| breaker.open_for(organization, digest, now).is_some();
        assert!(open("acme", "a") && !open("acme", "b") && !open("globex", "a"));
    }

    #[test]
    fn forgets_what_has_passed_and_slow_failures_never_open_it() {
        let (breaker, start) = (Breaker::new(Settings::default()), Instant::now());
        for step in 0..100 {
            assert!(!breaker.count(&format!("o{step}"), "a", start + SECOND * 31 * step));
            assert!(!breaker.count("slow", "a", start + SECOND * 31 * step));
        }
        assert!(breaker.failures.lock().unwrap().len() < 5);
    }

    #[test]
    fn never_opens_when_switched_off() {
        let breaker = Breaker::new(Settings { failures: 0, ..Settings::default() });
        assert!((0..9).all(|_| !breaker.count("acme", "a", Instant::now())));
        assert_eq!(breaker.open_for("acme", "a", Instant::now()), None);
    }
}
