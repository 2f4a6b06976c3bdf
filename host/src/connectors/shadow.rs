//! Compares two versions of a connector on a stored connection: what the one that serves it makes of it, and what the
//! other one would. Nothing is dialled, and no credential is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use semver::Version as Semver;
use serde::{Deserialize, Serialize};
use tracing::subscriber::NoSubscriber;

use super::contract::{Finding, Purpose};
use super::version::{Version, refuse};
use super::{Accepted, Binding, CallError, Connector, Target, reach};
use crate::descriptor::{Descriptor, Value};
use crate::digest;

/// Differences of one connection that are kept.
const MAX_DIFFERENCES: usize = 32;

/// Characters of a value that is shown.
const MAX_SHOWN: usize = 200;

/// A stored connection, as the version that serves it has it.
#[derive(Debug)]
pub struct Stored {
    /// The version that serves it; none when it is not loaded.
    pub serving: Option<Arc<Connector>>,
    /// The configuration.
    pub accepted: Accepted,
    /// What its credentials were accepted for.
    pub bindings: Vec<Binding>,
    /// Whether nothing is logged of it.
    pub quiet: bool,
}

/// What the other version makes of it.
#[derive(Debug)]
pub struct Comparison {
    /// In a word.
    pub outcome: Outcome,
    /// The configuration as the other version has it, and where it would lead; none if it does not accept it.
    pub taken: Option<(Accepted, Target)>,
}

impl Comparison {
    /// About how many bytes it has: those of its configurations and of the texts in it.
    pub fn size(&self) -> usize {
        let texts = |differences: &[Difference]| -> usize {
            let text = |it: &Option<String>| it.as_ref().map_or(0, String::len);
            differences.iter().map(|it| it.path.len() + text(&it.before) + text(&it.after)).sum()
        };
        let taken = self.taken.as_ref().map_or(0, |(accepted, target)| {
            let roots = target.descriptor.endpoints.iter().flat_map(|endpoint| &endpoint.tls.roots);
            accepted.sent.to_string().len()
                + accepted.normalised.to_string().len()
                + roots.map(String::len).sum::<usize>()
                + facts(&target.descriptor).values().map(String::len).sum::<usize>()
        });
        taken
            + match &self.outcome {
                Outcome::Differs(differences) | Outcome::Elsewhere(differences) => texts(differences),
                Outcome::Rejected(findings) => findings.iter().map(|it| it.pointer.len() + it.message.len()).sum(),
                Outcome::Unchanged | Outcome::Failed(_) | Outcome::RejectedByBoth => 0,
            }
    }
}

/// What a version makes of a connection that another one serves.
#[derive(Debug)]
pub enum Outcome {
    /// The same descriptor.
    Unchanged,
    /// Another descriptor that leads to the same place with the same credentials.
    Differs(Vec<Difference>),
    /// It leads elsewhere, may lead elsewhere, or takes credentials elsewhere.
    Elsewhere(Vec<Difference>),
    /// It does not accept what the version that serves it accepts.
    Rejected(Vec<Finding>),
    /// It fails.
    Failed(CallError),
    /// Neither accepts it.
    RejectedByBoth,
}

/// One fact of a descriptor that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Such as `endpoints/0/host`.
    pub path: String,
    /// In the version that serves; null when it is not there.
    pub before: Option<String>,
    /// In the other one.
    pub after: Option<String>,
}

/// Compares, on the calling thread.
pub(super) fn compare(candidate: &Version, stored: &Stored) -> Comparison {
    if stored.quiet {
        return tracing::subscriber::with_default(NoSubscriber::default(), || look(candidate, stored));
    }
    look(candidate, stored)
}

fn look(candidate: &Version, stored: &Stored) -> Comparison {
    let nothing = |outcome| Comparison { outcome, taken: None };
    let serving = stored.serving.as_ref().map(|connector| connector.version());
    let before = serving.map(|version| version.describe(Purpose::Shadow, &stored.accepted));
    let works = !matches!(before, Some(Ok(Err(_)) | Err(_)));
    let taken = match take_over(candidate, &stored.accepted) {
        Ok(Ok(taken)) => taken,
        Ok(Err(_)) | Err(_) if !works => return nothing(Outcome::RejectedByBoth),
        Ok(Err(findings)) => return nothing(Outcome::Rejected(findings)),
        Err(error) => return nothing(Outcome::Failed(error)),
    };
    let outcome = match (serving, before) {
        (Some(serving), Some(Ok(Ok(before)))) => {
            let differences = differences(&before.descriptor, &taken.1.descriptor);
            if leads_elsewhere(serving, candidate, &stored.accepted, (&before, &taken.1)) {
                Outcome::Elsewhere(differences)
            } else if differences.is_empty() {
                Outcome::Unchanged
            } else {
                Outcome::Differs(differences)
            }
        }
        // Without an answer to compare with, there is still what its credentials were accepted for.
        _ if is_bound_elsewhere(stored, &taken.1) => Outcome::Elsewhere(Vec::new()),
        _ => Outcome::Differs(Vec::new()),
    };
    Comparison { outcome, taken: Some(taken) }
}

