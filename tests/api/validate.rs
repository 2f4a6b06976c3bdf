//! `POST /assets/data/validate`: what a form asks for while it is filled in.

use std::net::TcpListener;

use serde_json::{Value, json};
use test_support::patchpanel::Patchpanel;

use super::{answer, client, findings, members, refusal, registration};

/// What a validation is asked for: that of a connection to a server that nobody dials.
pub(super) fn validation() -> Value {
    let mut body = registration("");
    for member in ["name", "credentials"] {
        body.as_object_mut().unwrap().remove(member);
    }
    body["credentials_set"] = json!(["username", "password"]);
    body
}

/// The validation with this configuration.
fn of(config: Value) -> Value {
    let mut body = validation();
    body["database_config"] = config;
    body
}

/// `pointer code` of every finding of an answer, sorted.
fn said(answer: &Value) -> Vec<String> {
    let text = |finding: &Value, member: &str| finding[member].as_str().unwrap().to_owned();
    let mut said: Vec<String> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| format!("{} {} {}", text(finding, "severity"), text(finding, "pointer"), text(finding, "code")))
        .collect();
    said.sort();
    said
}

#[test]
fn what_is_right_is_answered_with_where_it_leads() {
    let client = client("validate", "developer");
    let result = answer(client.post("/assets/data/validate", &validation()), 200);
    assert_eq!(members(&result), ["endpoints", "findings", "normalised", "tls_mode"]);
    assert_eq!(result["findings"], json!([]));
    assert_eq!((&result["normalised"]["port"], &result["normalised"]["db_schema"]), (&json!(5432), &json!("public")));
    let endpoint = json!({"endpoint_role": "data", "host": "db.example.com", "port": 5432, "tls_mode": "verify-full"});
    assert_eq!((&result["endpoints"], &result["tls_mode"]), (&json!([endpoint]), &json!("verify-full")));
}

#[test]
fn what_is_wrong_is_said_as_verify_says_it() {
    let client = client("validate", "developer");
    for (config, credentials_set) in [
        (json!({"host": "https://db", "port": 0}), json!(["username"])),
        (json!({"host": "db.example.com"}), json!([])),
        (json!({"host": "a,b", "database": "shop", "sslmode": "require"}), json!(["username", "password"])),
        (json!({"host": "db", "database": "shop", "ssl_mode": "prefer"}), json!(["username", "ssl_client_key"])),
        (json!({"host": "db", "database": "shop"}), json!(["username", "password", "token"])),
        (json!({"host": "db", "database": "shop", "auth_type": "kerberos"}), json!(["username", "password"])),
    ] {
        let mut validate = of(config.clone());
        validate["credentials_set"] = credentials_set.clone();
        let mut verify = validate.clone();
        verify.as_object_mut().unwrap().remove("credentials_set");
        let named = credentials_set.as_array().unwrap().iter();
        verify["credentials"] = named.map(|name| (name.as_str().unwrap().to_owned(), json!("a value"))).collect();
        let result = answer(client.post("/assets/data/validate", &validate), 200);
        let refused = refusal(client.post("/assets/data/verify", &verify), 422, "VALIDATION_ERROR");
        assert_eq!(result["findings"], refused["details"]["findings"], "{config} {credentials_set}");
        assert_eq!((&result["normalised"], &result["tls_mode"]), (&Value::Null, &Value::Null));
        assert_eq!(result["endpoints"], json!([]));
    }
    let mut unknown = validation();
    unknown["connection_type"] = json!("mysql");
    assert_eq!(
        said(&answer(client.post("/assets/data/validate", &unknown), 200)),
        ["error /connection_type unknown_value"]
    );
}

