//! How often a key may begin something.

use std::fmt;
use std::hash::Hash;
use std::num::NonZero;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// After so many checks, keys that have all of their burst again are forgotten.
const CHECKS_BETWEEN_SWEEPS: u32 = 4096;

/// A burst that may come at once, and how many a second after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many may begin at once, before `per_second` counts.
    pub burst: u32,
    /// How many may begin a second after the burst; 0 for no limit at all.
    pub per_second: u32,
}

/// The rates of all keys: a token bucket for each (the generic cell rate algorithm, ITU-T I.371).
pub struct Rates<K: Hash + Eq + Clone> {
    /// None without a limit.
    limiter: Option<RateLimiter<K, HashMapStateStore<K>, DefaultClock>>,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Rates<K> {
    /// Counts each key by this rate.
    pub fn new(rate: Rate) -> Self {
        let quota = NonZero::new(rate.per_second).map(|per_second| {
            Quota::per_second(per_second).allow_burst(NonZero::new(rate.burst).unwrap_or(per_second))
        });
        Self { limiter: quota.map(RateLimiter::hashmap), checks: AtomicU32::new(0) }
    }

    /// Counts one, or says how long it takes until the next one may come.
    pub fn check(&self, key: &K) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_BETWEEN_SWEEPS == CHECKS_BETWEEN_SWEEPS - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter.check_key(key).map_err(|early| early.wait_time_from(limiter.clock().now()))
    }
}

impl<K: Hash + Eq + Clone> fmt::Debug for Rates<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rates").field("limited", &self.limiter.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_burst_then_tells_how_long_to_wait() {
        let rates = Rates::new(Rate { burst: 3, per_second: 1 });
        assert!((0..3).all(|_| rates.check(&"a").is_ok()));
        let wait = rates.check(&"a").unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        assert!(rates.check(&"b").is_ok(), "another key has its own");
    }

    #[test]
    fn has_no_limit_when_told_so() {
        let rates = Rates::new(Rate { burst: 1, per_second: 0 });
        assert!((0..10_000).all(|_| rates.check(&"a").is_ok()));
    }

    #[test]
    fn forgets_keys_that_have_their_burst_again() {
        let rates = Rates::new(Rate { burst: 1, per_second: 1_000_000 });
        for key in 0..3 * CHECKS_BETWEEN_SWEEPS {
            rates.check(&key).unwrap();
        }
        let kept = rates.limiter.as_ref().unwrap().len();
        assert!(kept <= CHECKS_BETWEEN_SWEEPS as usize, "{kept}");
    }
}
