//! The connectors: Wasm components that validate configurations and describe connections. They never see the network,
//! the store or a secret value.
//!
//! From bytes to an answer: `precheck` counts and `admission` decides whether they become a connector, `compile` makes
//! them code in a process of its own and `cache` keeps it; `adapter` speaks the contract's version and `wasi` what stock
//! tool-chains expect; `guests` and `instance` run one call within its `limits`, `breaker` rests a connector that keeps
//! failing, and `verdict`, `reach` and `judge` decide whether an answer counts.

mod adapter;
pub mod admission;
pub mod breaker;
mod cache;
mod call;
pub(crate) mod compile;
mod connector;
pub mod contract;
mod engine;
mod guests;
mod instance;
mod judge;
mod limits;
mod log;
mod precheck;
mod reach;
mod runtime;
mod text;
mod v1;
mod verdict;
mod version;
mod wasi;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use serde_json::Value;

use crate::descriptor::Descriptor;
use admission::{Admission, Reason};
use breaker::Breaker;
use cache::Cache;
pub use call::{Call, CallError};
pub use compile::CompileLimits;
pub use connector::Connector;
pub use engine::Allocator;
pub use limits::{Exceeded, Limit, Limits};
pub use version::Version;

/// Where connectors come from, and how they run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The directory of component files, `*.wasm`.
    pub directory: PathBuf,
    /// Where compiled forms are kept.
    pub cache_directory: PathBuf,
    /// What becomes a connector, and what it may take.
    pub admission: admission::Settings,
    /// When one that keeps failing rests.
    pub breaker: breaker::Settings,
}

/// The loaded connectors, by type name.
#[derive(Debug)]
pub struct Connectors {
    by_type: BTreeMap<String, Arc<Connector>>,
}

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

/// A descriptor that the host has judged, and what each credential is bound to by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What to connect to.
    pub descriptor: Descriptor,
    /// Where each credential goes, sorted.
    pub bindings: Vec<Binding>,
}

/// Where one credential may be sent. Stored with the connection; another one needs the credential anew.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Binding {
    /// The credential's name.
    pub credential: String,
    /// The driver that gets it.
    pub driver: String,
    /// The scheme that uses it; `client-certificate` for a key.
    pub scheme: String,
    /// The endpoint's role, host and port.
    pub endpoint_role: String,
    /// In lower case.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The TLS mode's name.
    pub tls_mode: String,
    /// The name that the certificate is checked against.
    pub server_name: String,
    /// SHA-256 of the roots, hex; empty for the system's.
    pub roots_digest: String,
}

impl Connectors {
    /// Loads every component of the directory. One that is refused is logged with every reason and left out; the
    /// others serve. Compiling takes a moment the first time, so this is not for a serving thread.
    pub fn load(settings: &Settings) -> Result<Self, Error> {
        let files = component_files(&settings.directory)
            .map_err(|source| Error::Directory { path: settings.directory.clone(), source })?;
        let cache = Cache::open(&settings.cache_directory)
            .map_err(|source| Error::Cache { path: settings.cache_directory.clone(), source })?;
        let admission = Admission::new(&settings.admission, Some(cache))?;
        let breaker = Arc::new(Breaker::new(settings.breaker));
        let mut by_type = BTreeMap::<String, Arc<Connector>>::new();
        for file in files {
            match load(&admission, &file) {
                Ok(version) if by_type.contains_key(&version.manifest.type_name) => {
                    let message = format!("another file is a connector for {} already", version.manifest.type_name);
                    refuse(&file, &[Reason::new("duplicate_type", message, "Keep one file for each type.")]);
                }
                Ok(version) => {
                    let (label, digest, contract) = (&*version.label, &version.digest, version.contract());
                    tracing::info!(connector = label, digest, contract, "connector loaded");
                    let type_name = version.manifest.type_name.clone();
                    by_type.insert(type_name, Arc::new(Connector::new(version, Arc::clone(&breaker))));
                }
                Err(reasons) => refuse(&file, &reasons),
            }
        }
        Ok(Self { by_type })
    }

    /// All connectors, sorted by type name.
    pub fn list(&self) -> Vec<Arc<Connector>> {
        self.by_type.values().cloned().collect()
    }

    /// The connector of this type.
    pub fn find(&self, type_name: &str) -> Option<Arc<Connector>> {
        self.by_type.get(type_name).cloned()
    }
}

fn component_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn refuse(file: &Path, reasons: &[Reason]) {
    for Reason { code, message, remedy } in reasons {
        tracing::error!(file = %file.display(), code, reason = message, remedy, "connector refused");
    }
}

/// Admits one file, as [`Connectors::load`] would: the connector, to be called on the calling thread, or every reason
/// against it. For its author; what is compiled is not kept.
pub fn check(settings: &admission::Settings, file: &Path) -> Result<Result<Version, Vec<Reason>>, Error> {
    Ok(load(&Admission::new(settings, None)?, file))
}

fn load(admission: &Admission, file: &Path) -> Result<Version, Vec<Reason>> {
    let bytes = read(file, &admission.runtime.limits)?;
    let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    admission.admit(&bytes, &name)
}

fn read(file: &Path, limits: &Limits) -> Result<Vec<u8>, Vec<Reason>> {
    let unreadable = |what: String| vec![Reason::new("unreadable", what, "Name a file that this user may read.")];
    let failed = |error: io::Error| unreadable(format!("the file cannot be read: {error}"));
    // Opening a pipe would wait for its writer.
    if !fs::metadata(file).map_err(failed)?.is_file() {
        return Err(unreadable("it is no regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    let most = limits.component_bytes;
    fs::File::open(file).map_err(failed)?.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    admission::check_size(bytes.len() as u64, limits)?;
    Ok(bytes)
}
