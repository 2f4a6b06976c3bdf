//! Compares two versions of a connector on a stored connection: what the one that serves it makes of it, and what the
//! other one would. Nothing is dialled, and no credential is there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use semver::Version as Semver;
use serde::{Deserialize, Serialize};
use tracing::subscriber::NoSubscriber;

use crate::connectors::contract::{Answer, Purpose};
use crate::connectors::version::Version;
use crate::connectors::{Accepted, Binding, CallError, Target, VersionInUse, judge};
use crate::descriptor::{Descriptor, Value};
use crate::digest;
use crate::finding::{self, Finding};
use crate::stranger::shown;

/// Differences of one connection that are kept.
const MAX_DIFFERENCES: usize = 32;

/// A stored connection, as the version that serves it has it.
#[derive(Debug)]
pub struct Stored {
    /// The version that serves it; none when it is not loaded.
    pub serving: Option<VersionInUse>,
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

/// What a version makes of a connection that another one serves.
#[derive(Debug)]
pub enum Outcome {
    /// Both give one and the same descriptor.
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
pub(in crate::connectors) fn compare(candidate: &Version, stored: &Stored) -> Comparison {
    if stored.quiet {
        return tracing::subscriber::with_default(NoSubscriber::default(), || look(candidate, stored));
    }
    look(candidate, stored)
}

fn look(candidate: &Version, stored: &Stored) -> Comparison {
    let nothing = |outcome| Comparison { outcome, taken: None };
    let serving = stored.serving.as_ref().map(VersionInUse::version);
    let before = serving.map(|version| version.describe(Purpose::Shadow, &stored.accepted));
    let works = !matches!(before, Some(Ok(Answer::Refused(_)) | Err(_)));
    let taken = match take_over(candidate, &stored.accepted) {
        Ok(Answer::Given(taken)) => taken,
        Ok(Answer::Refused(_)) | Err(_) if !works => return nothing(Outcome::RejectedByBoth),
        Ok(Answer::Refused(findings)) => return nothing(Outcome::Rejected(findings)),
        Err(error) => return nothing(Outcome::Failed(error)),
    };
    let outcome = match (serving, before) {
        (Some(serving), Some(Ok(Answer::Given(before)))) => {
            let facts = (facts(&before.descriptor), facts(&taken.1.descriptor));
            let differences = differences(&facts.0, &facts.1);
            let is_moved = before.bindings != taken.1.bindings || places(&facts.0) != places(&facts.1);
            if is_moved || reaches_more(serving, candidate, &stored.accepted) {
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
fn take_over(candidate: &Version, stored: &Accepted) -> Result<Answer<(Accepted, Target)>, CallError> {
    let (findings, anew) = candidate.validate(Purpose::Shadow, &stored.sent, &stored.credentials_set)?;
    let Some(anew) = anew.filter(|_| !finding::refuse(&findings)) else { return Ok(Answer::Refused(findings)) };
    let parse = |version: &str| Semver::parse(version).ok();
    let is_later = parse(&stored.written_by) > parse(&candidate.manifest().version);
    let accepted = if is_later {
        anew
    } else {
        match candidate.migrate(Purpose::Shadow, stored)? {
            Some(Answer::Given(migrated)) => migrated,
            Some(Answer::Refused(findings)) => return Ok(Answer::Refused(findings)),
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

/// What of a descriptor says where it leads.
fn places<'a>(facts: &'a Facts<'_>) -> Vec<(&'a str, &'a str)> {
    let facts = facts.iter().map(|(path, value)| (&**path, &**value));
    facts.filter(|(path, _)| path.starts_with("endpoints/") || *path == "driver").collect()
}

/// Whether the candidate may lead to a place that the version that serves may not lead to.
fn reaches_more(serving: &Version, candidate: &Version, stored: &Accepted) -> bool {
    let places = |version: &Version| judge::fill(version.manifest(), &version.approvals, &stored.sent);
    let known = places(serving);
    places(candidate).iter().any(|place| !known.contains(place))
}

fn differences(before: &Facts<'_>, after: &Facts<'_>) -> Vec<Difference> {
    let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differ = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let difference = |path: &String| {
        let shown_of = |facts: &Facts<'_>| facts.get(path).map(|value| told(value));
        Difference { path: told(path), before: shown_of(before), after: shown_of(after) }
    };
    differ.take(MAX_DIFFERENCES).map(difference).collect()
}

/// A descriptor as a flat list of texts.
type Facts<'a> = BTreeMap<String, Cow<'a, str>>;

/// What a descriptor says; it names credentials and never has one.
fn facts<'a>(descriptor: &'a Descriptor) -> Facts<'a> {
    let mut facts = Facts::from([("driver".to_owned(), Cow::from(&descriptor.driver))]);
    let mut add = |path: String, value: Cow<'a, str>| drop(facts.insert(path, value));
    for (index, endpoint) in descriptor.endpoints.iter().enumerate() {
        let path = |member: &str| format!("endpoints/{index}/{member}");
        add(path("role"), Cow::from(&endpoint.role));
        add(path("host"), Cow::from(endpoint.host.to_ascii_lowercase()));
        add(path("port"), Cow::from(endpoint.port.to_string()));
        add(path("tls/mode"), Cow::from(endpoint.tls.mode.name()));
        if let Some(server_name) = &endpoint.tls.server_name {
            add(path("tls/server_name"), Cow::from(server_name));
        }
        for (number, root) in endpoint.tls.roots.iter().enumerate() {
            add(path(&format!("tls/roots/{number}")), Cow::from(digest::of(root.as_bytes())));
        }
        if let Some(identity) = &endpoint.tls.identity {
            add(path("tls/identity/certificate"), Cow::from(digest::of(identity.certificate.as_bytes())));
            add(path("tls/identity/key"), text(&identity.key));
        }
    }
    for authentication in &descriptor.authentications {
        let path = |member: &str| format!("authentications/{}/{member}", authentication.endpoint_role);
        add(path("scheme"), Cow::from(&authentication.scheme));
        for parameter in &authentication.parameters {
            add(path(&format!("parameters/{}", parameter.name)), text(&parameter.value));
        }
    }
    for parameter in &descriptor.parameters {
        add(format!("parameters/{}", parameter.name), text(&parameter.value));
    }
    facts
}

fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) => Cow::from(text),
        Value::Credential(name) => Cow::from(format!("the credential {name}")),
    }
}

/// Text of a connector in a comparison. What is cut off still makes a difference.
pub(crate) fn told(text: &str) -> String {
    let shown = shown(text);
    if shown.is_cut() { format!("{shown} {}", digest::of(text.as_bytes())) } else { shown.to_string() }
}
