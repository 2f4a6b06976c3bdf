//! Connectors that strangers wrote, in other languages and by other tool-chains, do what this repository's own does.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use test_support::certificates::Authority;
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;
use test_support::skip::skip;
use test_support::strangers::{Built, Stranger};

#[test]
fn a_connector_in_python_does_the_main_job() {
    does_the_main_job(Stranger::Python);
}

#[test]
fn a_connector_in_javascript_does_the_main_job() {
    does_the_main_job(Stranger::JavaScript);
}

#[test]
fn a_connector_in_c_does_the_main_job() {
    does_the_main_job(Stranger::C);
}

/// WASI is there and does nothing: a sleep that slept would be stopped at the limit of a call.
#[test]
fn a_connector_in_python_that_sleeps_is_not_waited_for() {
    if build(Stranger::Python).is_none() {
        return;
    }
    let connectors = TemporaryDirectory::new("strangers").unwrap();
    std::fs::copy(Stranger::sleeper(), connectors.path().join("sleeper.wasm")).unwrap();
    let host = host_with(&connectors);
    offers_its_type(&host, Stranger::Python);
    connects(&host, Stranger::Python);
}

/// The component; none if its tool-chain is missing, which is said loudly.
fn build(stranger: Stranger) -> Option<PathBuf> {
    match stranger.build().unwrap() {
        Built::Component(path) => Some(path),
        Built::Missing(missing) => {
            skip(&format!("a_connector_in_{stranger:?}"), missing);
            None
        }
    }
}

fn does_the_main_job(stranger: Stranger) {
    let Some(component) = build(stranger) else { return };
    let connectors = TemporaryDirectory::new("strangers").unwrap();
    std::fs::copy(component, connectors.path().join("stranger.wasm")).unwrap();
    let host = host_with(&connectors);
    offers_its_type(&host, stranger);
    refuses_what_is_wrong(&host, stranger);
    connects(&host, stranger);
    assert!(!host.log().unwrap().contains("a connector trapped"), "{}", host.log_tail());
}

/// A host with these connectors. Compiling a whole interpreter takes a while.
fn host_with(connectors: &TemporaryDirectory) -> Patchpanel {
    let directory = TemporaryDirectory::new("host").unwrap();
    let builder = Patchpanel::builder().directory(&directory).ready_limit(Duration::from_mins(5));
    let started = builder.setting("CONNECTORS_DIR", connectors.path().to_str().unwrap()).start();
    started.unwrap_or_else(|error| {
        let log = std::fs::read_to_string(directory.path().join("log")).unwrap_or_default();
        let refused: String = log.lines().filter(|line| line.contains("connector refused")).collect();
        panic!("{refused}\n{error:#}")
    })
}

fn offers_its_type(host: &Patchpanel, stranger: Stranger) {
    let client = host.client_of("acme", "sales", "viewer").unwrap();
    let body = client.get("/assets/data/types").unwrap().json().unwrap();
    let [offered] = body["data"].as_array().unwrap().as_slice() else { panic!("not one type: {body:#}") };
    assert_eq!(offered["connection_type"], stranger.type_name(), "{body:#}");
}

fn refuses_what_is_wrong(host: &Patchpanel, stranger: Stranger) {
    let cases = [
        (json!({}), &["/database_config/database required", "/database_config/host required"][..]),
        (
            json!({"host": "", "port": 0, "database": "", "db_schema": "", "ssl_mode": "prefer"}),
            &[
                "/database_config/database empty",
                "/database_config/db_schema empty",
                "/database_config/host empty",
                "/database_config/port out_of_range",
                "/database_config/ssl_mode unknown_value",
            ],
        ),
        (
            json!({"host": 1, "port": "5432", "database": null, "ssl_mode": ["disable"], "ssl_root_cert": {}, "x": 1}),
            &[
                // Null is absent, as for every connector.
                "/database_config/database required",
                "/database_config/host wrong_type",
                "/database_config/port wrong_type",
                "/database_config/ssl_mode unknown_value",
                "/database_config/ssl_mode wrong_type",
                "/database_config/ssl_root_cert wrong_type",
                "/database_config/x unknown_member",
            ],
        ),
        // What no schema says: only the connector does.
        (
            json!({"host": "postgres://db/shop", "port": 5432.0, "database": "a\nb", "ssl_root_cert": "ca.crt"}),
            &[
                "/database_config/database malformed",
                "/database_config/host malformed",
                "/database_config/ssl_root_cert not_pem",
            ],
        ),
    ];
    for (config, expected) in cases {
        assert_eq!(findings(host, &body(stranger, &config, "a password")), expected, "{config}");
    }
}

fn connects(host: &Patchpanel, stranger: Stranger) {
    let authority = Authority::new("test").unwrap();
    let identity = authority.server(&["127.0.0.1"]).unwrap();
    let server =
        Postgres::builder().tls(&identity).hba("hostssl all all all scram-sha-256").sql(sales::SQL).start().unwrap();
    let config = json!({
        "host": "127.0.0.1",
        "port": server.port(),
        "database": sales::DATABASE,
        "db_schema": sales::SCHEMA,
        "ssl_mode": "verify-full",
        "ssl_root_cert": authority.certificate(),
    });
    let works = verify(host, &body(stranger, &config, sales::READER_PASSWORD));
    assert_eq!(works["success"], true, "{works:#}");
    for (name, outcome) in [("config", "passed"), ("tls", "passed"), ("authenticate", "passed")] {
        assert_eq!(stage(&works, name)["outcome"], outcome, "{works:#}");
    }
    let fails = verify(host, &body(stranger, &config, "wrong"));
    let failed = stage(&fails, "authenticate");
    let facts = [&fails["success"], &failed["outcome"], &failed["code"]];
    assert_eq!(json!(facts), json!([false, "failed", "password_rejected"]), "{fails:#}");
}

fn body(stranger: Stranger, config: &Value, password: &str) -> Value {
    json!({
        "connection_type": stranger.type_name(),
        "database_config": config,
        "credentials": { "username": sales::READER, "password": password },
    })
}

fn verify(host: &Patchpanel, body: &Value) -> Value {
    let client = host.client_of("acme", "sales", "developer").unwrap();
    let reply = client.post("/assets/data/verify", body).unwrap();
    assert_eq!(reply.status.as_u16(), 200, "{}", reply.body);
    reply.json().unwrap()
}

/// Where and how a body is wrong, sorted.
fn findings(host: &Patchpanel, body: &Value) -> Vec<String> {
    let client = host.client_of("acme", "sales", "developer").unwrap();
    let reply = client.post("/assets/data/verify", body).unwrap();
    assert_eq!(reply.status.as_u16(), 422, "{}", reply.body);
    let error = reply.json().unwrap();
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let found = error["error"]["details"]["findings"].as_array().unwrap().iter();
    let mut found: Vec<String> = found.map(|it| text(it, "pointer") + " " + &text(it, "code")).collect();
    found.sort();
    found
}

fn stage<'a>(report: &'a Value, name: &str) -> &'a Value {
    let stages = report["details"]["stages"].as_array().unwrap();
    stages.iter().find(|stage| stage["stage"] == name).unwrap()
}
