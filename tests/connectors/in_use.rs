//! A version stays loaded for as long as somebody uses it, and no longer for one who only knows its digest.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use patchpanel::connectors::change::probation;
use patchpanel::connectors::{Connectors, Settings, VersionInUse, admission, breaker};
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::built_program;

use super::postgres;

const TYPE: &str = "postgres";

/// Connectors with one version, which is not active, and the first use of it.
fn connectors() -> (Connectors, VersionInUse) {
    let directory = TemporaryDirectory::new("in-use").unwrap();
    let compiler = built_program().unwrap();
    let settings = Settings {
        cache_directory: directory.path().to_owned(),
        cache_key: None,
        admission: admission::Settings { compiler, ..admission::Settings::default() },
        breaker: breaker::Settings::default(),
        probation: probation::Settings::default(),
    };
    let connectors = Connectors::start(&settings).unwrap();
    let version = connectors.admit(&postgres(), "postgres.wasm").unwrap();
    connectors.keep(&version);
    (connectors, version)
}

#[test]
fn a_version_in_use_stays_loaded_and_one_that_nobody_uses_goes() {
    let (connectors, first) = connectors();
    let digest = first.digest().to_owned();
    let nothing = BTreeSet::new();
    let second = first.clone();
    drop(first);
    connectors.unload_all_but(&nothing);
    assert!(connectors.is_in_use(&digest), "a clone is a use of its own");
    drop(second);
    assert!(!connectors.is_in_use(&digest));
    connectors.unload_all_but(&BTreeSet::from([digest.clone()]));
    drop(connectors.loaded(&digest).expect("what is needed stays"));
    connectors.unload_all_but(&nothing);
    assert!(connectors.loaded(&digest).is_none());
}

#[test]
fn an_active_version_stays_loaded_also_for_one_who_does_not_know_yet_that_it_is_active() {
    let (connectors, version) = connectors();
    let digest = version.digest().to_owned();
    connectors.activate(&version);
    drop(version);
    let nothing = BTreeSet::new();
    connectors.unload_all_but(&nothing);
    assert!(connectors.find(TYPE).is_some() && connectors.find_version(TYPE, &digest).is_some());
    connectors.retire(TYPE);
    connectors.unload_all_but(&nothing);
    assert!(connectors.find(TYPE).is_none() && connectors.list().is_empty() && connectors.loaded(&digest).is_none());
}

#[test]
fn a_use_that_begins_while_its_version_is_unloaded_is_of_a_loaded_one_or_none() {
    let (connectors, first) = connectors();
    let digest = first.digest().to_owned();
    let uses = AtomicUsize::new(0);
    let begin_again_and_again = || {
        while let Some(version) = connectors.loaded(&digest) {
            assert!(connectors.is_in_use(&digest), "a version was unloaded in use");
            drop(version);
            uses.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(begin_again_and_again);
        }
        while uses.load(Ordering::Relaxed) < 1_000 {
            thread::yield_now();
        }
        drop(first);
        let deadline = Instant::now() + Duration::from_mins(1);
        while connectors.loaded(&digest).is_some() {
            assert!(Instant::now() < deadline, "it is in use for ever");
            connectors.unload_all_but(&BTreeSet::new());
        }
    });
}
