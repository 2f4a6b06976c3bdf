//! Waiting for what comes about by itself.

use std::thread;
use std::time::{Duration, Instant};

/// From one look to the next.
const INTERVAL: Duration = Duration::from_millis(5);

/// Looks again and again, until there is something or the time is over.
pub fn eventually<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let found = look();
        if found.is_some() || start.elapsed() > limit {
            return found;
        }
        thread::sleep(INTERVAL);
    }
}
