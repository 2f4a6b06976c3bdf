//! What versions were seen to make of connections. A connector answers the same to the same, so that a connection that was
//! looked at when a version was tried need not be looked at again when it takes over.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::connectors::change::compare::{Difference, Outcome};
use crate::digest;
use crate::store::connections::{ConnectionRow, Rendition};

/// Bytes that are remembered; with more, all is forgotten.
const MAX_BYTES: usize = 16 << 20;

/// All that it depends on: the two versions, and the connection as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    candidate: String,
    /// None when it is not loaded.
    serving: Option<String>,
    connection: String,
    revision: i64,
    /// The configuration's digest: a version that takes a connection over may change it, and is no revision.
    config: String,
}

/// What a version makes of a connection.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) outcome: Outcome,
    /// How the connection is when the version takes it over; none if it stays as it is, since no version accepts it.
    pub(super) taken_over: Option<Rendition>,
}

impl Tried {
    /// How this connection is when the version of this digest takes it over.
    pub(super) fn taken_over(&self, row: &ConnectionRow, digest: &str) -> Cow<'_, Rendition> {
        match &self.taken_over {
            Some(taken_over) => Cow::Borrowed(taken_over),
            None => Cow::Owned(Rendition { digest: digest.to_owned(), ..row.serving.clone() }),
        }
    }

    /// About how many bytes it has.
    fn size(&self) -> usize {
        let text = |it: &Option<String>| it.as_ref().map_or(0, String::len);
        let difference = |it: &Difference| size_of::<Difference>() + it.path.len() + text(&it.before) + text(&it.after);
        let outcome = match &self.outcome {
            Outcome::Differs(differences) | Outcome::Elsewhere(differences) => differences.iter().map(difference).sum(),
            Outcome::Rejected(findings) => findings.iter().map(|it| it.pointer.len() + it.message.len()).sum(),
            Outcome::Unchanged | Outcome::Failed(_) | Outcome::RejectedByBoth => 0,
        };
        size_of::<Self>() + outcome + self.taken_over.as_ref().map_or(0, Rendition::bytes)
    }
}

/// What was seen, by what it depends on.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    /// Each with its bytes.
    tried: HashMap<Key, (Arc<Tried>, usize)>,
    bytes: usize,
}

impl Key {
    pub(super) fn new(candidate: &str, row: &ConnectionRow, is_loaded: bool) -> Self {
        Self {
            candidate: candidate.to_owned(),
            serving: is_loaded.then(|| row.serving.digest.clone()),
            connection: row.id.clone(),
            revision: row.revision,
            config: digest::of(row.serving.config.as_bytes()),
        }
    }
}

impl Known {
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Tried>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).tried.get(key).map(|(tried, _)| Arc::clone(tried))
    }

    pub(super) fn add(&self, key: Key, tried: &Arc<Tried>) {
        let bytes = tried.size() + size_of::<Key>() + 256;
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.bytes + bytes > MAX_BYTES {
            *entries = Entries::default();
        }
        if bytes <= MAX_BYTES && entries.tried.insert(key, (Arc::clone(tried), bytes)).is_none() {
            entries.bytes += bytes;
        }
    }

    /// Forgets what is known of a version.
    pub(super) fn forget(&self, candidate: &str) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.tried.retain(|key, _| key.candidate != candidate);
        entries.bytes = entries.tried.values().map(|(_, bytes)| bytes).sum();
    }
}
