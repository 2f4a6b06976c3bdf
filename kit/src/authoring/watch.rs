//! Notices saves: what tools and editors write beside the sources is none, and a save that changes nothing neither.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use notify_debouncer_full::notify::{RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, RecommendedCache, new_debouncer};

use super::{CASES, Error, Project, RECORDED, SAMPLE};

/// An editor writes a file in several steps.
const DEBOUNCE: Duration = Duration::from_millis(50);

/// How soon a request to stop is noticed.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Directories and files of a project that are made of the others, or that nothing is made of.
const IGNORED: [&str; 6] = ["build", "target", "node_modules", "bindings", "Cargo.lock", "README.md"];

/// How names of samples end that are for `connector run` alone.
const PRIVATE: &str = ".private.json";

/// What the component is tried with, rather than made of.
const SAMPLES: [&str; 3] = [SAMPLE, CASES, RECORDED];

/// What has been saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Something that the component is made of.
    Sources,
    /// Only something that it is tried with.
    Samples,
}

/// A project that is being watched.
#[derive(Debug)]
pub struct Watch {
    root: PathBuf,
    watcher: Debouncer<RecommendedWatcher, RecommendedCache>,
    events: Receiver<DebounceEventResult>,
    watched: BTreeSet<PathBuf>,
    /// Of the sources and of the samples, as they were last.
    seen: [Vec<u8>; 2],
}

impl Watch {
    /// Watches a project from now on.
    pub fn start(project: &Project) -> Result<Self, Error> {
        let (sender, events) = channel();
        let watcher = new_debouncer(DEBOUNCE, None, sender).map_err(|error| Error::Watch(error.to_string()))?;
        let root = project.root().to_owned();
        let mut watch = Self { root, watcher, events, watched: BTreeSet::new(), seen: [Vec::new(), Vec::new()] };
        watch.add_directories()?;
        watch.seen = watch.digests();
        Ok(watch)
    }

    /// Waits for the next change, as long as `check` has nothing against it; says what it was and when it happened.
    pub fn next<E: From<Error>>(&mut self, mut check: impl FnMut() -> Result<(), E>) -> Result<(Change, Instant), E> {
        loop {
            check()?;
            let event = match self.events.recv_timeout(POLL_INTERVAL) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::Watch("the watcher has ended".to_owned()).into());
                }
            };
            let first = event.iter().flatten().map(|event| event.time).min().unwrap_or_else(Instant::now);
            self.add_directories()?;
            let now = self.digests();
            let changed = [now[0] != self.seen[0], now[1] != self.seen[1]];
            self.seen = now;
            match changed {
                [true, _] => return Ok((Change::Sources, first)),
                [false, true] => return Ok((Change::Samples, first)),
                [false, false] => {}
            }
        }
    }

    /// The root itself, and everything below each of its directories: watching what tools install would take thousands
    /// of watches.
    fn add_directories(&mut self) -> Result<(), Error> {
        let mut wanted = vec![(self.root.clone(), RecursiveMode::NonRecursive)];
        let below = tops(&self.root).into_iter().filter(|path| path.is_dir());
        wanted.extend(below.map(|path| (path, RecursiveMode::Recursive)));
        for (path, mode) in wanted {
            if !self.watched.contains(&path) {
                self.watcher.watch(&path, mode).map_err(|error| Error::Watch(error.to_string()))?;
                self.watched.insert(path);
            }
        }
        self.watched.retain(|path| path.is_dir());
        Ok(())
    }

    fn digests(&self) -> [Vec<u8>; 2] {
        let mut contexts = [digest::Context::new(&digest::SHA256), digest::Context::new(&digest::SHA256)];
        for path in tops(&self.root) {
            let is_sample = path.file_name().is_some_and(|name| SAMPLES.iter().any(|sample| name == *sample));
            add(&mut contexts[usize::from(is_sample)], &path);
        }
        contexts.map(|context| context.finish().as_ref().to_vec())
    }
}

/// Adds a file, or every file below a directory. What cannot be read is as if it were not there: the tools say more.
fn add(context: &mut digest::Context, path: &Path) {
    if path.is_dir() {
        for path in names(path) {
            add(context, &path);
        }
    } else if let Ok(bytes) = fs::read(path) {
        context.update(path.as_os_str().as_encoded_bytes());
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(&bytes);
    }
}

/// What is in a project's directory itself and is not ignored, sorted.
fn tops(root: &Path) -> Vec<PathBuf> {
    let mut paths = names(root);
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !IGNORED.contains(&&*name) && !name.ends_with(PRIVATE)
    });
    paths
}

/// What is in a directory, sorted, without what is hidden and what Python compiles.
fn names(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory).into_iter().flatten().flatten().map(|it| it.path()).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.') && name != "__pycache__"
    });
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use test_support::directory::TemporaryDirectory;

    use super::*;

    #[test]
    fn what_is_ignored_in_the_project_itself_is_not_below() {
        let directory = TemporaryDirectory::new("watch").unwrap();
        let root = directory.path();
        for name in ["src/target", "src/__pycache__", "target", ".git"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        fs::write(root.join("mine.private.json"), "{}").unwrap();
        assert_eq!(tops(root), [root.join("src")]);
        assert_eq!(names(&root.join("src")), [root.join("src/target")]);
    }
}
