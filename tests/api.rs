//! The HTTP API as its clients meet it. All tests share one host and one PostgreSQL; each works in an organization of
//! its own, so that none sees what another one does.

mod bad_input;
mod change;
mod codes;
mod conditions;
mod document;
mod idempotency;
mod leaks;
mod list;
mod names;
mod negotiation;
mod nulls;
mod places;
mod protocol;
mod public_client;
mod register;
mod slugs;
mod tenancy;
mod tokens;
mod types;
mod unread;
mod using;
mod validate;
mod walk;
mod wire;
mod words;

use std::sync::OnceLock;

use anyhow::Result;
use serde_json::{Value, json};
use test_support::client::{Client, Reply};
use test_support::patchpanel::Patchpanel;
use test_support::sales;

use crate::database;

/// The roles of the access table.
const ROLES: [&str; 6] = ["owner", "admin", "member", "developer", "operator", "viewer"];

/// Left running when the tests end; its directory's watchdog ends it.
fn host() -> &'static Patchpanel {
    static HOST: OnceLock<Patchpanel> = OnceLock::new();
    HOST.get_or_init(|| Patchpanel::start().unwrap())
}

/// A client with a role in the project `sales` of an organization.
fn client(organization: &str, role: &str) -> Client {
    host().client_of(organization, "sales", role).unwrap()
}

/// A client with a role in the whole organization, in no project.
fn organization_client(organization: &str, role: &str) -> Client {
    host().client().with_token(&host().token(&["--org", organization, "--role", role]).unwrap())
}

/// A connection to a server that nobody dials.
pub(crate) fn registration(name: &str) -> Value {
    json!({
        "name": name,
        "connection_type": "postgres",
        "database_config": { "host": "db.example.com", "database": "shop" },
        "credentials": { "username": "reader", "password": "a password" },
    })
}

/// A connection that works.
fn working_registration(name: &str) -> Value {
    json!({
        "name": name,
        "connection_type": "postgres",
        "database_config": {
            "host": "127.0.0.1", "port": database().port(), "database": sales::DATABASE, "db_schema": sales::SCHEMA,
        },
        "credentials": { "username": sales::READER, "password": sales::READER_PASSWORD },
    })
}

/// Registers a connection and returns its path.
fn register(client: &Client, registration: &Value) -> String {
    let record = answer(client.post("/assets/data", registration), 201);
    format!("/assets/data/{}", record["resource_uri"].as_str().unwrap())
}

/// The body of an answer that must have this status.
fn answer(reply: Result<Reply>, status: u16) -> Value {
    let reply = reply.unwrap();
    assert_eq!(reply.status.as_u16(), status, "{}", reply.body);
    if status == 204 { Value::Null } else { reply.json().unwrap() }
}

/// What is in `error` of an answer that must be a refusal of this status and code, in the documented form.
fn refusal(reply: Result<Reply>, status: u16, code: &str) -> Value {
    let reply = reply.unwrap();
    assert_eq!(reply.status.as_u16(), status, "{}", reply.body);
    assert_eq!(reply.header("content-type"), Some("application/json"), "{}", reply.body);
    let body = reply.json().unwrap();
    let error = &body["error"];
    assert_eq!((&error["code"], &error["status"]), (&json!(code), &json!(status)), "{body}");
    assert_eq!(members(&body), ["error"]);
    assert_eq!(members(error), ["code", "details", "help", "message", "request_id", "status", "trace_id"]);
    assert_eq!(error["help"], format!("/docs/codes/{code}"), "{body}");
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
    assert_eq!(error["request_id"].as_str(), reply.header("x-request-id"), "{body}");
    assert!(error["request_id"].as_str().unwrap().starts_with("req-"), "{body}");
    let trace_id = error["trace_id"].as_str().unwrap();
    assert!(trace_id.len() == 32 && trace_id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{body}");
    error.clone()
}

/// `pointer code` of every finding of a body that must be refused, sorted.
fn findings(reply: Result<Reply>) -> Vec<String> {
    let error = refusal(reply, 422, "VALIDATION_ERROR");
    let findings = error["details"]["findings"].as_array().unwrap();
    let mut found: Vec<String> = findings
        .iter()
        .map(|finding| format!("{} {}", finding["pointer"].as_str().unwrap(), finding["code"].as_str().unwrap()))
        .collect();
    found.sort();
    found
}

/// The names of an object's members, sorted.
fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// The names of the connections that a client sees, by a query.
fn names(client: &Client, query: &str) -> Vec<String> {
    let page = answer(client.get(&format!("/assets/data?{query}")), 200);
    page["data"].as_array().unwrap().iter().map(|record| record["name"].as_str().unwrap().to_owned()).collect()
}
