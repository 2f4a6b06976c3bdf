//! The document's own examples, sent as they are shown.

use std::net::SocketAddrV4;

use serde_json::{Value, json};
use test_support::certificates::Authority;
use test_support::directory::TemporaryDirectory;
use test_support::listener::Relay;
use test_support::names::Names;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;
use test_support::skip::skip;

/// Where `db.example.com` is, for the host of this test alone.
const ADDRESS: &str = "127.0.0.77";

#[test]
fn every_body_that_is_shown_works_as_shown() {
    if let Some(reason) = Names::unavailable() {
        return skip("every_body_that_is_shown_works_as_shown", reason);
    }
    let authority = Authority::new("test").unwrap();
    let identity = authority.server(&["db.example.com"]).unwrap();
    let server = Postgres::builder()
        .tls(&identity)
        .hba("hostssl all all all scram-sha-256")
        .sql(sales::SQL)
        .sql(&format!("alter user {} password 'not-this-one'", sales::READER))
        .start()
        .unwrap();
    let port: SocketAddrV4 = format!("{ADDRESS}:5432").parse().unwrap();
    let _relay = Relay::start(port, server.port()).unwrap();
    let directory = TemporaryDirectory::new("roots").unwrap();
    directory.write("roots.pem", authority.certificate()).unwrap();
    let names = Names::new(&format!("{ADDRESS} db.example.com"), &[], "").unwrap();
    let host = Patchpanel::builder()
        .names(&names)
        .setting("EGRESS_ROOT_BUNDLE", directory.path().join("roots.pem").to_str().unwrap())
        .start()
        .unwrap();

    let document = host.client().get("/openapi.json").unwrap().json().unwrap();
    let owner = host.client_of("acme", "sales", "owner").unwrap();
    let platform = host.client().with_token(&host.token(&["--org", "acme", "--role", "platform-admin"]).unwrap());
    let types = owner.get("/assets/data/types").unwrap().json().unwrap();
    let mut shown = bodies(&document);
    // What the others are about is there after this one.
    shown.sort_by_key(|body| body.id != "create_connection");
    assert!(shown.len() >= 5, "{shown:?}");
    for Body { id, method, path, example } in shown {
        let path = path.replace("{digest}", types["data"][0]["digest"].as_str().unwrap());
        let path = path.replace("{resource_uri}", "data:acme:sales:orders");
        let client = if path.starts_with("/assets/connectors") { &platform } else { &owner };
        let client = client.with_header("Content-Type", "application/json");
        let reply = client.send(&method, &path, example.to_string()).unwrap();
        let status = reply.status.as_u16();
        match id.as_str() {
            // Nothing waits for an agreement here.
            "upgrade_connection" => assert_eq!(status, 409, "{}", reply.body),
            "create_connection" => assert_eq!(status, 201, "{}", reply.body),
            _ => assert_eq!(status, 200, "{id}: {}", reply.body),
        }
        if id == "verify_connection" {
            let report = reply.json().unwrap();
            assert_eq!(report["success"], true, "{report:#}");
        }
    }
    let tested = owner.send("POST", "/assets/data/data:acme:sales:orders/test", "").unwrap().json().unwrap();
    assert_eq!(tested["success"], true, "{tested:#}");
}

/// A body that the document shows.
#[derive(Debug)]
struct Body {
    id: String,
    method: String,
    path: String,
    example: Value,
}

/// The example of every operation that takes JSON, which each must have, and that of its parameter.
fn bodies(document: &Value) -> Vec<Body> {
    let mut bodies = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["name"] == "resource_uri" {
                    assert_eq!(parameter["schema"]["examples"], json!(["data:acme:sales:orders"]), "{id}");
                }
            }
            let Some(content) = operation.pointer("/requestBody/content/application~1json") else { continue };
            assert!(content["example"].is_object(), "{id} shows no body");
            let (path, method) = (path.clone(), method.to_uppercase());
            bodies.push(Body { id, method, path, example: content["example"].clone() });
        }
    }
    bodies
}
