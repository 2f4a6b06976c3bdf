//! Which version serves what, and which are loaded.
//!
//! A use of a version begins under the same lock under which versions are unloaded, so that one in use is never unloaded, and
//! one that is unloaded is not found any more.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::{Arc, PoisonError, RwLockReadGuard, RwLockWriteGuard};

use super::Connectors;
use super::in_use::{Loaded, VersionInUse};

/// The loaded versions of this process.
#[derive(Debug, Default)]
pub(super) struct Serving {
    /// The digest of the version for what is new, by connection type.
    active: BTreeMap<String, String>,
    /// By digest.
    loaded: BTreeMap<String, Arc<Loaded>>,
}

impl Serving {
    fn load(&mut self, version: &VersionInUse) {
        self.loaded.entry(version.digest().to_owned()).or_insert_with(|| version.handle());
    }
}

impl Connectors {
    /// The versions for what is new, sorted by connection type.
    pub fn list(&self) -> Vec<VersionInUse> {
        let serving = self.serving();
        let active = serving.active.values().filter_map(|digest| serving.loaded.get(digest));
        active.map(VersionInUse::begin).collect()
    }

    /// The version of this type for what is new.
    pub fn find(&self, connection_type: &str) -> Option<VersionInUse> {
        let serving = self.serving();
        serving.loaded.get(serving.active.get(connection_type)?).map(VersionInUse::begin)
    }

    /// The version of this digest, if its type is served at all: for a connection that it serves.
    pub fn find_version(&self, connection_type: &str, digest: &str) -> Option<VersionInUse> {
        let serving = self.serving();
        let loaded = serving.loaded.get(digest).filter(|_| serving.active.contains_key(connection_type))?;
        let version = VersionInUse::begin(loaded);
        (version.manifest().connection_type == connection_type).then_some(version)
    }

    /// The version of this digest, whether or not it serves anything.
    pub fn loaded(&self, digest: &str) -> Option<VersionInUse> {
        self.serving().loaded.get(digest).map(VersionInUse::begin)
    }

    /// Whether anybody uses the version of this digest, such as a request that began with it.
    pub fn is_in_use(&self, digest: &str) -> bool {
        self.serving().loaded.get(digest).is_some_and(|loaded| loaded.is_in_use())
    }

    /// Loads a version beside the others, for connections that name it, unless it is loaded already.
    pub fn keep(&self, version: &VersionInUse) {
        self.serving_mut().load(version);
    }

    /// Makes this version the one of its type for what is new, and loads it unless it is loaded already.
    pub fn activate(&self, version: &VersionInUse) {
        let mut serving = self.serving_mut();
        serving.load(version);
        serving.active.insert(version.manifest().connection_type.clone(), version.digest().to_owned());
    }

    /// Serves a type no more.
    pub fn retire(&self, connection_type: &str) {
        self.serving_mut().active.remove(connection_type);
    }

    /// Unloads all versions but those of these digests, those for what is new, and those that somebody uses. Whoever has
    /// looked up the digests may have done so before a version became active.
    pub fn unload_all_but(&self, digests: &BTreeSet<String>) {
        let mut serving = self.serving_mut();
        let loaded = mem::take(&mut serving.loaded);
        let active: BTreeSet<&String> = serving.active.values().collect();
        let is_kept = |(digest, loaded): &(String, Arc<Loaded>)| {
            digests.contains(digest) || active.contains(digest) || loaded.is_in_use()
        };
        let (kept, unloaded): (BTreeMap<_, _>, BTreeMap<_, _>) = loaded.into_iter().partition(is_kept);
        serving.loaded = kept;
        // Nobody waits while their code is taken out of memory.
        drop(serving);
        drop(unloaded);
    }

    fn serving(&self) -> RwLockReadGuard<'_, Serving> {
        self.serving.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn serving_mut(&self) -> RwLockWriteGuard<'_, Serving> {
        self.serving.write().unwrap_or_else(PoisonError::into_inner)
    }
}
