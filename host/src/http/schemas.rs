//! The schemas that `/openapi.json` publishes for request bodies, compiled once: what is documented is what is checked.

use std::collections::HashMap;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

use crate::connectors::contract::{Finding, Severity};

/// More findings than this help nobody.
const MAX_FINDINGS: usize = 100;

/// Validators of the document's components, by name.
#[derive(Debug)]
pub struct Schemas(HashMap<String, Validator>);

/// A published schema does not compile: a bug, found at start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The document is not JSON.
    #[error("the OpenAPI document cannot be written as JSON")]
    Document(#[from] serde_json::Error),
    /// A schema of it is wrong.
    #[error("the schema {0} of the OpenAPI document does not compile: {1}")]
    Schema(String, String),
}

impl Schemas {
    /// Compiles the schema of every request body in the document.
    pub fn compile(document: &OpenApi) -> Result<Self, Error> {
        let document = serde_json::to_value(document)?;
        let mut validators = HashMap::new();
        for name in body_schemas(&document) {
            let schema = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "$ref": format!("#/components/schemas/{name}"),
                "components": document["components"],
            });
            let validator = jsonschema::options()
                .offline()
                .with_pattern_options(PatternOptions::regex())
                .build(&schema)
                .map_err(|error| Error::Schema(name.clone(), error.to_string()))?;
            validators.insert(name, validator);
        }
        Ok(Self(validators))
    }

    /// Everything that is wrong with a value by the schema of this name. An unknown schema has a finding of its own,
    /// so that no body passes unchecked.
    pub fn check(&self, name: &str, value: &Value) -> Vec<Finding> {
        match self.0.get(name) {
            Some(validator) => {
                validator.iter_errors(value).flat_map(|error| findings(&error)).take(MAX_FINDINGS).collect()
            }
            None => vec![finding("unchecked", String::new(), "the host has no schema for this body", None)],
        }
    }
}

/// The names of the components that operations take as JSON bodies.
fn body_schemas(document: &Value) -> Vec<String> {
    let mut names: Vec<String> = document["paths"]
        .as_object()
        .into_iter()
        .flat_map(|paths| paths.values())
        .filter_map(Value::as_object)
        .flat_map(|operations| operations.values())
        .filter_map(|operation| {
            operation.pointer("/requestBody/content/application~1json/schema/$ref").and_then(Value::as_str)
        })
        .filter_map(|reference| reference.strip_prefix("#/components/schemas/"))
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

pub(super) fn finding(code: &str, pointer: String, message: &str, hint: Option<&str>) -> Finding {
    Finding {
        severity: Severity::Error,
        code: code.to_owned(),
        pointer,
        message: message.to_owned(),
        hint: hint.map(str::to_owned),
    }
}

/// The member `name` of the object at `pointer` (RFC 6901, section 3).
pub(super) fn member(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A schema's error in plain words. Never the value: it may be a credential in the wrong place.
fn findings(error: &ValidationError<'_>) -> Vec<Finding> {
    use ValidationErrorKind as Kind;
    let at = error.instance_path().as_str().to_owned();
    let one = |code, message: &str| vec![finding(code, at.clone(), message, None)];
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![finding("required", member(&at, name), "this member is required", None)]
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                let hint = "remove it, or look for a spelling mistake";
                finding("unknown_member", member(&at, name), "there is no such member", Some(hint))
            })
            .collect(),
        Kind::Type { kind } => wrong_type(kind, &at, error.instance()),
        Kind::MinLength { limit: 1 } => one("too_short", "it must not be empty"),
        Kind::MinLength { limit } => one("too_short", &format!("it must have at least {limit} characters")),
        Kind::MaxLength { limit } => one("too_long", &format!("it must have at most {limit} characters")),
        Kind::MinItems { limit } => one("too_few", &format!("it must have at least {limit} elements")),
        Kind::MaxItems { limit } => one("too_many", &format!("it must have at most {limit} elements")),
        Kind::MaxProperties { limit } => one("too_many", &format!("it must have at most {limit} members")),
        Kind::UniqueItems => one("not_unique", "its elements must differ from each other"),
        Kind::Pattern { pattern } => one("malformed", &format!("it must match the pattern {pattern}")),
        Kind::Enum { options } => one("unknown_value", &format!("it must be one of {options}")),
        _ => one("invalid", &error.masked().to_string()),
    }
}

fn wrong_type(kind: &TypeKind, at: &str, value: &Value) -> Vec<Finding> {
    if at.starts_with("/credentials/") && value.get("from").is_some() {
        let hint = "send the credential itself";
        let message = "references to stored secrets are not supported yet";
        return vec![finding("reference_unsupported", at.to_owned(), message, Some(hint))];
    }
    let expected = match kind {
        TypeKind::Single(expected) => expected.to_string(),
        TypeKind::Multiple(set) => set.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" or "),
    };
    let article = if expected.starts_with(['a', 'i', 'o']) { "an" } else { "a" };
    vec![finding("wrong_type", at.to_owned(), &format!("it must be {article} {expected}"), None)]
}
