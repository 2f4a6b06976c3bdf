//! Credentials, and what would give them away: each is used, in whatever combination they are set; and a value that was
//! written into the wrong field is not repeated, in a message or in a statement.

use patchpanel::connectors::contract::Purpose;
use patchpanel::stranger::shown;
use serde_json::{Value, json};

use super::hostile::{extended, places};
use super::{Finding, Kit, Tried};

/// A password in the wrong place.
const CANARY: &str = "canary7d1f52";

pub(super) fn check(kit: &Kit<'_>) -> Tried {
    let mut tried = Tried::default();
    let mut count = 0;
    let manifest = kit.version.manifest();
    let mut unused = kit.required_credentials(&json!({}));
    for example in &manifest.examples {
        let (all, required) = (kit.credentials(example), kit.required_credentials(example));
        let each = all.iter().map(|name| vec![name.clone()]);
        for set in [Vec::new(), all.clone(), required].into_iter().chain(each) {
            count += 1;
            match kit.try_with(Purpose::Check, example, &set) {
                Ok(outcome) => {
                    let bindings = outcome.target.map(|target| target.bindings);
                    let used = |name: &String| bindings.iter().flatten().any(|binding| binding.credential == *name);
                    unused.retain(|name| !used(name));
                }
                Err(failed) => tried.add(failed.finding(example)),
            }
        }
        for config in misplaced(example, &places(example)).into_iter().chain(beside(example)) {
            count += 1;
            repeats(kit, &config, &mut tried);
        }
        plans(kit, example, &mut tried);
    }
    for (config, places) in extended(kit) {
        for config in misplaced(&config, &places) {
            count += 1;
            repeats(kit, &config, &mut tried);
        }
    }
    for name in unused {
        let message = format!("no example uses the required credential \"{}\"", shown(&name));
        let remedy = "Use it in `describe`, remove it from the credential-schema, or give an example that uses it.";
        tried.add(Finding::warning("credential_not_used", message, remedy));
    }
    tried.what = format!("{count} sets of credentials and misplaced passwords");
    tried
}

/// The example with a password written into each of these places, alone and as a part.
fn misplaced(example: &Value, places: &[String]) -> Vec<Value> {
    let mut configs = Vec::new();
    for place in places {
        for text in [CANARY.to_owned(), format!("postgres://user:{CANARY}@db.example.com\n"), format!("{CANARY} ~!%")] {
            let mut config = example.clone();
            if let Some(member) = config.pointer_mut(place) {
                *member = Value::String(text);
                configs.push(config);
            }
        }
    }
    configs
}

/// The example with a password beside its fields.
fn beside(example: &Value) -> Option<Value> {
    let mut config = example.clone();
    config.as_object_mut()?.insert("password".to_owned(), Value::from(CANARY));
    Some(config)
}

/// Whether something that is said of a configuration repeats the password.
fn repeats(kit: &Kit<'_>, config: &Value, tried: &mut Tried) {
    let (outcome, log) = kit.version.hear(|| kit.try_it(config));
    if log.iter().any(|line| line.contains(CANARY)) {
        let message = "the log repeats a value of the configuration";
        let remedy = "Log what happens, without the values: a host keeps its log, and others read it.";
        tried.add(Finding::error("logs_value", message, remedy).with_input(config));
    }
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(failed) => return tried.add(failed.finding(config)),
    };
    if outcome.advice.iter().any(|advice| advice.message.contains(CANARY) || advice.remedy.contains(CANARY)) {
        let message = "the advice of diagnose repeats a value of the configuration";
        let remedy = "Say what to do without the value: somebody may have written a password into the wrong field.";
        tried.add(Finding::error("repeats_value", message, remedy).with_input(config));
    }
    for finding in &outcome.findings {
        let texts = [Some(&finding.message), finding.hint.as_ref(), Some(&finding.code)];
        if texts.into_iter().flatten().any(|text| text.contains(CANARY)) {
            let message = format!("the finding {} repeats the value that it is about", finding.code);
            let remedy =
                "Say what is wrong without the value: somebody may have written a password into the wrong field.";
            tried.add(Finding::error("repeats_value", message, remedy).with_input(config));
        }
    }
}

/// Whether a name that somebody searches for becomes a part of a statement.
fn plans(kit: &Kit<'_>, example: &Value, tried: &mut Tried) {
    let Ok(outcome) = kit.try_it(example) else { return };
    let Some(accepted) = &outcome.accepted else { return };
    match kit.plan_with(accepted, &format!("{CANARY}'")) {
        Ok(statements) => {
            if statements.iter().any(|statement| statement.text.contains(CANARY)) {
                let message = "plan puts a value into the text of a statement";
                let remedy = "Bind every value as a parameter.";
                tried.add(Finding::error("injection", message, remedy).with_input(example));
            }
        }
        Err(failed) => tried.add(failed.finding(example)),
    }
}
