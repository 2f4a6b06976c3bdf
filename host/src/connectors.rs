//! The connectors: Wasm components that validate configurations and describe connections. They never see the network,
//! the store or a secret value.
//!
//! [`Connectors`] has them all and knows which version serves what. Below it are five groups, each with a front that says what
//! it offers and what it may know: `contract` is what is said, and in which version of the contract; `guest` runs code;
//! `judge` decides whether an answer counts; `admission` makes versions of bytes; `change` leads from one version to the
//! next. `contract` and `judge` know no caller, and `guest` knows neither.

pub mod admission;
mod call;
pub mod change;
pub mod contract;
mod guest;
mod in_use;
mod judge;
mod serving;
mod version;

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::{fs, io, thread};

use aws_lc_rs::hmac;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::regular_file;
pub use admission::CompileLimits;
use admission::cache::Cache;
use admission::{Admission, Reason};
pub use call::{Call, CallError};
use change::probation;
use guest::breaker::Breaker;
pub use guest::{Allocator, Exceeded, Limit, Limits, breaker};
pub use in_use::VersionInUse;
pub use judge::{Approvals, Astray, Binding, Origin, Target, Wrong};
use serving::Serving;
pub use version::Version;

/// What becomes a connector, and how it runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where compiled forms are kept.
    pub cache_directory: PathBuf,
    /// What marks them; without it nothing is kept there, and nothing taken from there.
    pub cache_key: Option<hmac::Key>,
    /// What becomes a connector, and what it may take.
    pub admission: admission::Settings,
    /// When one that keeps failing rests.
    pub breaker: breaker::Settings,
    /// When a new version is rolled back.
    pub probation: probation::Settings,
}

/// The connectors of this process: what admits them, and which version serves what.
#[derive(Debug)]
pub struct Connectors {
    admission: Admission,
    breaker: Arc<Breaker>,
    probation: probation::Settings,
    alarms: probation::Alarms,
    serving: RwLock<Serving>,
}

/// A version, or every reason against it.
pub type Admitted = Result<VersionInUse, Vec<Reason>>;

/// Why the connectors cannot be loaded at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory cannot be read.
    #[error("the connectors' directory {} cannot be read; name the right one with --connectors-dir", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The compiled forms cannot be kept.
    #[error("the directory of compiled connectors {} cannot be used", path.display())]
    Cache {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The engine does not start.
    #[error("the WebAssembly engine does not start: {0}")]
    Engine(String),
}

/// A configuration that the connector accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// As the tenant sent it; decides where the connection may lead.
    pub sent: Value,
    /// As the connector normalised it; what is stored and shown.
    pub normalised: Value,
    /// One of the manifest's methods.
    pub auth_method: String,
    /// The names of the credentials that are set, sorted.
    pub credentials_set: Vec<String>,
    /// The connector version that normalised it.
    pub written_by: String,
}

impl Connectors {
    /// Starts what admits and runs connectors; there is none yet.
    pub fn start(settings: &Settings) -> Result<Self, Error> {
        let open = |key| Cache::open(&settings.cache_directory, key);
        let cache = settings.cache_key.clone().map(open).transpose();
        let cache = cache.map_err(|source| Error::Cache { path: settings.cache_directory.clone(), source })?;
        Ok(Self {
            admission: Admission::new(&settings.admission, cache)?,
            breaker: Arc::new(Breaker::new(settings.breaker)),
            probation: settings.probation,
            alarms: probation::Alarms::default(),
            serving: RwLock::default(),
        })
    }

    /// Loads every component of a directory, for a process that keeps nothing. One that is refused is logged with every
    /// reason and left out. Compiling takes a moment the first time, so this is not for a serving thread.
    pub fn load(settings: &Settings, directory: &Path) -> Result<Self, Error> {
        let files = component_files(directory)?;
        let connectors = Self::start(settings)?;
        for file in files {
            let admitted = read(&file, &connectors.admission.runtime.limits)
                .and_then(|bytes| connectors.admit(&bytes, &file_name(&file)))
                .and_then(|version| connectors.take_place(&version, &file));
            if let Err(reasons) = admitted {
                log_refusal(&file.display().to_string(), &reasons);
            }
        }
        Ok(connectors)
    }

