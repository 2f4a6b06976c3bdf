//! Each member of the examples dropped: what is required must be missed where it is missing, and what is missed must be
//! required by the schema, or else a form would not say so.

use serde_json::Value;

use super::{Finding, Kit, Tried};

pub(super) fn check(kit: &Kit<'_>) -> Tried {
    let mut tried = Tried::default();
    let mut count = 0;
    let accepted = |example: &&Value| kit.try_it(example).is_ok_and(|outcome| outcome.accepted.is_some());
    for example in kit.version.manifest().examples.iter().filter(accepted) {
        for (parent, member) in members(example) {
            let mut config = example.clone();
            let object = config.pointer_mut(&parent).and_then(Value::as_object_mut);
            if object.and_then(|object| object.shift_remove(&member)).is_none() {
                continue;
            }
            count += 1;
            dropped(kit, &config, &patchpanel::json::member(&parent, &member), &mut tried);
        }
    }
    tried.what = format!("{count} members dropped from the examples");
    tried
}

/// Looks at what is said of a configuration that lacks the member at a pointer.
fn dropped(kit: &Kit<'_>, config: &Value, pointer: &str, tried: &mut Tried) {
    let outcome = match kit.try_it(config) {
        Ok(outcome) => outcome,
        Err(failed) => return tried.add(failed.finding(config)),
    };
    let errors: Vec<_> = outcome.findings.iter().filter(|finding| finding.is_error()).collect();
    if errors.is_empty() {
        return;
    }
    let Some(missed) = errors.iter().find(|error| error.pointer == pointer) else {
        let message = format!("without {pointer} the configuration is refused, and no finding points there");
        let remedy = "Give a finding of the code `required` with the pointer of the member that is missing.";
        return tried.add(Finding::error("missing_not_found", message, remedy).with_input(config));
    };
    // What the schema misses, it says in words of the host's own.
    if missed.message != "This member is required." {
        let message = format!("{pointer} is required, and the schema does not say so");
        let remedy = "Add it to `required` in config-schema, so that a form can mark it.";
        tried.add(Finding::warning("required_not_declared", message, remedy).with_input(config));
    }
}

/// Every member of every object: the pointer of the object, and the member's name.
fn members(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), value)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    found.push((pointer.clone(), name.clone()));
                    open.push((patchpanel::json::member(&pointer, name), member));
                }
            }
            Value::Array(elements) => {
                open.extend(elements.iter().enumerate().map(|(index, it)| (format!("{pointer}/{index}"), it)));
            }
            _ => {}
        }
    }
    found
}
