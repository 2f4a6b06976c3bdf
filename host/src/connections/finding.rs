//! Findings of the host itself, and where findings of others belong in a request's body.

use crate::connectors::contract::{Finding, Severity};

/// An error at a place in the request's body.
pub(super) fn error(code: &str, pointer: impl Into<String>, message: impl Into<String>, hint: &str) -> Finding {
    Finding {
        severity: Severity::Error,
        code: code.into(),
        pointer: pointer.into(),
        message: message.into(),
        hint: Some(hint.into()),
    }
}

/// Moves findings about a value to where the value is in the request's body.
pub(super) fn under(member: &str, findings: Vec<Finding>) -> impl Iterator<Item = Finding> {
    let prefix = pointer(member);
    findings.into_iter().map(move |finding| Finding { pointer: format!("{prefix}{}", finding.pointer), ..finding })
}

/// The JSON pointer (RFC 6901) of a member of the body.
pub(super) fn pointer(member: &str) -> String {
    format!("/{}", member.replace('~', "~0").replace('/', "~1"))
}

/// Whether one of them refuses the request.
pub(super) fn refuse(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}
