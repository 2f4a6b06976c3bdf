//! The conformance kit: what every connector should do with whatever a tenant may send, tried from outside.
//!
//! Admission asks whether a host can live with a connector; the kit asks whether users can. Each check is one file with
//! one function. All of them call the connector as a host does, through [`Version`], and everything random comes from a
//! seed, so that a finding comes back until it is mended.

mod admitted;
mod budgets;
mod canaries;
mod cases;
mod determinism;
mod explain;
mod forms;
mod generate;
mod generated;
mod hostile;
mod recorded;
mod required;
mod trial;

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use patchpanel::connectors::Version;
use serde::{Serialize, Serializer};
use serde_json::Value;

pub use admitted::refused;
pub use recorded::record;

/// Findings of one check; more of them help nobody.
const MAX_FINDINGS: usize = 20;

/// Failures after which a check does not go on: each may take its whole limit of time.
const MAX_FAILURES: usize = 50;

/// What a connector is tried with.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many configurations are generated.
    pub configs: usize,
    /// The seed that configurations are generated from: the same one gives the same ones.
    pub seed: u64,
    /// A directory of cases, which may be absent.
    pub cases: Option<PathBuf>,
    /// A directory of recorded configurations, which may be absent.
    pub recorded: Option<PathBuf>,
}

/// A connector that is being tried.
#[derive(Debug)]
pub struct Kit<'a> {
    version: &'a Version,
    component_bytes: u64,
    options: &'a Options,
}

/// A check, by its name.
pub type Check = (&'static str, fn(&Kit<'_>) -> Tried);

/// Every check, in the order in which they are made.
pub const CHECKS: [Check; 9] = [
    ("forms", forms::check),
    ("cases", cases::check),
    ("required", required::check),
    ("generated", generated::check),
    ("hostile", hostile::check),
    ("canaries", canaries::check),
    ("determinism", determinism::check),
    ("recorded", recorded::check),
    ("budgets", budgets::check),
];

/// What the kit says of a component.
#[derive(Debug, Serialize)]
pub struct Report {
    /// `sha256:` and 64 hex digits of the component's bytes.
    pub digest: Option<String>,
    /// Type and version, if it is admitted.
    pub connector: Option<String>,
    /// Whether no finding is an error.
    pub passed: bool,
    /// What the generated configurations came from.
    pub seed: u64,
    /// What each check found.
    pub checks: Vec<Checked>,
}

/// What one check came to.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// The check's name.
    pub name: &'static str,
    /// How the check ended.
    pub outcome: Outcome,
    /// How long the check took.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub time: Duration,
    /// What was tried, and what it found.
    #[serde(flatten)]
    pub tried: Tried,
}

/// What a check tried and found.
#[derive(Debug, Default, Serialize)]
pub struct Tried {
    /// What was tried, in a few words.
    pub what: String,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing is wrong.
    Passed,
    /// Something could be better.
    Warned,
    /// Something is wrong.
    Failed,
}

/// Something that a connector does wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Whether the connector fails by it.
    pub severity: Severity,
    /// A code that never changes, such as `pointer_to_nowhere`.
    pub code: Cow<'static, str>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What the connector's author can do.
    pub remedy: String,
    /// The configuration that shows it, as small as the kit could make it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The connector fails by the finding.
    Error,
    /// The connector could be better, and does not fail.
    Warning,
}

impl<'a> Kit<'a> {
    /// A kit for an admitted connector of so many bytes.
    pub fn new(version: &'a Version, component_bytes: u64, options: &'a Options) -> Self {
        Self { version, component_bytes, options }
    }
}

impl Report {
    /// What the checks came to.
    pub fn new(digest: Option<String>, version: Option<&Version>, seed: u64, checks: Vec<Checked>) -> Self {
        let passed = checks.iter().all(|check| check.outcome != Outcome::Failed);
        let connector =
            version.map(|version| format!("{} {}", version.manifest().connection_type, version.manifest().version));
        Self { digest, connector, passed, seed, checks }
    }
}

impl Checked {
    /// What a check of this name came to, which began then.
    pub fn new(name: &'static str, tried: Tried, start: Instant) -> Self {
        let time = start.elapsed();
        let worst = |severity| tried.findings.iter().any(|finding| finding.severity == severity);
        let outcome = if worst(Severity::Error) {
            Outcome::Failed
        } else if worst(Severity::Warning) {
            Outcome::Warned
        } else {
            Outcome::Passed
        };
        Self { name, outcome, time, tried }
    }
}

impl Finding {
    fn error(code: impl Into<Cow<'static, str>>, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (code, message, remedy) = (code.into(), message.into(), remedy.into());
        Self { severity: Severity::Error, code, message, remedy, input: None }
    }

    fn warning(code: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message, remedy) }
    }

    fn with_input(self, input: &Value) -> Self {
        Self { input: Some(input.clone()), ..self }
    }
}

impl Tried {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), findings: Vec::new() }
    }

    /// Adds a finding, unless the same thing has been found with another input.
    fn add(&mut self, finding: Finding) {
        let same = |known: &Finding| known.code == finding.code && known.message == finding.message;
        if !self.is_full() && !self.findings.iter().any(same) {
            self.findings.push(finding);
        }
    }

    fn is_full(&self) -> bool {
        self.findings.len() >= MAX_FINDINGS
    }
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}
