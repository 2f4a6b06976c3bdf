//! Credentials in the configuration, and members of the configuration among the credentials: what belongs to the other half
//! is told to go there.

use serde_json::Value;

use crate::connectors::contract::{AuthMethod, Manifest};
use crate::finding::Finding;
use crate::json::member;
use crate::meant::meant;

/// Tells it of the unknown members of a configuration that was sent as this member.
pub(super) fn in_config(findings: &mut [Finding], config_member: &str, method: &AuthMethod) {
    tell(findings, &member("", config_member), &names(&method.credential_schema), |name| {
        (
            format!("There is no such member; `{name}` is a credential."),
            format!("Send it as `credentials.{name}`: it is kept sealed there, and never shown."),
        )
    });
}

/// Tells it of unknown credentials.
pub(super) fn in_credentials(findings: &mut [Finding], manifest: &Manifest) {
    let config_member = &manifest.config_member;
    tell(findings, "/credentials", &names(&manifest.config_schema), |name| {
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

/// Has findings about unknown members directly below this pointer say which of the others was meant, unless one beside it is
/// as like.
fn tell(findings: &mut [Finding], below: &str, others: &[&str], words: impl Fn(&str) -> (String, String)) {
    for finding in findings.iter_mut().filter(|finding| finding.code == "unknown_member") {
        let Some(name) = finding.pointer.strip_prefix(below).and_then(|rest| rest.strip_prefix('/')) else { continue };
        let exactly = others.iter().find(|other| **other == name).copied();
        let beside = finding.message.ends_with('?');
        if let Some(other) = exactly.or_else(|| meant(name, others.iter().copied()).filter(|_| !beside)) {
            let (message, hint) = words(other);
            (finding.message, finding.hint) = (message, Some(hint));
        }
    }
}
