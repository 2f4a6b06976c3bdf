//! A connector that keeps failing an organization rests there, and serves the others.

use serde_json::{Value, json};
use test_support::client::{Client, Reply};
use test_support::directory::TemporaryDirectory;
use test_support::guests;

use super::{host_with, postgres};

fn verify(client: &Client, connection_type: &str, trigger: &str) -> Reply {
    let mut config = json!({"host": "db.example.com", "database": "sales", "port": 1});
    if !trigger.is_empty() {
        config["trigger"] = json!(trigger);
    }
    let body = json!({
        "connection_type": connection_type,
        "database_config": config,
        "credentials": {"username": "reader", "password": "not-this-one"},
    });
    client.post("/assets/data/verify", &body).unwrap()
}

fn error(reply: &Reply) -> (u16, Value) {
    (reply.status.as_u16(), reply.json().unwrap()["error"]["code"].clone())
}

#[test]
fn a_connector_that_keeps_failing_rests_for_that_organization_alone() {
    let directory = TemporaryDirectory::new("connectors").unwrap();
    std::fs::write(directory.path().join("postgres.wasm"), postgres()).unwrap();
    std::fs::write(directory.path().join("trap.wasm"), guests::named("trap").unwrap()).unwrap();
    let host = host_with(directory.path()).setting("CONNECTOR_BREAKER_WINDOW_S", "2").start().unwrap();
    let client = |organization| host.client_of(organization, "sales", "developer").unwrap();
    let (acme, globex) = (client("acme"), client("globex"));
    let failed = (502, json!("CONNECTOR_FAILED"));
    for _ in 0..3 {
        assert_eq!(error(&verify(&acme, "zoo-trap", "on")), failed);
    }
    for trigger in ["on", ""] {
        let reply = verify(&acme, "zoo-trap", trigger);
        assert_eq!(error(&reply), (503, json!("CONNECTOR_SUSPENDED")));
        let seconds: u64 = reply.header("Retry-After").unwrap().parse().unwrap();
        assert!((1..=2).contains(&seconds), "{seconds}");
        assert!(reply.body.contains("zoo-trap 1.0.0"), "{}", reply.body);
    }
    assert_eq!(verify(&globex, "zoo-trap", "").status.as_u16(), 200, "another organization");
    assert_eq!(verify(&acme, "postgres", "").status.as_u16(), 200, "another connector");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(verify(&acme, "zoo-trap", "").status.as_u16(), 200, "after its rest");
    assert_eq!(error(&verify(&acme, "zoo-trap", "on")), failed);
}

#[test]
fn an_error_of_a_limit_names_the_limit_its_value_and_the_setting() {
    let directory = TemporaryDirectory::new("connectors").unwrap();
    std::fs::write(directory.path().join("spin.wasm"), guests::named("spin-in-validate").unwrap()).unwrap();
    let host = host_with(directory.path()).setting("CONNECTOR_MAX_CPU_MS", "50").start().unwrap();
    let reply = verify(&host.client_of("acme", "sales", "developer").unwrap(), "zoo-spin-in-validate", "on");
    assert_eq!(error(&reply), (504, json!("CONNECTOR_LIMIT_CPU_TIME")));
    let details = json!({
        "connector": "zoo-spin-in-validate 1.0.0",
        "limit": "cpu_time",
        "value": 50,
        "setting": "connector_max_cpu_ms",
    });
    assert_eq!(reply.json().unwrap()["error"]["details"], details);
}
