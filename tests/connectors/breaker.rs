//! A connector that keeps failing an organization rests there, and serves the others.

use serde_json::{Value, json};
use test_support::certificates::Authority;
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

/// PEM of so many bytes, with this and other text before the certificate, as bundles have it.
fn pem(certificate: &str, bytes: usize, text: &str) -> String {
    let padding = "A".repeat(bytes - text.len() - certificate.len() - 1);
    format!("{text}{padding}\n{certificate}")
}

#[test]
fn what_is_too_long_is_the_tenants_mistake_however_often_it_is_sent() {
    let directory = TemporaryDirectory::new("connectors").unwrap();
    std::fs::write(directory.path().join("postgres.wasm"), postgres()).unwrap();
    for guest in ["echo-in-escapes", "repeat-the-endpoint", "answer-two-mebibytes"] {
        std::fs::write(directory.path().join(format!("{guest}.wasm")), guests::named(guest).unwrap()).unwrap();
    }
    let host = host_with(directory.path()).start().unwrap();
    let client = host.client_of("acme", "sales", "developer").unwrap();
    let loaded = || (super::types(&host).len() == 4).then_some(());
    assert!(test_support::eventually::eventually(std::time::Duration::from_mins(1), loaded).is_some());
    let identity = Authority::new("clients").unwrap().client("reader").unwrap();
    let pem = |bytes, text| pem(&identity.certificate, bytes, text);
    let verify = |connection_type: &str, member: &str, value: &str| {
        let mut config = json!({"host": "db.example.com", "database": "sales", "port": 1});
        config[member] = json!(value);
        if connection_type != "postgres" {
            config["trigger"] = json!("on");
        }
        let mut credentials = json!({"username": "reader", "password": "not-this-one"});
        if member == "ssl_client_cert" {
            credentials["ssl_client_key"] = json!(identity.key);
        }
        let body = json!({"connection_type": connection_type, "database_config": config, "credentials": credentials});
        client.post("/assets/data/verify", &body).unwrap()
    };
    for (connection_type, member, value, is_taken) in [
        ("postgres", "ssl_root_cert", pem(288_000, ""), false),
        ("postgres", "ssl_root_cert", pem(300_000, &"é".repeat(50_000)), false),
        ("postgres", "ssl_root_cert", pem(262_144, ""), true),
        ("postgres", "ssl_root_cert", pem(150_000, &"é".repeat(50_000)), true),
        ("postgres", "ssl_client_cert", pem(72_000, ""), false),
        ("postgres", "ssl_client_cert", pem(65_536, ""), true),
        ("zoo-echo-in-escapes", "host", "x".repeat(200_000), false),
        ("zoo-echo-in-escapes", "host", "x".repeat(100_000), true),
        ("zoo-repeat-the-endpoint", "host", "x".repeat(80_000), false),
        ("zoo-repeat-the-endpoint", "host", "x".repeat(60_000), true),
    ] {
        let what = format!("{connection_type} {member} {}", value.len());
        // Once more than would open the breaker.
        for _ in 0..4 {
            let reply = verify(connection_type, member, &value);
            if is_taken {
                assert_eq!(reply.status.as_u16(), 200, "{what}: {}", reply.body);
                continue;
            }
            assert_eq!(error(&reply), (422, json!("VALIDATION_ERROR")), "{what}: {}", reply.body);
            let findings = reply.json().unwrap()["error"]["details"]["findings"].clone();
            let [finding] = findings.as_array().unwrap().as_slice() else { panic!("{what}: {findings:#}") };
            assert_eq!(finding["code"], "too_long", "{what}: {finding}");
            assert_eq!(finding["pointer"], format!("/database_config/{member}"), "{what}: {finding}");
            assert!(!reply.body.contains("xxxx") && !reply.body.contains("AAAA"), "{what}: {}", reply.body);
        }
        let good = verify(connection_type, "database", "sales");
        assert_eq!(good.status.as_u16(), 200, "{what}, and then something good: {}", good.body);
    }
    // What a connector does with little is its own doing.
    for _ in 0..3 {
        let reply = verify("zoo-answer-two-mebibytes", "database", "sales");
        assert_eq!(error(&reply), (502, json!("CONNECTOR_LIMIT_ANSWER_BYTES")));
    }
    let reply = verify("zoo-answer-two-mebibytes", "database", "sales");
    assert_eq!(error(&reply), (503, json!("CONNECTOR_SUSPENDED")));
}
