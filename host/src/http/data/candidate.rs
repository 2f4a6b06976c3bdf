//! The part of a body that says what to connect to, shared by verify, create and update.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::connections::Candidate;
use crate::connectors::contract::CONFIG_MEMBERS;
use crate::finding::Finding;
use crate::json::member;
use crate::secrets::{Credentials, Secret};

/// The schema of a configuration.
#[derive(Debug)]
pub enum Configuration {}

impl PartialSchema for Configuration {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some("What members it has, the `config_schema` of the connection type says."))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl ToSchema for Configuration {}

/// A credential in a request. Its schema has no format `password`: user names are among them, and there are clients that
/// put stars for whatever has that format, and send them.
#[derive(Debug)]
pub struct Credential(Secret);

impl From<Credential> for Secret {
    fn from(credential: Credential) -> Self {
        credential.0
    }
}

impl<'de> Deserialize<'de> for Credential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Credential;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Credential, E> {
                Ok(Credential(Secret::new(text)))
            }

            fn visit_string<E>(self, text: String) -> Result<Credential, E> {
                Ok(Credential(Secret::new(text)))
            }
        }
        deserializer.deserialize_string(Text)
    }
}

/// Each may be null: in a change that clears it, elsewhere it is as if it were not there.
impl PartialSchema for Credential {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .write_only(true)
            .max_length(Some(65_536))
            .into()
    }
}

impl ToSchema for Credential {}

/// The schema of a body's credentials, by name.
#[derive(Debug)]
pub enum SentCredentials {}

impl PartialSchema for SentCredentials {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some("By name; which there are, the `credential_schema` of the authentication method says."))
            .additional_properties(Some(Credential::schema()))
            .into()
    }
}

impl ToSchema for SentCredentials {
    fn name() -> Cow<'static, str> {
        "Credentials".into()
    }
}

/// The three members of which a body has exactly one.
pub type Configs = [Option<Map<String, Value>>; 3];

/// The one configuration and the member that held it.
pub fn one_config(configs: Configs) -> Result<(String, Arc<Value>), Vec<Finding>> {
    at_most_one_config(configs)?.ok_or_else(|| vec![config_required()])
}

fn config_required() -> Finding {
    let message = "One of database_config, storage_config and filesystem_config is required.";
    let hint = "GET /assets/data/types says which one a connection type takes.";
    Finding::error("required", "", message).with_hint(hint)
}

fn config_conflict(member_name: &str) -> Finding {
    let message = "Only one of database_config, storage_config and filesystem_config can be there.";
    Finding::error("conflict", &member("", member_name), message)
}

/// What is wrong with the number of configurations in a body that its schema rejects.
pub fn config_findings(body: &Value, required: bool) -> Vec<Finding> {
    let Some(members) = body.as_object() else { return Vec::new() };
    let is_sent = |name: &&str| members.get(*name).is_some_and(|config| !config.is_null());
    let sent: Vec<&str> = CONFIG_MEMBERS.into_iter().filter(is_sent).collect();
    match sent.len() {
        0 if required => vec![config_required()],
        0 | 1 => Vec::new(),
        _ => sent.into_iter().map(config_conflict).collect(),
    }
}

/// As [`one_config`], where there may be none.
pub fn at_most_one_config(configs: Configs) -> Result<Option<(String, Arc<Value>)>, Vec<Finding>> {
    let mut sent: Vec<(&str, Map<String, Value>)> =
        CONFIG_MEMBERS.into_iter().zip(configs).filter_map(|(name, config)| Some((name, config?))).collect();
    if sent.len() > 1 {
        return Err(sent.iter().map(|(name, _)| config_conflict(name)).collect());
    }
    Ok(sent.pop().map(|(name, config)| (name.to_owned(), Arc::new(Value::Object(config)))))
}

/// The credentials that are there, by name.
pub fn credentials(sent: Option<BTreeMap<String, Option<Credential>>>) -> Credentials {
    let mut credentials = Credentials::default();
    for (name, credential) in sent.into_iter().flatten() {
        if let Some(credential) = credential {
            credentials.set(name, credential.into());
        }
    }
    credentials
}

/// What can be tried of a body that its schema rejects, so that the connector's findings come with the schema's: none
/// when there is no type or no single configuration.
pub fn usable(body: &Value) -> Option<Candidate> {
    let connection_type = body.get("connection_type")?.as_str().filter(|name| !name.is_empty())?;
    usable_with_type(body, connection_type)
}

/// As [`usable`], for a connection whose type is known.
pub fn usable_with_type(body: &Value, connection_type: &str) -> Option<Candidate> {
    let configs = CONFIG_MEMBERS.map(|name| body.get(name).and_then(Value::as_object).cloned());
    let (config_member, config) = one_config(configs).ok()?;
    let mut credentials = Credentials::default();
    for (name, value) in body.get("credentials").and_then(Value::as_object).into_iter().flatten() {
        if !value.is_null() {
            // Any text stands for one that is there in the wrong form, so that it is not also reported as missing.
            credentials.set(name.clone(), Secret::new(value.as_str().unwrap_or("?")));
        }
    }
    Some(Candidate { connection_type: connection_type.to_owned(), config_member, config, credentials })
}

/// Findings of the schema, and those of the connector that are about other members.
pub fn merge(schema: Vec<Finding>, connector: Vec<Finding>) -> Vec<Finding> {
    let new: Vec<Finding> =
        connector.into_iter().filter(|one| !schema.iter().any(|other| other.pointer == one.pointer)).collect();
    schema.into_iter().chain(new).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config() -> Option<Map<String, Value>> {
        json!({"host": "h"}).as_object().cloned()
    }

    #[test]
    fn exactly_one_configuration_is_taken() {
        assert_eq!(one_config([None, config(), None]).unwrap().0, "storage_config");
        assert_eq!(at_most_one_config([None, None, None]).unwrap(), None);
        let pointers = |configs| -> Vec<String> {
            one_config(configs).unwrap_err().into_iter().map(|finding| finding.pointer).collect()
        };
        assert_eq!(pointers([None, None, None]), [""]);
        assert_eq!(pointers([config(), None, config()]), ["/database_config", "/filesystem_config"]);
    }

    #[test]
    fn what_is_usable_of_a_bad_body_is_tried() {
        let body = json!({
            "connection_type": "postgres", "name": 7, "database_config": {"host": 1},
            "credentials": {"username": "u", "password": 5},
        });
        let candidate = usable(&body).unwrap();
        assert_eq!(*candidate.config, json!({"host": 1}));
        assert_eq!(candidate.credentials.names(), ["password", "username"]);
        for body in [
            json!([]),
            json!({"database_config": {}}),
            json!({"connection_type": 5, "database_config": {}}),
            json!({"connection_type": "postgres"}),
            json!({"connection_type": "postgres", "database_config": "x"}),
            json!({"connection_type": "postgres", "database_config": {}, "storage_config": {}}),
        ] {
            assert!(usable(&body).is_none(), "{body}");
        }
    }

    #[test]
    fn the_same_member_is_reported_once() {
        let at = |code, pointer| Finding::error(code, pointer, "");
        let merged = merge(vec![at("a", "/x"), at("b", "/y")], vec![at("c", "/y"), at("d", "/z")]);
        let codes: Vec<&str> = merged.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["a", "b", "d"]);
    }
}
