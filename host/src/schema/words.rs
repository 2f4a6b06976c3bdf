//! What a schema finds wrong, in words for people: never the value, which may be a credential in the wrong place, and never
//! the language of schemas.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use crate::finding::Finding;
use crate::json::member;
use crate::meant;
use crate::stranger::shown;

/// What is quoted of a schema in a message, in bytes.
const MAX_QUOTED_BYTES: usize = 200;

/// The findings that an error is; `schema` is the whole that it is an error of.
pub(super) fn findings(error: &ValidationError<'_>, schema: &Value) -> Vec<Finding> {
    use ValidationErrorKind as Kind;
    let at = error.instance_path().as_str();
    let around = around(error, schema);
    let one = |code: &str, message: &str| vec![Finding::error(code, at, message)];
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let property = around.get("properties").and_then(|properties| properties.get(name));
            let message = "This member is required.";
            vec![described("required", &member(at, name), message, property.unwrap_or(&Value::Null))]
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().take(super::MAX_FINDINGS).map(|name| unknown_member(at, name, around)).collect()
        }
        Kind::Type { kind } => one("wrong_type", &format!("It must be {}.", types(kind))),
        Kind::Minimum { limit } => one("out_of_range", &format!("It must be at least {limit}.")),
        Kind::Maximum { limit } => one("out_of_range", &format!("It must be at most {limit}.")),
        Kind::ExclusiveMinimum { limit } => one("out_of_range", &format!("It must be greater than {limit}.")),
        Kind::ExclusiveMaximum { limit } => one("out_of_range", &format!("It must be less than {limit}.")),
        Kind::MultipleOf { multiple_of } => one("out_of_range", &format!("It must be a multiple of {multiple_of}.")),
        Kind::MinLength { limit: 1 } => one("empty", "It must not be empty."),
        Kind::MinLength { limit } => one("too_short", &format!("It must have at least {limit} characters.")),
        Kind::MaxLength { limit } => one("too_long", &format!("It must have at most {limit} characters.")),
        Kind::MinItems { limit } => one("too_few", &format!("It must have at least {limit} elements.")),
        Kind::MaxItems { limit } => one("too_many", &format!("It must have at most {limit} elements.")),
        Kind::MinProperties { limit } => one("too_few", &format!("It must have at least {limit} members.")),
        Kind::MaxProperties { limit } => one("too_many", &format!("It must have at most {limit} members.")),
        Kind::UniqueItems => one("not_unique", "Its elements must differ from each other."),
        Kind::Enum { options } => vec![unknown_value(at, error.instance(), options)],
        Kind::Constant { expected_value } => one("unknown_value", &format!("It must be {}.", quoted(expected_value))),
        Kind::Custom { keyword, message } if keyword == "pattern" => vec![described("malformed", at, message, around)],
        Kind::PropertyNames { .. } => one("unknown_member", "One of its members has a name that is not accepted."),
        Kind::FalseSchema => one("unknown_member", "There is no such member."),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            vec![described("invalid", at, "It has none of the forms that are accepted here.", around)]
        }
        Kind::OneOfMultipleValid { .. } => {
            vec![described("invalid", at, "It has more than one of the forms of which one is asked for.", around)]
        }
        _ => vec![described("invalid", at, "It is not what is asked for.", around)],
    }
}

/// The schema in which the keyword stands that found the error.
fn around<'a>(error: &ValidationError<'_>, schema: &'a Value) -> &'a Value {
    let path = error.schema_path().as_str();
    path.rsplit_once('/').and_then(|(parent, _)| schema.pointer(parent)).unwrap_or(&Value::Null)
}

/// A finding with what the schema's author says of the member, who knows what is asked for.
fn described(code: &str, at: &str, message: &str, schema: &Value) -> Finding {
    let finding = Finding::error(code, at, message);
    match schema.get("description").and_then(Value::as_str).filter(|text| !text.is_empty()) {
        Some(description) => finding.with_hint(&shown(description).within(MAX_QUOTED_BYTES).to_string()),
        None => finding,
    }
}

fn unknown_member(at: &str, name: &str, schema: &Value) -> Finding {
    let known = schema.get("properties").and_then(Value::as_object);
    let known: Vec<&str> = known.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let message = format!("There is no such member{}", meant::question(name, known.iter().copied()));
    let hint = match &*known {
        [] => "Remove it.".to_owned(),
        known => format!("Rename or remove it; there are {}.", listed(known, "and")),
    };
    Finding::error("unknown_member", &member(at, name), &message).with_hint(&hint)
}

fn unknown_value(at: &str, value: &Value, options: &Value) -> Finding {
    let quoted: Vec<String> = options.as_array().into_iter().flatten().map(quoted).collect();
    let texts = options.as_array().into_iter().flatten().filter_map(Value::as_str);
    let names: Vec<&str> = quoted.iter().map(String::as_str).collect();
    let question = value.as_str().map_or_else(|| ".".to_owned(), |value| meant::question(value, texts));
    Finding::error("unknown_value", at, &format!("It must be {}{question}", listed(&names, "or")))
}

/// Some of these names, as a sentence has them: `a, b and c`.
pub fn listed(names: &[&str], last: &str) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        if text.len() + name.len() > MAX_QUOTED_BYTES {
            return text + ", …";
        }
        match index {
            0 => {}
            _ if index + 1 == names.len() => text.extend([" ", last, " "]),
            _ => text.push_str(", "),
        }
        text.push_str(name);
    }
    text
}

/// A value of a schema in a message: its author may have written megabytes.
fn quoted(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    shown(&text).within(MAX_QUOTED_BYTES).to_string()
}

fn types(kind: &TypeKind) -> String {
    let words = |name: String| match name.as_str() {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        _ => "null",
    };
    match kind {
        TypeKind::Single(expected) => words(expected.to_string()).to_owned(),
        TypeKind::Multiple(set) => {
            let mut names: Vec<_> = set.iter().map(|one| words(one.to_string())).collect();
            names.sort_by_key(|name| *name == "null");
            names.join(" or ")
        }
    }
}
