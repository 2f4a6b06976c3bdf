//! What every stable code means: those of the API's errors, of findings, of what is against a connector, and of faults in
//! connection tests. `patchpanel explain` and the pages at `/docs/codes/` have their texts from here.

mod errors;
mod findings;
mod reasons;

use serde_json::{Value, json};

use crate::diagnosis::Stage;
use crate::diagnosis::code;

/// Where something with a code comes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `error.code` of an answer with this HTTP status.
    Error(u16),
    /// `code` of a finding about an input.
    Finding,
    /// `code` of a reason against a connector version.
    Reason,
    /// `code` of a fault or warning in one of these stages of a connection test.
    Fault(&'static [Stage]),
}

/// What one code means, where one kind of thing has it. Several kinds may share a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// Where it comes up.
    pub kind: Kind,
    /// What happened.
    pub message: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Whose fault it is.
    pub blame: &'static str,
    /// Whether trying again, with nothing changed, can help.
    pub retryable: bool,
}

impl Kind {
    /// The kind, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error(_) => "Error of the API",
            Self::Finding => "Finding about an input",
            Self::Reason => "Reason against a connector",
            Self::Fault(_) => "Fault of a connection test",
        }
    }

    /// Where it comes up, with its number or its stages.
    pub fn place(self) -> String {
        match self {
            Self::Error(status) => format!("error.code of an answer with the HTTP status {status}"),
            Self::Finding => "code of a finding, in details.findings of an answer or in a report".to_owned(),
            Self::Reason => "code of a reason, in details.reasons of an answer or in a connector version".to_owned(),
            Self::Fault(stages) => {
                let names: Vec<_> = stages.iter().map(|stage| stage.name()).collect();
                format!("code of a stage: {}", names.join(", "))
            }
        }
    }
}

impl Explanation {
    /// Whether trying again can help, for people.
    pub fn retry(&self) -> &'static str {
        if self.retryable { "can help" } else { "cannot help while nothing changes" }
    }

    /// What it looks like in an answer.
    pub fn example(&self) -> Value {
        let Self { code, message, remedy, blame, retryable, .. } = *self;
        match self.kind {
            Kind::Error(status) => json!({"error": {
                "code": code, "message": message, "status": status, "details": null, "help": help(code),
                "request_id": "req-6f1c1f9e-8d0c-4b62-9f5e-0a4f4ad2f0b7",
                "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
            }}),
            Kind::Finding => {
                json!({"severity": "error", "pointer": "/name", "code": code, "message": message, "hint": remedy})
            }
            Kind::Reason => json!({"code": code, "message": message, "remedy": remedy}),
            Kind::Fault(stages) => json!({
                "stage": stages.first().map(|stage| stage.name()), "outcome": "failed", "code": code, "blame": blame,
                "retryable": retryable, "message": message, "remedy": remedy,
            }),
        }
    }
}

/// The path of the page about a code.
pub fn help(code: &str) -> String {
    format!("/docs/codes/{code}")
}

/// Every code with its meaning: errors, findings, reasons, faults.
pub fn all() -> impl Iterator<Item = Explanation> {
    let faults = code::all().map(|code| Explanation {
        code: code.name,
        kind: Kind::Fault(code.stages),
        message: code.message,
        remedy: code.remedy,
        blame: code.blame.name(),
        retryable: code.retryable,
    });
    errors::all().chain(findings::all()).chain(reasons::all()).chain(faults)
}

/// What a code means, for each kind of thing that has it; nothing for what is no code.
pub fn of(code: &str) -> Vec<Explanation> {
    all().filter(|explanation| explanation.code == code).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_is_well_formed_and_explained_once_for_its_kind() {
        let mut seen = BTreeSet::new();
        for Explanation { code, kind, message, remedy, .. } in all() {
            assert!(seen.insert((code, kind.name())), "{code} is there twice");
            let is_error = matches!(kind, Kind::Error(_));
            let is_of_form =
                |byte: u8| byte == b'_' || if is_error { byte.is_ascii_uppercase() } else { byte.is_ascii_lowercase() };
            assert!(code.bytes().all(is_of_form), "{code}");
            for words in [message, remedy] {
                assert!(words.ends_with('.') && words.len() <= 512, "{code}: {words}");
            }
        }
    }
}