    /// Of two files for one type, the one that bears the type's name serves; else the first by name.
    fn take_place(&self, version: &VersionInUse, file: &Path) -> Result<(), Vec<Reason>> {
        let connection_type = version.manifest().connection_type.clone();
        let named_after_it = file.file_stem().is_some_and(|stem| stem == &*connection_type);
        if self.find(&connection_type).is_some() && !named_after_it {
            return Err(vec![Reason::duplicate_type(&connection_type)]);
        }
        self.activate(version);
        Ok(())
    }

    /// Admits a component; `name` stands for it in the log until it has said what it is. It serves nothing yet. Takes as
    /// long as compiling takes, so this is not for a serving thread.
    pub fn admit(&self, bytes: &[u8], name: &str) -> Admitted {
        let version = self.admission.admit(bytes, name)?;
        Ok(VersionInUse::first(version, Arc::clone(&self.breaker)))
    }

    /// Admits a component, as [`Connectors::admit`] does, on a thread of its own, so that nothing that serves waits for it.
    pub async fn admit_apart(self: &Arc<Self>, bytes: Vec<u8>, name: String) -> io::Result<Admitted> {
        let (sender, receiver) = oneshot::channel();
        let connectors = Arc::clone(self);
        thread::Builder::new().name("admission".to_owned()).spawn(move || {
            // Nobody may want it any more.
            drop(sender.send(connectors.admit(&bytes, &name)));
        })?;
        receiver.await.map_err(|_| io::Error::other("the admission of a connector panicked"))
    }

    /// What a connector may be, and what a call of one may take.
    pub fn limits(&self) -> Limits {
        self.admission.runtime.limits
    }

    /// Counts the failures of this active version that the one before does not have, until that one is put aside.
    pub fn watch(&self, digest: &str, before: Option<&VersionInUse>) {
        if let Some(connector) = self.loaded(digest) {
            connector.watch(before.map(|before| self.probation.begin(before.version_handle(), &self.alarms)));
        }
    }

    /// The digest of the next version that fails where the one before it does not.
    pub async fn next_failing(&self) -> String {
        self.alarms.next().await
    }

    /// Forgets the compiled form of a version that is deleted.
    pub fn forget(&self, digest: &str) {
        self.admission.forget(digest);
    }
}

/// The components of a directory, sorted by name.
pub fn component_files(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::Directory { path: directory.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Logs every reason against what came from here.
pub fn log_refusal(file: &str, reasons: &[Reason]) {
    for Reason { code, message, remedy } in reasons {
        tracing::error!(file, code = &**code, reason = message, remedy, "connector refused");
    }
}

/// Admits one file, as [`Connectors::load`] would: the connector, to be called on the calling thread, or every reason
/// against it. For its author; what is compiled is not kept.
pub fn check(settings: &admission::Settings, file: &Path) -> Result<Result<Version, Vec<Reason>>, Error> {
    let admission = Admission::new(settings, None)?;
    Ok(read(file, &settings.limits).and_then(|bytes| admission.admit(&bytes, &file_name(file))))
}

fn file_name(file: &Path) -> String {
    file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Reads a component, which must be a regular file of bounded size.
pub fn read(file: &Path, limits: &Limits) -> Result<Vec<u8>, Vec<Reason>> {
    let unreadable = |what: String| vec![Reason::new("unreadable", what, "Name a file that this user may read.")];
    match regular_file::read(file, limits.component_bytes) {
        Ok(bytes) => Ok(bytes),
        Err(regular_file::Error::TooLarge(most)) => Err(vec![Reason::too_large(most)]),
        Err(error @ regular_file::Error::NotRegular) => Err(unreadable(error.to_string())),
        Err(regular_file::Error::Io(error)) => Err(unreadable(format!("the file cannot be read: {error}"))),
    }
}