#[test]
fn what_a_test_would_stumble_over_is_a_warning_at_its_member() {
    let client = client("validate", "developer");
    for (host, port, ssl_mode, expected) in [
        ("db.example.com", 22, "verify-full", vec!["warning /database_config/port port_refused"]),
        ("169.254.169.254", 5432, "verify-full", vec!["warning /database_config/host address_refused"]),
        ("db.example.com", 5432, "require", vec!["warning /database_config/ssl_mode server_unverified"]),
        ("db.example.com", 5432, "disable", vec!["warning /database_config/ssl_mode unencrypted"]),
        (
            "169.254.169.254",
            5432,
            "verify-ca",
            vec!["warning /database_config/host address_refused", "warning /database_config/ssl_mode name_unverified"],
        ),
    ] {
        let config = json!({"host": host, "port": port, "database": "shop", "ssl_mode": ssl_mode});
        let result = answer(client.post("/assets/data/validate", &of(config)), 200);
        assert_eq!(said(&result), expected, "{host} {port} {ssl_mode}");
        assert_eq!((&result["tls_mode"], &result["normalised"]["host"]), (&json!(ssl_mode), &json!(host)));
    }
}

#[test]
fn an_installation_says_what_it_has_against_this_machine() {
    let host = Patchpanel::builder().setting("EGRESS_ALLOW_LOOPBACK", "false").start().unwrap();
    let client = host.client_of("validate", "sales", "developer").unwrap();
    for name in ["localhost", "db.localhost", "127.0.0.1", "::1"] {
        let config = json!({"host": name, "database": "shop"});
        let result = answer(client.post("/assets/data/validate", &of(config)), 200);
        assert_eq!(said(&result), ["warning /database_config/host address_refused"], "{name}");
        assert_ne!(result["normalised"], Value::Null, "it can be registered all the same");
    }
}

#[test]
fn nothing_is_dialled_and_no_credential_is_taken() {
    let client = client("validate", "developer");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let config = json!({"host": "127.0.0.1", "port": listener.local_addr().unwrap().port(), "database": "shop"});
    let result = answer(client.post("/assets/data/validate", &of(config.clone())), 200);
    assert_eq!(result["findings"], json!([]));
    // A test of the same would have come by now.
    let mut verify = registration("");
    verify.as_object_mut().unwrap().remove("name");
    verify["database_config"] = json!({"host": "127.0.0.1", "port": 1025, "database": "shop"});
    answer(client.post("/assets/data/verify", &verify), 200);
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);

    let mut body = of(config);
    body["credentials"] = json!({"password": "canary-of-validate"});
    let reply = client.post("/assets/data/validate", &body).unwrap();
    assert!(!reply.body.contains("canary-of-validate"), "{}", reply.body);
    assert_eq!(findings(Ok(reply)), ["/credentials unknown_member"]);
}

#[test]
fn a_body_of_another_form_is_refused() {
    let client = client("validate", "developer");
    let with = |member: &str, value: Value| {
        let mut body = validation();
        body[member] = value;
        body
    };
    for (body, expected) in [
        (json!([]), vec![" wrong_type"]),
        (json!({"connection_type": "postgres"}), vec![" required"]),
        (with("credentials_set", json!({"password": "x"})), vec!["/credentials_set wrong_type"]),
        (with("credentials_set", json!([7])), vec!["/credentials_set/0 wrong_type"]),
        (with("credentials_set", json!(vec!["x"; 101])), vec!["/credentials_set too_many"]),
        (with("storage_config", json!({})), vec!["/database_config conflict", "/storage_config conflict"]),
    ] {
        assert_eq!(findings(client.post("/assets/data/validate", &body)), expected, "{body}");
    }
}

#[test]
fn a_principal_validates_within_a_rate_of_its_own() {
    let host = Patchpanel::builder().rates().setting("VALIDATION_BURST", "5").start().unwrap();
    let client = host.client_of("validate", "sales", "developer").unwrap();
    let statuses: Vec<u16> =
        (0..12).map(|_| client.post("/assets/data/validate", &validation()).unwrap().status.as_u16()).collect();
    assert!(statuses[..5].iter().all(|&status| status == 200) && statuses.contains(&429), "{statuses:?}");
    let reply = client.post("/assets/data/validate", &validation()).unwrap();
    if reply.status.as_u16() == 429 {
        assert_eq!(reply.header("retry-after"), Some("1"));
    }
    // Others, and whatever else this one does, have nothing to do with it.
    answer(client.get("/assets/data"), 200);
    let other = host.token(&["--org", "validate", "--project", "sales", "--role", "developer", "--subject", "bob"]);
    let other = host.client().with_token(&other.unwrap()).with_project("sales");
    answer(other.post("/assets/data/validate", &validation()), 200);
}
