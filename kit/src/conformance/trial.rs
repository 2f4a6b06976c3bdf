//! One configuration, tried as far as it goes: validated, described, and what the optional interfaces make of it.

use patchpanel::connectors::contract::{self, Answer, Page, Purpose};
use patchpanel::connectors::{Accepted, CallError, Target};
use patchpanel::diagnosis::{Fault, Stage, code};
use patchpanel::drivers;
use patchpanel::finding;
use patchpanel::secrets::{Credentials, Secret};
use patchpanel::statement::{Level, Statement};
use serde_json::Value;

use super::explain::explain;
use super::{Finding, Kit};

/// How often a call that takes too long is made.
const ATTEMPTS: usize = 3;

/// What became of a configuration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    pub(super) findings: Vec<finding::Finding>,
    /// What the configuration became, if it was accepted.
    pub(super) accepted: Option<Accepted>,
    /// What the configuration is described as, if it was accepted.
    pub(super) target: Option<Target>,
    pub(super) statements: Vec<Answer<Statement>>,
    pub(super) advice: Option<contract::Advice>,
}

impl Outcome {
    /// What decides: whether it is accepted, as what, where it leads, and which errors there are.
    pub(super) fn verdict(&self) -> impl PartialEq + use<> {
        let errors = self.findings.iter().filter(|finding| finding.is_error());
        let errors: Vec<_> = errors.map(|error| (error.code.clone(), error.pointer.clone())).collect();
        let normalised = self.accepted.as_ref().map(|accepted| accepted.normalised.clone());
        (errors, normalised, self.target.clone())
    }
}

/// What no configuration may come to.
#[derive(Debug)]
pub(super) enum Failed {
    /// A call of this function gave no answer that can be used.
    Call(&'static str, CallError),
    /// What `validate` has just accepted is refused by `describe`, for this reason.
    NotDescribed(String),
    /// The driver does not take the descriptor.
    NotTaken(Fault),
}

impl Failed {
    /// The finding that it is.
    pub(super) fn finding(&self, input: &Value) -> Finding {
        let finding = match self {
            Self::Call(function, error) => explain(function, error),
            Self::NotDescribed(why) => {
                let message = format!("describe refuses what validate accepts{why}");
                Finding::error("accepted_not_described", message, "Refuse it in `validate` already, by the same check.")
            }
            Self::NotTaken(fault) => {
                let remedy = "Answer what the contract documents for the driver at `descriptor`.";
                Finding::error("descriptor_unsupported", format!("describe: {}", fault.message), remedy)
            }
        };
        finding.with_input(input)
    }
}

/// Makes a call again that exceeds a limit of time: only one that does so each time is slow by itself, and not because of
/// what else a busy machine does. Every call of the same connector begins anew, so that none helps the next one.
pub(super) fn patiently<T>(mut call: impl FnMut() -> Result<T, CallError>) -> Result<T, CallError> {
    for _ in 1..ATTEMPTS {
        match call() {
            Err(CallError::Limit { exceeded, .. }) if exceeded.limit.is_time() => {}
            answer => return answer,
        }
    }
    call()
}

impl Kit<'_> {
    /// Tries a configuration with these credentials set.
    pub(super) fn try_with(&self, purpose: Purpose, config: &Value, set: &[String]) -> Result<Outcome, Failed> {
        let failed = |function| move |error| Failed::Call(function, error);
        let version = self.version;
        let validated = patiently(|| version.validate(purpose, config, set));
        let (findings, accepted) = validated.map_err(failed("validate"))?;
        let mut outcome = Outcome { findings, accepted, target: None, statements: Vec::new(), advice: None };
        let Some(accepted) = &outcome.accepted else { return Ok(outcome) };
        let described = patiently(|| version.describe(purpose, accepted));
        let target = match described.map_err(failed("describe"))? {
            Answer::Given(target) => target,
            Answer::Refused(findings) => return Err(Failed::NotDescribed(first_error(&findings))),
        };
        self.check_descriptor(config, &target, set)?;
        outcome.target = Some(target);
        if version.capabilities().contains(&"catalog") {
            for page in pages("") {
                let planned = patiently(|| version.plan(purpose, accepted, &page));
                outcome.statements.extend(planned.map_err(failed("plan"))?);
            }
        }
        if version.capabilities().contains(&"diagnosis") {
            let fault = Fault::new(&code::PASSWORD_REJECTED);
            let advice = patiently(|| version.diagnose(purpose, accepted, Stage::Authenticate, &fault));
            outcome.advice = advice.map_err(failed("diagnose"))?;
        }
        Ok(outcome)
    }

