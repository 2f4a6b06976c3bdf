//! Whether the certificates and keys of a connection can be read, while whoever sends them is there: a test would say it too,
//! but perhaps nobody makes one.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::connectors::Target;
use crate::descriptor::{self, Endpoint};
use crate::finding::Finding;
use crate::json::{Place, member};
use crate::pem;
use crate::secrets::Credentials;

/// Reads those certificates of a connection that are a text of its configuration, which was sent as this member. Findings have
/// pointers into the request's body.
pub(super) fn check(target: &Target, config_member: &str, sent: &Value) -> Vec<Finding> {
    // Endpoints have one text in common, which may be large.
    let texts: HashSet<&str> = target.descriptor.endpoints.iter().flat_map(texts).collect();
    let top = member("", config_member);
    let mut findings: Vec<Finding> = texts
        .into_iter()
        .filter_map(|text| {
            // What the connector has put there by itself is not the tenant's mistake; a test says what is wrong with it.
            let pointer = find(&Place::Top(&top), sent, text)?;
            Some(unusable(&pointer, &pem::certificates(text).err()?))
        })
        .collect();
    findings.sort_by(|one, other| one.pointer.cmp(&other.pointer));
    findings
}

/// Whether there are any.
pub(super) fn are_in(target: &Target) -> bool {
    target.descriptor.endpoints.iter().flat_map(texts).next().is_some()
}

/// Reads the keys of client certificates.
pub(super) fn check_keys(target: &Target, credentials: &Credentials) -> Vec<Finding> {
    let identities = target.descriptor.endpoints.iter().filter_map(|endpoint| endpoint.tls.identity.as_ref());
    let names: BTreeSet<&String> = identities
        .filter_map(|identity| match &identity.key {
            descriptor::Value::Credential(name) => Some(name),
            descriptor::Value::Text(_) => None,
        })
        .collect();
    let error = |name: &str| pem::private_key(credentials.get(name)?.expose()).err();
    names.into_iter().filter_map(|name| Some(unusable(&member("/credentials", name), &error(name)?))).collect()
}

fn texts(endpoint: &Endpoint) -> impl Iterator<Item = &str> {
    let identity = endpoint.tls.identity.as_ref().map(|identity| &identity.certificate);
    endpoint.tls.roots.iter().chain(identity).map(String::as_str)
}

fn unusable(pointer: &str, error: &pem::Error) -> Finding {
    Finding::error("pem", pointer, &error.to_string()).with_hint(error.hint())
}

/// Where a text was sent, if the connector has it from there.
fn find(at: &Place<'_>, value: &Value, text: &str) -> Option<String> {
    match value {
        Value::String(other) => (other == text).then(|| at.pointer()),
        Value::Array(elements) => {
            let mut elements = elements.iter().enumerate();
            elements.find_map(|(index, element)| find(&Place::Element(at, index), element, text))
        }
        Value::Object(members) => members.iter().find_map(|(name, value)| find(&Place::Member(at, name), value, text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_is_found_where_it_was_sent() {
        let sent = json!({"a": 1, "b/c": [{"d": "x"}, {"d": "y"}]});
        let found = |text: &str| find(&Place::Top("/config"), &sent, text);
        assert_eq!(found("y").as_deref(), Some("/config/b~1c/1/d"));
        assert_eq!(found("z"), None);
    }
}