/// The configuration as the candidate has it, and where it leads; or what it finds wrong with it.
///
/// One that a later version has written is made anew from what the tenant sent; one of an earlier version is migrated,
/// or stays as it is where the candidate has no migration.
fn take_over(candidate: &Version, stored: &Accepted) -> Result<Result<(Accepted, Target), Vec<Finding>>, CallError> {
    let (findings, anew) = candidate.validate(Purpose::Shadow, &stored.sent, &stored.credentials_set)?;
    let Some(anew) = anew.filter(|_| !refuse(&findings)) else { return Ok(Err(findings)) };
    let parse = |version: &str| Semver::parse(version).ok();
    let is_later = parse(&stored.written_by) > parse(&candidate.manifest().version);
    let accepted = if is_later {
        anew
    } else {
        match candidate.migrate(Purpose::Shadow, stored)? {
            Some(Ok(migrated)) => migrated,
            Some(Err(findings)) => return Ok(Err(findings)),
            None => stored.clone(),
        }
    };
    Ok(candidate.describe(Purpose::Shadow, &accepted)?.map(|target| (accepted, target)))
}

/// Whether credentials that are set would go elsewhere than they were accepted for.
fn is_bound_elsewhere(stored: &Stored, target: &Target) -> bool {
    let sorted = |bindings: &[Binding]| bindings.iter().cloned().collect::<BTreeSet<_>>();
    sorted(&stored.bindings) != sorted(&target.bindings)
}

/// Whether the candidate leads or may lead to another place than the version that serves, or takes a credential there.
fn leads_elsewhere(serving: &Version, candidate: &Version, stored: &Accepted, targets: (&Target, &Target)) -> bool {
    let (before, after) = targets;
    let places = |target: &Target| -> Vec<_> {
        let facts = facts(&target.descriptor).into_iter();
        facts.filter(|(path, _)| path.starts_with("endpoints/") || path == "driver").collect()
    };
    let known = reach::fill(serving.manifest(), &stored.sent);
    let reaches_more = reach::fill(candidate.manifest(), &stored.sent).iter().any(|place| !known.contains(place));
    before.bindings != after.bindings || places(before) != places(after) || reaches_more
}

fn differences(before: &Descriptor, after: &Descriptor) -> Vec<Difference> {
    let (before, after) = (facts(before), facts(after));
    let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differ = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let difference = |path: &String| Difference {
        path: path.clone(),
        before: before.get(path).cloned(),
        after: after.get(path).cloned(),
    };
    differ.take(MAX_DIFFERENCES).map(difference).collect()
}

/// A descriptor as a flat list of texts; it names credentials and never has one.
fn facts(descriptor: &Descriptor) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::from([("driver".to_owned(), shown(&descriptor.driver))]);
    let mut add = |path: String, text: &str| facts.insert(shown(&path), shown(text));
    for (index, endpoint) in descriptor.endpoints.iter().enumerate() {
        let path = |member: &str| format!("endpoints/{index}/{member}");
        add(path("role"), &endpoint.role);
        add(path("host"), &endpoint.host.to_ascii_lowercase());
        add(path("port"), &endpoint.port.to_string());
        add(path("tls/mode"), endpoint.tls.mode.name());
        if let Some(server_name) = &endpoint.tls.server_name {
            add(path("tls/server_name"), server_name);
        }
        for (number, root) in endpoint.tls.roots.iter().enumerate() {
            add(path(&format!("tls/roots/{number}")), &digest::of(root.as_bytes()));
        }
        if let Some(identity) = &endpoint.tls.identity {
            add(path("tls/identity/certificate"), &digest::of(identity.certificate.as_bytes()));
            add(path("tls/identity/key"), &value(&identity.key));
        }
    }
    for authentication in &descriptor.authentications {
        let path = |member: &str| format!("authentications/{}/{member}", authentication.endpoint_role);
        add(path("scheme"), &authentication.scheme);
        for parameter in &authentication.parameters {
            add(path(&format!("parameters/{}", parameter.name)), &value(&parameter.value));
        }
    }
    for parameter in &descriptor.parameters {
        add(format!("parameters/{}", parameter.name), &value(&parameter.value));
    }
    facts
}

fn value(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Credential(name) => format!("the credential {name}"),
    }
}

/// Text of a connector in a report: short, and without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        // What was cut off still makes a difference.
        shown.push_str("… ");
        shown.push_str(&digest::of(text.as_bytes()));
    }
    shown
}