    /// Tries a configuration with the credentials that it requires.
    pub(super) fn try_it(&self, config: &Value) -> Result<Outcome, Failed> {
        self.try_with(Purpose::Check, config, &self.required_credentials(config))
    }

    /// Whether the driver takes a descriptor; without what is required there is nothing to be said.
    fn check_descriptor(&self, config: &Value, target: &Target, set: &[String]) -> Result<(), Failed> {
        if self.required_credentials(config).iter().any(|name| !set.contains(name)) {
            return Ok(());
        }
        let mut credentials = Credentials::default();
        for name in set {
            credentials.set(name.clone(), Secret::new("x"));
        }
        drivers::check(&target.descriptor, &credentials).map_err(Failed::NotTaken)
    }

    /// Plans pages with this text in every place that takes one.
    pub(super) fn plan_with(&self, accepted: &Accepted, text: &str) -> Result<Vec<Statement>, Failed> {
        let mut statements = Vec::new();
        for page in pages(text) {
            let plan = patiently(|| self.version.plan(Purpose::Use, accepted, &page));
            let plan = plan.map_err(|error| Failed::Call("plan", error))?;
            statements.extend(plan.and_then(Answer::given));
        }
        Ok(statements)
    }

    /// The names of all credentials of the method that a configuration chooses.
    pub(super) fn credentials(&self, config: &Value) -> Vec<String> {
        let properties = self.credential_schema(config).get("properties").and_then(Value::as_object);
        sorted(properties.into_iter().flat_map(|properties| properties.keys().cloned()))
    }

    /// The names of those that the method requires.
    pub(super) fn required_credentials(&self, config: &Value) -> Vec<String> {
        let required = self.credential_schema(config).get("required").and_then(Value::as_array);
        sorted(required.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned))
    }

    fn credential_schema(&self, config: &Value) -> &Value {
        let first = &self.version.manifest().auth_methods[0];
        &self.version.auth_method(config).unwrap_or(first).credential_schema
    }

    /// The finding for a call that failed, with as small a configuration as still fails in this way.
    pub(super) fn shrink(&self, config: &Value, failed: &Failed) -> Finding {
        let (mut smallest, mut found) = (config.clone(), failed.finding(config));
        let members: Vec<String> = config.as_object().into_iter().flat_map(|members| members.keys().cloned()).collect();
        for member in members {
            let mut smaller = smallest.clone();
            smaller.as_object_mut().and_then(|members| members.shift_remove(&member));
            if let Err(again) = self.try_it(&smaller)
                && again.finding(&smaller).code == found.code
            {
                found = again.finding(&smaller);
                smallest = smaller;
            }
        }
        found
    }
}

/// The first error among findings, to stand behind a sentence.
pub(super) fn first_error(findings: &[finding::Finding]) -> String {
    let error = findings.iter().find(|finding| finding.is_error());
    error.map_or_else(String::new, |error| format!(": {} {}", error.pointer, error.message))
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A page of each level; with a text, that is the parents, the pattern and the last key.
fn pages(text: &str) -> Vec<Page> {
    let texts = |count: usize| vec![text.to_owned(); if text.is_empty() { 0 } else { count }];
    let names = |count: usize| vec![if text.is_empty() { "sales" } else { text }.to_owned(); count];
    let pattern = Some(text.to_owned()).filter(|text| !text.is_empty());
    let page = |level, parents, keys| Page { level, parents, pattern: pattern.clone(), after: texts(keys), limit: 100 };
    // The key of a column is a number.
    let columns = Page { after: Vec::new(), ..page(Level::Columns, names(2), 0) };
    vec![page(Level::Schemas, Vec::new(), 1), page(Level::Tables, texts(1), 2), columns]
}

#[cfg(test)]
mod tests {
    use patchpanel::connectors::{Exceeded, Limit, Limits};

    use super::*;

    #[test]
    fn only_what_takes_too_long_is_called_again() {
        let exceeds = |limit| CallError::Limit {
            connector: "postgres 1.0.0".to_owned(),
            exceeded: Exceeded::new(limit, &Limits::default()),
        };
        // How often it fails, how, and how many calls there are.
        for (failures, limit, calls) in [
            (0, Limit::CpuTime, 1),
            (1, Limit::CpuTime, 2),
            (2, Limit::WallTime, 3),
            (9, Limit::CpuTime, 3),
            (1, Limit::Memory, 1),
        ] {
            let mut made = 0;
            let answer = patiently(|| {
                made += 1;
                if made > failures { Ok(()) } else { Err(exceeds(limit)) }
            });
            assert_eq!(made, calls, "{failures} {limit:?}");
            assert_eq!(answer.is_ok(), made > failures, "{failures} {limit:?}");
        }
    }
}
