//! The connectors: Wasm components that validate configurations and describe connections. They never see the network,
//! the store or a secret value.
//!
//! From a file to an answer: `admission` decides whether bytes become a connector, `compile` makes them code,
//! `adapter` speaks the contract's version, `guests` and `instance` run one call, and `verdict`, `reach` and
//! `judge` decide whether its answer counts.

mod adapter;
pub mod admission;
mod call;
mod compile;
mod connector;
pub mod contract;
mod engine;
mod guests;
mod instance;
mod judge;
mod reach;
mod runtime;
mod v1;
mod verdict;
mod version;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use aws_lc_rs::digest;
use serde_json::Value;

use crate::descriptor::Descriptor;
use adapter::Adapter as _;
use admission::Reason;
pub use call::{Call, CallError};
pub use connector::Connector;
pub use engine::Allocator;
use runtime::Runtime;
pub use version::Version;

/// Where connectors come from, and how they run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The directory of component files, `*.wasm`.
    pub directory: PathBuf,
    /// Where compiled forms are kept.
    pub cache_directory: PathBuf,
    /// How instances get their memory.
    pub allocator: Allocator,
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
        let cache = compile::Cache::open(&settings.cache_directory)
            .map_err(|source| Error::Cache { path: settings.cache_directory.clone(), source })?;
        let runtime = Runtime::start(settings.allocator).map_err(|error| Error::Engine(format!("{error:#}")))?;
        let runtime = Arc::new(runtime);
        let mut by_type = BTreeMap::<String, Arc<Connector>>::new();
        for file in files {
            match load(&runtime, &cache, &file) {
                Ok(connector) if by_type.contains_key(&connector.manifest().type_name) => {
                    let message = format!("another file is a connector for {} already", connector.manifest().type_name);
                    refuse(&file, &[admission::reason("duplicate_type", message)]);
                }
                Ok(connector) => {
                    let (label, digest) = (&*connector.0.label, connector.digest());
                    tracing::info!(connector = label, digest, "connector loaded");
                    by_type.insert(connector.manifest().type_name.clone(), Arc::new(connector));
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
    for Reason { code, message } in reasons {
        tracing::error!(file = %file.display(), code, reason = message, "connector refused");
    }
}

/// From a file to a connector: compilation, admission and the connector's own examples.
fn load(runtime: &Arc<Runtime>, cache: &compile::Cache, file: &Path) -> Result<Connector, Vec<Reason>> {
    let refused = |code, message: String| vec![admission::reason(code, message)];
    let bytes = read(file)?;
    let digest = format!("sha256:{}", hex(digest::digest(&digest::SHA256, &bytes).as_ref()));
    let component = cache.load(&runtime.engine, &bytes, &digest).map_err(|reason| vec![reason])?;
    admission::check_component(&component)?;
    let adapter = v1::Version1::link(&component).map_err(|error| refused("contract", format!("{error:#}")))?;
    let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let manifest = runtime
        .call(&Arc::from(name), |store| adapter.manifest(store))
        .map_err(|error| refused("self_check", error.to_string()))?;
    let version = Version {
        schemas: admission::check_manifest(&manifest)?,
        label: format!("{} {}", manifest.type_name, manifest.version).into(),
        runtime: Arc::clone(runtime),
        adapter: Box::new(adapter),
        manifest,
        digest,
    };
    admission::check_examples(&version)?;
    Ok(Connector(Arc::new(version)))
}

fn read(file: &Path) -> Result<Vec<u8>, Vec<Reason>> {
    let unreadable =
        |error: io::Error| vec![admission::reason("unreadable", format!("the file cannot be read: {error}"))];
    // Opening a pipe would wait for its writer.
    if !fs::metadata(file).map_err(unreadable)?.is_file() {
        return Err(vec![admission::reason("unreadable", "it is no regular file".to_owned())]);
    }
    let mut bytes = Vec::new();
    let limit = admission::MAX_COMPONENT_BYTES;
    fs::File::open(file).map_err(unreadable)?.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(vec![admission::reason("too_large", format!("it is larger than {} MiB", limit >> 20))]);
    }
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
