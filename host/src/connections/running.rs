//! How many connection tests an organization has running: a data source that is slow on purpose can hold some of the
//! host's capacity for a minute, and no organization may hold all of it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tests of one organization at once; a quarter of the requests that the host serves at once by default.
const MAX_RUNNING: usize = 64;

/// The running tests, by organization.
#[derive(Debug, Default)]
pub(super) struct Running(Mutex<HashMap<String, usize>>);

/// One running test.
#[derive(Debug)]
pub(super) struct Place<'a> {
    running: &'a Running,
    organization: String,
}

impl Running {
    /// A place for one more test, unless the organization has its share already.
    pub(super) fn enter(&self, organization: &str) -> Option<Place<'_>> {
        let mut counts = self.counts();
        let count = counts.entry(organization.to_owned()).or_default();
        if *count == MAX_RUNNING {
            return None;
        }
        *count += 1;
        Some(Place { running: self, organization: organization.to_owned() })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        // No code that can panic runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut counts = self.running.counts();
        if let Some(count) = counts.get_mut(&self.organization) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.organization);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_every_organization_its_share_and_takes_it_back() {
        let running = Running::default();
        let places: Vec<_> = (0..MAX_RUNNING).map(|_| running.enter("acme").unwrap()).collect();
        assert!(running.enter("acme").is_none());
        assert!(running.enter("other").is_some());
        drop(places);
        assert!(running.enter("acme").is_some());
        assert!(running.counts().is_empty(), "nothing stays behind");
    }
}
