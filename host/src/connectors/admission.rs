//! Admission: what must hold before bytes become a connector. Every reason for a refusal is named at once, as far as one
//! does not hide the other: first the bytes, then the compiled component, then what it says of itself, then what it
//! answers.

pub(super) mod cache;
mod compile;
mod manifest;
mod precheck;
mod reason;
mod secrets;
mod surface;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use wasmtime::component::Component;

use super::contract::{Adapter, Answer, Purpose, SPOKEN, choose};
use super::guest::{Allocator, Limits, Runtime, give_way};
use super::judge::Approvals;
use super::version::Version;
use super::{CallError, Error, call};
use crate::digest;
use crate::finding::Finding;

use cache::Cache;
pub use compile::CompileLimits;
use compile::Compiler;
pub use compile::child as compiler;
pub(super) use manifest::Schemas;
pub(crate) use precheck::bounds;
pub use reason::Reason;
pub use surface::{Surface, WasiPolicy};

/// What an operator decides about what becomes a connector, and about what it may take.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether connectors may import WASI.
    pub wasi: WasiPolicy,
    /// Counts before compiling. Without that, only the compiler's own limits hold.
    pub precheck: bool,
    /// Where connectors may lead, and how they may verify servers, of their own accord.
    pub approved_reaches: Approvals,
    /// The program `patchpanel`, which compiles components in a process of its own.
    pub compiler: PathBuf,
    /// What compiling one may take.
    pub compile_limits: CompileLimits,
    /// What one connector may be, and one call of it may take.
    pub limits: Limits,
    /// How instances get their memory.
    pub allocator: Allocator,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            wasi: WasiPolicy::default(),
            precheck: true,
            approved_reaches: Approvals::default(),
            // The running program, even if its file has been replaced since it started (proc(5)).
            compiler: PathBuf::from("/proc/self/exe"),
            compile_limits: CompileLimits::default(),
            limits: Limits::default(),
            allocator: Allocator::default(),
        }
    }
}

/// Makes connectors of bytes.
pub(super) struct Admission {
    pub(super) runtime: Arc<Runtime>,
    cache: Option<Cache>,
    compiler: Compiler,
    settings: Settings,
}

impl fmt::Debug for Admission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Admission").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Admission {
    /// Starts what runs connectors. Without a cache, every component is compiled.
    pub(super) fn new(settings: &Settings, cache: Option<Cache>) -> Result<Self, Error> {
        let runtime = Runtime::start(settings.allocator, settings.limits);
        let runtime = Arc::new(runtime.map_err(|error| Error::Engine(format!("{error:#}")))?);
        let compiler = Compiler::new(settings.compiler.clone(), settings.compile_limits);
        Ok(Self { runtime, cache, compiler, settings: settings.clone() })
    }

    /// Admits a component; `name` stands for it in the log until it has said what it is. Takes as long as compiling
    /// takes, so this is not for a serving thread.
    pub(super) fn admit(&self, bytes: &[u8], name: &str) -> Result<Version, Vec<Reason>> {
        check_size(bytes.len() as u64, &self.runtime.limits)?;
        let surface = self.check_bytes(bytes)?;
        let digest = digest::of(bytes);
        let component = self.compiled(bytes, &digest).map_err(|reason| vec![reason])?;
        give_way();
        let adapter = link(&surface.contract, &component).map_err(|reason| vec![reason])?;
        let ask = || {
            give_way();
            call::make(&self.runtime, &Arc::from(name), |store| adapter.manifest(store))
        };
        let manifest = ask().map_err(|error| vec![self_check(&error)])?;
        let again = ask().map_err(|error| vec![self_check(&error)])?;
        if manifest != again {
            return Err(vec![differs("get-manifest")]);
        }
        give_way();
        let version = Version {
            schemas: manifest::check(&manifest, &self.settings.approved_reaches)?,
            label: format!("{} {}", manifest.connection_type, manifest.version).into(),
            runtime: Arc::clone(&self.runtime),
            approvals: self.settings.approved_reaches.clone(),
            adapter,
            manifest,
            surface,
            digest,
        };
        check_examples(&version)?;
        Ok(version)
    }

    /// Removes a compiled form from the cache.
    pub(super) fn forget(&self, digest: &str) {
        if let Some(cache) = &self.cache {
            cache.remove(&self.runtime.engine, digest);
        }
    }

    /// From the cache, or compiled.
    fn compiled(&self, bytes: &[u8], digest: &str) -> Result<Component, Reason> {
        let engine = &self.runtime.engine;
        if let Some(component) = self.cache.as_ref().and_then(|cache| cache.read(engine, digest)) {
            return Ok(component);
        }
        let code = self.compiler.compile(bytes)?;
        if let Some(cache) = &self.cache {
            cache.write(engine, digest, &code);
        }
        cache::deserialize(engine, &code).map_err(|error| {
            let message = format!("it asks for more than a connector gets: {error:#}");
            Reason::new("resources", message, "Declare less memory, smaller tables or fewer instances.")
        })
    }

    /// What can be said of the bytes alone, both halves at once.
    fn check_bytes(&self, bytes: &[u8]) -> Result<Surface, Vec<Reason>> {
        let counts = if self.settings.precheck {
            precheck::check(bytes, &precheck::Limits::of(&self.runtime.limits)).map(drop)
        } else {
            Ok(())
        };
        give_way();
        match (counts, surface::check(bytes, self.settings.wasi)) {
            (Ok(()), surface) => surface,
            // Bytes that cannot be read at all have one reason, not two.
            (Err(counts), Ok(_)) => Err(counts),
            (Err(mut counts), Err(surface)) => {
                counts.extend(surface.into_iter().filter(|reason| reason.code != "not_a_component"));
                Err(counts)
            }
        }
    }
}

