//! A call that failed, in words for the connector's author: a code of its own and what to do.

use patchpanel::connectors::contract::Nonsense;
use patchpanel::connectors::{Astray, CallError, Limit, Wrong};

use super::Finding;

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
        CallError::Nonsense { reason, .. } => {
            Finding::error(reason.code(), format!("{function}: {reason}"), of_nonsense(reason))
        }
        CallError::Astray { reason, .. } => {
            Finding::error(reason.code(), format!("{function}: {reason}"), of_astray(reason))
        }
        other => Finding::error("not_called", format!("{function}: {other}"), "Try again."),
    }
}

/// What to do about an answer that breaks the contract.
fn of_nonsense(nonsense: &Nonsense) -> &'static str {
    match nonsense {
        Nonsense::BadJson { .. } => "Write JSON by a library, and text in it as UTF-8.",
        Nonsense::UnknownKind(_) => "Answer as the contract documents the record.",
        Nonsense::UnknownTlsMode(_) => "Use disable, require, verify-ca or verify-full.",
        Nonsense::TooManyFindings(_) => "Stop at the first twenty of a kind.",
        Nonsense::BadCode(_) => "Name findings with lower-case letters, digits and underscores, such as out_of_range.",
        Nonsense::BadText(_) => "Write one line of 1 to 512 bytes, and none of the tenant's own characters.",
        Nonsense::PointerToNowhere(_) => {
            "Point to a member that was sent, such as /host, to an absent member of an object that is there, or to all by \"\"."
        }
        Nonsense::NoNormalised => "Give the configuration to store whenever no finding is an error.",
        Nonsense::NormalisedBesideAnError => "Give none when a finding is an error.",
        Nonsense::NormalisedBreaksSchema => {
            "Give a finding for what the schema refuses, and fill in only what it allows."
        }
        Nonsense::RefusedWithoutAReason => "Say why by a finding of the severity error.",
        Nonsense::UnknownLanguage => "Write the statement in `sql`.",
        Nonsense::LongStatement(_) => "Bind long values as parameters, or select less.",
        Nonsense::ZeroInStatement => "Refuse texts with a zero character in `validate`, or leave them out.",
        Nonsense::CredentialInStatement => "Take no credential into a statement.",
        Nonsense::UnknownDriver(_) => "Name the driver in the manifest's `drivers`.",
        Nonsense::BadEndpoints(_) => "Answer 1 to 16 endpoints, one of the role `data`.",
        Nonsense::BadAuthentications(_) => "Answer one authentication for each role.",
        Nonsense::BadParameters(_) => "Name each parameter once, and no more than 64.",
        Nonsense::UnknownParameter { .. } => "Use only the parameters that the contract documents at `descriptor`.",
        Nonsense::UnknownScheme(_) => "Use a scheme that the contract documents, such as `password`.",
        Nonsense::UnknownCredential(_) => "Use only names that the credential-schema of the method has.",
        Nonsense::LiteralSecret(_) => "Refer to the credential by its name.",
    }
}

/// What to do about a descriptor that leads astray.
fn of_astray(astray: &Astray) -> &'static str {
    match astray {
        Astray::Endpoint { wrong, .. } => match wrong {
            Wrong::Elsewhere => {
                "Answer host and port exactly as the tenant wrote them, or declare the pattern that leads there as a reach."
            }
            Wrong::LooserTls => {
                "Answer the TLS mode that the configuration asks for, or a stricter one; where it asks for none, verify-full."
            }
            Wrong::AnotherName => "Leave server-name empty, or declare it in the reach.",
            Wrong::OtherRoots => "Answer exactly the roots that the reach declares, in its order.",
        },
        Astray::CredentialInParameter(_) => "Use credentials in authentications, not in parameters.",
        Astray::SecretSentOpenly(_) => {
            "Use secrets as passwords or keys only; mark what may be shown with \"x-secret\": false."
        }
        Astray::CredentialUsedTwice(_) => "Use each credential for one thing.",
    }
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
