//! The schemas that `/openapi.json` publishes for request bodies, compiled once: what is documented is what is checked.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::finding::Finding;
use crate::schema::{self, Schema};

/// What stands before a component's name in a reference.
const COMPONENTS: &str = "#/components/schemas/";

/// The schemas of request bodies, by the names of their components.
#[derive(Debug)]
pub struct Schemas(HashMap<String, Schema>);

/// A published schema does not compile: a bug, found at start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The document is not JSON.
    #[error("the OpenAPI document cannot be written as JSON")]
    Document(#[from] serde_json::Error),
    /// It cannot be made ready to be served.
    #[error("the OpenAPI document cannot be served")]
    Asset(#[from] std::io::Error),
    /// A schema of it is wrong.
    #[error("the schema {name} of the OpenAPI document does not compile")]
    Schema {
        /// Which.
        name: String,
        /// Why.
        source: schema::Error,
    },
}

impl Schemas {
    /// Compiles the schema of every request body in the document.
    pub fn compile(document: &OpenApi) -> Result<Self, Error> {
        let document = serde_json::to_value(document)?;
        let mut schemas = document["components"]["schemas"].clone();
        join_nulls(&mut schemas, &document);
        let compile = |name: String| {
            let reference = json!({ "$ref": format!("{COMPONENTS}{name}") });
            let mut needed = Map::new();
            add_needed(&reference, &schemas, &mut needed);
            let mut body = reference;
            body["components"] = json!({ "schemas": needed });
            match Schema::compile(&body) {
                Ok(schema) => Ok((name, schema)),
                Err(source) => Err(Error::Schema { name, source }),
            }
        };
        body_schemas(&document).into_iter().map(compile).collect::<Result<_, _>>().map(Self)
    }

    /// Everything that is wrong with a value by the schema of this name. An unknown schema has a finding of its own,
    /// so that no body passes unchecked.
    pub fn check(&self, name: &str, value: &Value) -> Vec<Finding> {
        match self.0.get(name) {
            Some(schema) => schema.check(value).into_iter().map(|finding| about_references(finding, value)).collect(),
            None => vec![Finding::error("unchecked", "", "The host has no schema for this body.")],
        }
    }
}

/// Adds the components that a schema leads to. Others would count as work of every check.
fn add_needed(value: &Value, schemas: &Value, needed: &mut Map<String, Value>) {
    match value {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix(COMPONENTS));
            if let Some(name) = name.filter(|name| !needed.contains_key(*name)) {
                needed.insert(name.to_owned(), schemas[name].clone());
                add_needed(&schemas[name], schemas, needed);
            }
            members.values().for_each(|member| add_needed(member, schemas, needed));
        }
        Value::Array(elements) => elements.iter().for_each(|element| add_needed(element, schemas, needed)),
        _ => {}
    }
}

/// Replaces each choice between an object of a component and null by an object that may be null: what is wrong with the object
/// would else be that it is none of two things.
fn join_nulls(value: &mut Value, document: &Value) {
    if let Some(mut component) = object_or_null(value, document) {
        component["type"] = json!(["object", "null"]);
        *value = component;
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| join_nulls(member, document)),
        Value::Array(elements) => elements.iter_mut().for_each(|element| join_nulls(element, document)),
        _ => {}
    }
}

/// The object of such a choice.
fn object_or_null(value: &Value, document: &Value) -> Option<Value> {
    let choices = value.get("oneOf")?.as_array()?;
    let (nulls, others): (Vec<_>, Vec<_>) = choices.iter().partition(|choice| choice["type"] == "null");
    let ([_], [other]) = (&nulls[..], &others[..]) else { return None };
    let pointer = other.get("$ref")?.as_str()?.strip_prefix('#')?;
    document.pointer(pointer).filter(|component| component["type"] == "object").cloned()
}

/// Better words for a credential that is a reference to a stored secret.
fn about_references(finding: Finding, body: &Value) -> Finding {
    let reference = finding.code == "wrong_type"
        && finding.pointer.starts_with("/credentials/")
        && body.pointer(&finding.pointer).is_some_and(|value| value.get("from").is_some());
    if reference {
        let message = "References to stored secrets are not supported yet.";
        Finding::error("reference_unsupported", &finding.pointer, message).with_hint("Send the credential itself.")
    } else {
        finding
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
        .filter_map(|reference| reference.strip_prefix(COMPONENTS))
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, body: &Value) -> Vec<String> {
        let schemas = Schemas::compile(&crate::http::document()).unwrap();
        let findings = schemas.check(name, body);
        let mut found: Vec<String> =
            findings.iter().map(|finding| format!("{} {}", finding.pointer, finding.code)).collect();
        found.sort();
        found
    }

    #[test]
    fn a_good_body_has_no_finding() {
        let verify = json!({
            "connection_type": "postgres", "database_config": {"any": [1]}, "credentials": {"password": "x"},
        });
        assert!(check("VerifyRequest", &verify).is_empty());
        let create = json!({
            "connection_type": "postgres", "database_config": {}, "name": "n", "tags": ["a"], "description": "",
        });
        assert!(check("CreateRequest", &create).is_empty());
        assert!(check("UpdateRequest", &json!({})).is_empty());
        assert!(check("UpdateRequest", &json!({"credentials": {"password": null, "username": "u"}})).is_empty());
    }

    #[test]
    fn null_is_allowed_wherever_a_member_need_not_be_there() {
        let document = serde_json::to_value(crate::http::document()).unwrap();
        for name in body_schemas(&document) {
            let schema = &document["components"]["schemas"][&name];
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            for member in schema["properties"].as_object().unwrap().keys() {
                let is_refused = check(&name, &json!({ member.as_str(): null }))
                    .iter()
                    .any(|finding| finding.starts_with(&format!("/{member} ")) && !finding.ends_with(" required"));
                assert_eq!(is_refused, required.contains(&json!(member)), "{name} {member}");
            }
        }
    }

    #[test]
    fn everything_that_is_wrong_is_found_at_once() {
        let body = json!({
            "connection_type": "", "name": "a\nb", "description": 1, "tags": ["", 1, "a,b"], "resource_uri": 7,
            "database_config": "host=x", "port": 1,
            "credentials": {"password": false, "username": {"from": {"secret": "s"}}, "key": 5},
        });
        assert_eq!(
            check("CreateRequest", &body),
            [
                "/connection_type empty",
                "/credentials/key wrong_type",
                "/credentials/password wrong_type",
                "/credentials/username reference_unsupported",
                "/database_config wrong_type",
                "/description wrong_type",
                "/name malformed",
                "/port unknown_member",
                "/resource_uri wrong_type",
                "/tags/0 empty",
                "/tags/1 wrong_type",
                "/tags/2 malformed",
            ]
        );
        for body in [json!(null), json!([]), json!("x")] {
            assert_eq!(check("VerifyRequest", &body), [" wrong_type"], "{body}");
        }
        assert_eq!(check("VerifyRequest", &json!({})), ["/connection_type required"]);
        assert_eq!(check("UpdateRequest", &json!({"name": 1})), ["/name wrong_type"]);
        assert_eq!(check("NoSuchRequest", &json!({})), [" unchecked"]);
    }
}
