//! What is told once, however often it happens.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Things that are remembered; with more, nothing more is told: what fills the memory would fill the log as well.
const MOST: usize = 10_000;

/// The things that have been told of, by their keys. Clones share them.
#[derive(Debug, Clone)]
pub struct Once<K>(Arc<Mutex<HashSet<K>>>);

impl<K> Default for Once<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash> Once<K> {
    /// Whether this is to be told of now: for the first time, or again since it was forgotten.
    pub fn is_first(&self, key: K) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < MOST && told.insert(key)
    }

    /// Has it told of again when it happens again.
    pub fn forget(&self, key: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_told_once_until_it_is_forgotten_and_never_without_end() {
        let once = Once::default();
        assert!(once.is_first(0) && !once.clone().is_first(0));
        once.forget(&0);
        assert!(once.is_first(0));
        assert_eq!((1..2 * MOST).filter(|key| once.is_first(*key)).count(), MOST - 1);
    }
}
