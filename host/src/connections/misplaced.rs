//! Credentials in the configuration, and members of the configuration among the credentials: what belongs to the other half
//! is told to go there.

use serde_json::Value;

use crate::connectors::contract::{AuthMethod, Manifest};
use crate::finding::Finding;
use crate::json::member;
use crate::meant::meant;

/// Tells it of the unknown members of a configuration that was sent as this member.
pub(super) fn in_config(findings: &mut [Finding], config_member: &str, manifest: &Manifest, method: &AuthMethod) {
    let (here, there) = (names(&manifest.config_schema), names(&method.credential_schema));
    tell(findings, &member("", config_member), &here, &there, |name| {
        (
            format!("There is no such member; `{name}` is a credential."),
            format!("Send it as `credentials.{name}`: it is kept sealed there, and never shown."),
        )
    });
}

/// Tells it of unknown credentials.
pub(super) fn in_credentials(findings: &mut [Finding], manifest: &Manifest, method: Option<&AuthMethod>) {
    let config_member = &manifest.config_member;
    let here = method.map(|method| names(&method.credential_schema)).unwrap_or_default();
    tell(findings, "/credentials", &here, &names(&manifest.config_schema), |name| {
        (
            format!("There is no such credential; `{name}` is a part of the configuration."),
            format!("Send it as `{config_member}.{name}`."),
        )
    });
}

fn names(schema: &Value) -> Vec<&str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

/// Has findings about unknown members directly below this pointer, where there are the names `here`, say which of those that are
/// `there` was meant: one of exactly this name, or one that is like it where none here is.
fn tell<'n>(
    findings: &mut [Finding],
    below: &str,
    here: &[&'n str],
    there: &[&'n str],
    words: impl Fn(&str) -> (String, String),
) {
    for finding in findings.iter_mut().filter(|finding| finding.code == "unknown_member") {
        let Some(name) = finding.pointer.strip_prefix(below).and_then(|rest| rest.strip_prefix('/')) else { continue };
        let like = |names: &[&'n str]| meant(name, names.iter().copied());
        let exactly = there.iter().find(|other| **other == name).copied();
        if let Some(other) = exactly.or_else(|| like(there).filter(|_| like(here).is_none())) {
            let (message, hint) = words(other);
            (finding.message, finding.hint) = (message, Some(hint));
        }
    }
}
