//! Where findings of others belong in a request's body, and what they mean for it.

use crate::connectors::contract::{Finding, Severity};
use crate::schema;

/// Moves findings about a value to where the value is in the request's body.
pub(super) fn under(member: &str, findings: Vec<Finding>) -> impl Iterator<Item = Finding> {
    let prefix = schema::member("", member);
    findings.into_iter().map(move |finding| Finding { pointer: format!("{prefix}{}", finding.pointer), ..finding })
}

/// Whether one of them refuses the request.
pub(super) fn refuse(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_point_into_the_body() {
        let findings = vec![Finding::error("a", "", "m"), Finding::error("b", "/port", "m")];
        let moved: Vec<_> = under("a/b~c", findings).map(|finding| finding.pointer).collect();
        assert_eq!(moved, ["/a~1b~0c", "/a~1b~0c/port"]);
    }
}
