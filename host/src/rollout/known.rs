//! What versions were seen to make of connections. A connector answers the same to the same, so that a connection that was
//! looked at when a version was tried need not be looked at again when it takes over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::connectors::shadow::Comparison;
use crate::store::connections::ConnectionRow;

/// Bytes that are remembered; with more, all is forgotten.
const MAX_BYTES: usize = 16 << 20;

/// All that a comparison depends on: the two versions, and the connection as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    candidate: String,
    /// None when it is not loaded.
    serving: Option<String>,
    connection: String,
    revision: i64,
}

/// Comparisons by what they depend on.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    /// Each with its bytes.
    comparisons: HashMap<Key, (Arc<Comparison>, usize)>,
    bytes: usize,
}

impl Key {
    pub(super) fn new(candidate: &str, row: &ConnectionRow, is_loaded: bool) -> Self {
        Self {
            candidate: candidate.to_owned(),
            serving: is_loaded.then(|| row.connector_digest.clone()),
            connection: row.id.clone(),
            revision: row.revision,
        }
    }
}

impl Known {
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Comparison>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .comparisons
            .get(key)
            .map(|(comparison, _)| Arc::clone(comparison))
    }

    pub(super) fn add(&self, key: Key, comparison: &Arc<Comparison>) {
        let bytes = comparison.size() + size_of::<Key>() + size_of::<Comparison>() + 256;
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.bytes + bytes > MAX_BYTES {
            *entries = Entries::default();
        }
        if bytes <= MAX_BYTES && entries.comparisons.insert(key, (Arc::clone(comparison), bytes)).is_none() {
            entries.bytes += bytes;
        }
    }

    /// Forgets what is known of a version.
    pub(super) fn forget(&self, candidate: &str) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.comparisons.retain(|key, _| key.candidate != candidate);
        entries.bytes = entries.comparisons.values().map(|(_, bytes)| bytes).sum();
    }
}
