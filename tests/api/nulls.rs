//! `null` for a member that need not be there, as generated clients send it: the same as leaving it out.

use serde_json::{Value, json};

use super::{answer, client, findings, register, registration, working_registration};

/// The registration as a client sends it that writes every member that it knows.
fn with_nulls(mut body: Value) -> Value {
    for absent in ["description", "tags", "resource_uri", "storage_config", "filesystem_config"] {
        body[absent] = Value::Null;
    }
    for absent in ["ssl_mode", "ssl_root_cert", "ssl_client_cert", "schema", "connect_timeout_ms", "application_name"] {
        body["database_config"][absent] = Value::Null;
    }
    body["credentials"]["ssl_client_key"] = Value::Null;
    body
}

/// What two connections have in common that were registered alike.
fn comparable(record: &Value) -> Value {
    let mut record = record.clone();
    for own in ["resource_uri", "slug", "name", "created_at", "updated_at"] {
        record.as_object_mut().unwrap().remove(own);
    }
    record
}

#[test]
fn null_registers_and_verifies_what_absence_does() {
    let client = client("nulls", "developer");
    let plain = answer(client.post("/assets/data", &registration("Plain")), 201);
    let nulls = answer(client.post("/assets/data", &with_nulls(registration("Nulls"))), 201);
    assert_eq!(comparable(&nulls), comparable(&plain));
    assert_eq!((&nulls["description"], &nulls["tags"]), (&json!(""), &json!([])));
    assert_eq!(nulls["credentials_set"]["ssl_client_key"], false);
    let success = |path: &str| answer(client.send("POST", path, ""), 200)["success"].clone();
    let path = register(&client, &working_registration("Works"));
    assert_eq!(success(&format!("{path}/test")), true);

    let mut verify = with_nulls(working_registration(""));
    for other in ["name", "description", "tags", "resource_uri"] {
        verify.as_object_mut().unwrap().remove(other);
    }
    verify["database_config"].as_object_mut().unwrap().remove("ssl_mode");
    assert_eq!(answer(client.post("/assets/data/verify", &verify), 200)["success"], true);
    let mut validate = verify.clone();
    validate.as_object_mut().unwrap().remove("credentials");
    validate["credentials_set"] = Value::Null;
    let said = answer(client.post("/assets/data/validate", &validate), 200);
    let codes: Vec<&Value> = said["findings"].as_array().unwrap().iter().map(|finding| &finding["pointer"]).collect();
    assert_eq!(codes, ["/credentials/username", "/credentials/password"], "{said}");
    // Without credentials at all, which this type needs.
    verify["credentials"] = Value::Null;
    assert_eq!(
        findings(client.post("/assets/data/verify", &verify)),
        ["/credentials/password required", "/credentials/username required"]
    );
}

#[test]
fn null_changes_nothing_but_a_credential() {
    let client = client("null-changes", "developer");
    let mut body = registration("Kept");
    body["description"] = json!("old");
    body["tags"] = json!(["x"]);
    let path = register(&client, &body);
    let before = answer(client.get(&path), 200);
    let nothing = json!({
        "name": null, "description": null, "tags": null, "connection_type": null, "database_config": null,
        "storage_config": null, "filesystem_config": null, "credentials": null,
    });
    assert_eq!(answer(client.put(&path, &nothing), 200), before);
    // In a configuration it is what is not there, as when it is registered.
    let mut config = body["database_config"].clone();
    config["port"] = Value::Null;
    let change = json!({"database_config": config, "storage_config": null, "description": "new"});
    let after = answer(client.put(&path, &change), 200);
    assert_eq!((&after["database_config"], &after["description"]), (&before["database_config"], &json!("new")));
    assert_eq!(
        findings(client.put(&path, &json!({"credentials": {"password": null}}))),
        ["/credentials/password required"]
    );
    assert_eq!(answer(client.put(&path, &json!({"credentials": {"ssl_client_key": null}})), 200)["status"], "PENDING");
}

#[test]
fn null_is_no_value_where_one_is_needed() {
    let client = client("null-needed", "developer");
    let mut body = registration("Needed");
    body["name"] = Value::Null;
    body["connection_type"] = Value::Null;
    body["database_config"]["host"] = Value::Null;
    assert_eq!(findings(client.post("/assets/data", &body)), ["/connection_type wrong_type", "/name wrong_type"]);
    body["connection_type"] = json!("postgres");
    assert_eq!(findings(client.post("/assets/data", &body)), ["/database_config/host required", "/name wrong_type"]);
    // What there is no member for is not there as null either.
    let mut body = registration("Unknown");
    body["nmae"] = Value::Null;
    body["database_config"]["dbname"] = Value::Null;
    body["credentials"]["user"] = Value::Null;
    assert_eq!(
        findings(client.post("/assets/data", &body)),
        ["/database_config/dbname unknown_member", "/nmae unknown_member"]
    );
}
