//! A call that failed, in words for the connector's author: a code of its own and what to do.

use super::Finding;
use crate::connectors::{CallError, Limit};

/// Parts of what the host says of nonsense and of going astray: the code, and what to do.
const REASONS: [(&str, &str, &str); 32] = [
    (
        "points to nowhere",
        "pointer_to_nowhere",
        "Point to a member that was sent, such as /host, to an absent member of an object that is there, or to all by \"\".",
    ),
    (
        "a finding's code",
        "bad_code",
        "Name findings with lower-case letters, digits and underscores, such as out_of_range.",
    ),
    ("more than 100 findings", "too_many_findings", "Stop at the first twenty of a kind."),
    (
        "a text is not one line",
        "bad_text",
        "Write one line of 1 to 512 bytes, and none of the tenant's own characters.",
    ),
    (
        "found no error, and gave no normalised",
        "no_normalised",
        "Give the configuration to store whenever no finding is an error.",
    ),
    ("found an error, and gave a normalised", "normalised_beside_an_error", "Give none when a finding is an error."),
    (
        "breaks its own schema",
        "normalised_breaks_schema",
        "Give a finding for what the schema refuses, and fill in only what it allows.",
    ),
    ("is not JSON", "bad_json", "Write JSON by a library, and text in it as UTF-8."),
    ("occurs twice", "bad_json", "Write each member once."),
    ("64 levels", "bad_json", "Nest less."),
    ("out of range", "bad_json", "Keep to the numbers of a 64-bit float."),
    ("without a finding that is an error", "refused_without_a_reason", "Say why by a finding of the severity error."),
    ("asks for a credential", "credential_in_statement", "Take no credential into a statement."),
    ("a language that this host does not know", "bad_statement", "Write the statement in `sql`."),
    ("longer than 64 KiB", "bad_statement", "Bind long values as parameters, or select less."),
    ("zero character", "bad_statement", "Refuse texts with a zero character in `validate`, or leave them out."),
    (
        "is not where the configuration leads",
        "leads_elsewhere",
        "Answer host and port exactly as the tenant wrote them, or declare the pattern that leads there as a reach.",
    ),
    (
        "looser TLS mode",
        "loosens_tls",
        "Answer the TLS mode that the configuration asks for, or a stricter one; where it asks for none, verify-full.",
    ),
    ("verified against another name", "verifies_another_name", "Leave server-name empty, or declare it in the reach."),
    ("trusts other roots", "trusts_other_roots", "Answer exactly the roots that the reach declares, in its order."),
    (
        "would be sent openly",
        "secret_sent_openly",
        "Use secrets as passwords or keys only; mark what may be shown with \"x-secret\": false.",
    ),
    ("is used for two things", "credential_used_twice", "Use each credential for one thing."),
    (
        "given to a driver's parameter",
        "credential_in_parameter",
        "Use credentials in authentications, not in parameters.",
    ),
    ("there is no credential", "unknown_credential", "Use only names that the credential-schema of the method has."),
    ("must be a credential", "literal_secret", "Refer to the credential by its name."),
    ("1 to 16 endpoints", "bad_endpoints", "Answer 1 to 16 endpoints, one of the role `data`."),
    ("is not in its manifest", "unknown_driver", "Name the driver in the manifest's `drivers`."),
    ("has no parameter", "unknown_parameter", "Use only the parameters that the contract documents at `descriptor`."),
    ("have different names", "duplicate_parameter", "Name each parameter once, and no more than 64."),
    ("at most 8 authentications", "too_many_authentications", "Answer one authentication for each role."),
    ("the scheme", "unknown_scheme", "Use a scheme that the contract documents, such as `password`."),
    ("uses the TLS mode", "unknown_tls_mode", "Use disable, require, verify-ca or verify-full."),
];

/// The finding for a call of this function that failed.
pub(super) fn explain(function: &str, error: &CallError) -> Finding {
    match error {
        CallError::Trap { .. } => {
            let remedy = "Say what is wrong by a finding: `validate` must answer whatever JSON object it gets. Look for an \
                          unwrap, an index or a cast; `patchpanel connector dev` shows what traps.";
            Finding::error("trap", format!("{function} traps"), remedy)
        }
        CallError::Limit { exceeded, .. } => {
            let (code, remedy) = limit(exceeded.limit);
            Finding::error(code, format!("{function} exceeds {exceeded}"), remedy)
        }
        CallError::Nonsense { reason, .. } | CallError::Astray { reason, .. } => {
            let row = row(reason);
            let fallback = ("", "nonsense", "Answer as the contract documents the record.");
            let (_, code, remedy) = row.unwrap_or(&fallback);
            Finding::error(*code, format!("{function}: {reason}"), *remedy)
        }
        other => Finding::error("not_called", format!("{function}: {other}"), "Try again."),
    }
}

fn row(reason: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    REASONS.iter().find(|(part, ..)| reason.contains(part))
}

/// The code for a reason of nonsense or of going astray, if there is one of its own: for tests beside what gives reasons.
#[cfg(test)]
pub(crate) fn code_of(reason: &str) -> Option<&'static str> {
    row(reason).map(|(_, code, _)| *code)
}

fn limit(limit: Limit) -> (&'static str, &'static str) {
    match limit {
        Limit::CpuTime | Limit::WallTime => {
            ("too_slow", "Look for a loop that does not end, or that goes over long texts again and again.")
        }
        Limit::Memory => ("too_much_memory", "Keep no copies of long texts, and refuse what is too long first."),
        Limit::TableElements => ("too_much_memory", "Declare smaller tables."),
        Limit::Handles => ("too_many_handles", "Drop resources once they have been used."),
        Limit::Stack => ("too_deep", "Bound recursion: a configuration may have 64 levels."),
        Limit::Answer => (
            "answer_too_large",
            "Answer less: the first findings of a kind, and no more than was sent. Bound long texts by `maxLength`.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_reason_hides_behind_another() {
        for (index, (part, ..)) in REASONS.iter().enumerate() {
            let first = REASONS.iter().position(|(other, ..)| part.contains(other));
            assert_eq!(first, Some(index), "{part}");
        }
    }
}