/// Links a component by the adapter for its version of the contract.
fn link(built_for: &str, component: &Component) -> Result<Box<dyn Adapter>, Reason> {
    let contract = choose(SPOKEN, built_for).ok_or_else(|| surface::refuse_contract(built_for))?;
    (contract.link)(component).map_err(|error| {
        let spoken = contract.version;
        if built_for == spoken {
            let remedy = "Build it against the contract in its published form, without changes.";
            return Reason::new("contract", format!("{error:#}"), remedy);
        }
        Reason::new(
            "contract_version",
            format!("it is built for contract {built_for}, and this host speaks {spoken}: {error:#}"),
            format!("Build it for contract {spoken}, or use a host that speaks {built_for}."),
        )
    })
}

/// Refuses what is too large to be looked at.
fn check_size(bytes: u64, limits: &Limits) -> Result<(), Vec<Reason>> {
    if bytes <= limits.component_bytes { Ok(()) } else { Err(vec![Reason::too_large(limits.component_bytes)]) }
}

/// Tries the manifest's examples, as a tenant would send them, up to the judged descriptor, twice each.
fn check_examples(version: &Version) -> Result<(), Vec<Reason>> {
    let mut reasons = Vec::new();
    for (index, example) in version.manifest.examples.iter().enumerate() {
        // The findings that refuse it, or what it became.
        let try_it = || -> Result<_, CallError> {
            give_way();
            let (findings, accepted) = version.validate(Purpose::Check, example, &[])?;
            let Some(accepted) = accepted else { return Ok((findings, None)) };
            Ok(match version.describe(Purpose::Check, &accepted)? {
                Answer::Given(target) => (findings, Some((accepted, target))),
                Answer::Refused(findings) => (findings, None),
            })
        };
        match (try_it(), try_it()) {
            (Ok(first), Ok(second)) if first != second => reasons.push(differs("validate or describe")),
            (Ok((_, Some(_))), Ok(_)) => {}
            (Ok((findings, None)), Ok(_)) => reasons.push(not_accepted(index, &findings)),
            (Err(error), _) | (_, Err(error)) => reasons.push(self_check(&error)),
        }
    }
    reasons.dedup();
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

fn not_accepted(index: usize, findings: &[Finding]) -> Reason {
    let first = findings.iter().find(|finding| finding.is_error());
    let what = first.map_or_else(String::new, |it| format!(": {it}"));
    let remedy = "Give examples that validate and describe accept without credentials.";
    Reason::new("example", format!("it does not accept its own example {index}{what}"), remedy)
}

fn self_check(error: &CallError) -> Reason {
    Reason::new("self_check", error.to_string(), "Call the function yourself with the manifest's examples.")
}

fn differs(function: &str) -> Reason {
    let remedy = "Take no clock, randomness or order of a hash map into an answer.";
    Reason::new("not_deterministic", format!("{function} answers the same input differently"), remedy)
}
