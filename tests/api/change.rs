//! `PUT /assets/data/{resource_uri}`.

use serde_json::{Value, json};
use test_support::certificates::Authority;

use super::{answer, client, findings, refusal, register, registration, working_registration};

#[test]
fn an_absent_member_keeps_its_value() {
    let client = client("keeping", "developer");
    let mut body = registration("Before");
    body["description"] = json!("old");
    body["tags"] = json!(["x"]);
    let path = register(&client, &body);
    let before = answer(client.get(&path), 200);
    let after = |change: Value| answer(client.put(&path, &change), 200);
    assert_eq!(after(json!({})), before, "a change of nothing changes nothing");

    let mut expected = before;
    for (member, value) in [("name", json!("After")), ("description", json!("")), ("tags", json!(["y", "z"]))] {
        let record = after(json!({ member: value }));
        expected[member] = value;
        expected["updated_at"] = record["updated_at"].clone();
        assert_eq!(record, expected, "{member}");
    }
    // The type may be sent along, and cannot change.
    after(json!({"connection_type": "postgres"}));
    assert_eq!(findings(client.put(&path, &json!({"connection_type": "mysql"}))), ["/connection_type immutable"]);
}

#[test]
fn the_configuration_is_replaced_whole() {
    let client = client("replacing", "developer");
    let mut body = registration("Whole");
    body["database_config"]["application_name"] = json!("mine");
    body["database_config"]["connect_timeout_ms"] = json!(500);
    let path = register(&client, &body);
    let config = json!({"host": "db.example.com", "database": "archive", "schema": "old"});
    let record = answer(client.put(&path, &json!({ "database_config": config })), 200);
    let config = &record["database_config"];
    assert_eq!(
        (&config["application_name"], &config["connect_timeout_ms"], &config["database"], &config["db_schema"]),
        (&json!("patchpanel"), &json!(10_000), &json!("archive"), &json!("old")),
        "what is not sent has its default, and the alias has become db_schema"
    );
    assert!(config.get("schema").is_none());
    assert_eq!(record["credentials_set"]["password"], true, "the same target needs no credentials");
    let both = json!({"host": "db.example.com", "database": "a", "schema": "x", "db_schema": "y"});
    assert_eq!(
        findings(client.put(&path, &json!({ "database_config": both }))),
        ["/database_config/schema contradiction"]
    );
    assert_eq!(answer(client.get(&path), 200), record, "nothing of a refused change is stored");
}

#[test]
fn another_target_needs_the_credentials_again() {
    let client = client("moving", "developer");
    let roots = Authority::new("one").unwrap();
    let other_roots = Authority::new("another").unwrap();
    let config = json!({"host": "db.example.com", "database": "shop", "ssl_root_cert": roots.certificate()});
    for (number, (member, value)) in [
        ("host", json!("evil.example.com")),
        ("host", json!("203.0.113.7")),
        ("port", json!(5433)),
        ("ssl_mode", json!("require")),
        ("ssl_mode", json!("verify-ca")),
        ("ssl_root_cert", json!(other_roots.certificate())),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = registration(&format!("Target {number}"));
        body["database_config"] = config.clone();
        let path = register(&client, &body);
        let before = answer(client.get(&path), 200);
        let mut moved = config.clone();
        moved[member] = value.clone();

        let mut change = json!({ "database_config": moved });
        let error = refusal(client.put(&path, &change), 422, "CREDENTIALS_REQUIRED");
        assert_eq!(error["details"], json!({"credentials": ["password", "username"]}), "{member}");
        change["credentials"] = json!({"password": "a password"});
        let error = refusal(client.put(&path, &change), 422, "CREDENTIALS_REQUIRED");
        assert_eq!(error["details"], json!({"credentials": ["username"]}), "{member}");
        assert_eq!(answer(client.get(&path), 200), before, "{member}: nothing of it is stored");

        change["credentials"]["username"] = json!("reader");
        let record = answer(client.put(&path, &change), 200);
        assert_eq!(record["database_config"][member], value);
    }
}

#[test]
fn without_its_root_certificate_a_connection_is_bound_elsewhere() {
    let client = client("roots", "developer");
    let mut body = registration("Roots");
    body["database_config"]["ssl_root_cert"] = json!(Authority::new("one").unwrap().certificate());
    let path = register(&client, &body);
    let change = json!({"database_config": {"host": "db.example.com", "database": "shop"}});
    refusal(client.put(&path, &change), 422, "CREDENTIALS_REQUIRED");
}

#[test]
fn a_value_sets_a_credential_and_null_clears_it() {
    let client = client("clearing", "developer");
    let path = register(&client, &working_registration("Clear"));
    let success = || answer(client.send("POST", &format!("{path}/test"), ""), 200)["success"].clone();
    assert_eq!(success(), true);
    let record = answer(client.put(&path, &json!({"credentials": {"password": "wrong"}})), 200);
    assert_eq!(record["status"], "PENDING", "it has not been tested with this one");
    assert_eq!(success(), false);
    answer(client.put(&path, &json!({"credentials": {"password": test_support::sales::READER_PASSWORD}})), 200);
    assert_eq!(success(), true, "the user name was kept");

    assert_eq!(
        findings(client.put(&path, &json!({"credentials": {"password": null}}))),
        ["/credentials/password required"]
    );
    assert_eq!(success(), true, "nothing of a refused change is stored");

    // An optional one comes and goes.
    let authority = Authority::new("clients").unwrap();
    let identity = authority.client("reader").unwrap();
    let config = |certificate: Value| {
        let mut config = json!({"host": "db.example.com", "database": "shop"});
        if certificate.is_string() {
            config["ssl_client_cert"] = certificate;
        }
        config
    };
    let path = register(&client, &registration("Key"));
    let with_key = json!({
        "database_config": config(json!(identity.certificate)), "credentials": {"ssl_client_key": identity.key},
    });
    assert_eq!(answer(client.put(&path, &with_key), 200)["credentials_set"]["ssl_client_key"], true);
    let without_certificate = json!({ "database_config": config(Value::Null) });
    assert_eq!(
        findings(client.put(&path, &without_certificate)),
        ["/database_config/ssl_client_cert certificate_missing"]
    );
    let cleared = json!({"database_config": config(Value::Null), "credentials": {"ssl_client_key": null}});
    let record = answer(client.put(&path, &cleared), 200);
    assert_eq!(record["credentials_set"], json!({"username": true, "password": true, "ssl_client_key": false}));
}

#[test]
fn a_change_says_everything_that_is_wrong_with_it() {
    let client = client("wrong-change", "developer");
    let path = register(&client, &registration("Wrong"));
    let change = json!({
        "name": "", "owner": "me", "tags": ["a,b"], "resource_uri": "data:wrong-change:sales:x",
        "database_config": {"host": "", "port": 0},
        "credentials": {"password": 7, "pasword": "x"},
    });
    let found = findings(client.put(&path, &change));
    for expected in [
        "/name empty",
        "/owner unknown_member",
        "/tags/0 malformed",
        "/resource_uri read_only_member",
        "/credentials/password wrong_type",
        "/credentials/pasword unknown_member",
        "/database_config/host empty",
        "/database_config/port out_of_range",
        "/database_config/database required",
    ] {
        assert!(found.contains(&expected.to_owned()), "{expected} is not in {found:?}");
    }
    assert!(!found.contains(&"/credentials/username required".to_owned()), "it is stored: {found:?}");
}

#[test]
fn a_whole_record_can_be_sent_back() {
    let client = client("whole-record", "admin");
    let mut body = working_registration("Whole");
    body["tags"] = json!(["eu"]);
    let path = register(&client, &body);
    answer(client.send("POST", &format!("{path}/test"), ""), 200);
    let reply = client.get(&path).unwrap();
    let (record, etag) = (reply.json().unwrap(), reply.header("etag").unwrap().to_owned());
    assert_eq!(record["status"], "ACTIVE");
    // Nothing is changed by what is as it was.
    let reply = client.put(&path, &record).unwrap();
    assert_eq!(
        (reply.status.as_u16(), reply.json().unwrap(), reply.header("etag")),
        (200, record.clone(), Some(&*etag))
    );

    let mut edited = record.clone();
    edited["description"] = json!("Edited");
    let after = answer(client.with_header("If-Match", &etag).put(&path, &edited), 200);
    assert_eq!((&after["description"], &after["status"]), (&json!("Edited"), &json!("ACTIVE")));
    assert_eq!(after["database_config"], record["database_config"]);
    // Who has not seen that is told so, and not of members that are not as they were.
    refusal(client.with_header("If-Match", &etag).put(&path, &edited), 412, "PRECONDITION_FAILED");
    assert_eq!(findings(client.put(&path, &edited)), ["/updated_at read_only_member"]);

    // A test in between breaks no edit.
    let mut edited = after.clone();
    edited["name"] = json!("Renamed");
    edited["credentials"] = json!({"password": "wrong"});
    answer(client.put(&path, &json!({"credentials": {"password": "wrong"}})), 200);
    let mut seen = answer(client.get(&path), 200);
    assert_eq!(answer(client.send("POST", &format!("{path}/test"), ""), 200)["success"], false);
    seen["name"] = json!("Renamed");
    let after = answer(client.put(&path, &seen), 200);
    assert_eq!((&after["name"], &after["status"]), (&json!("Renamed"), &json!("ERROR")));

    // A time says the same in other words.
    let mut edited = after.clone();
    for (time, other) in [("created_at", "Z"), ("updated_at", "+00:00"), ("last_tested_at", "000Z")] {
        edited[time] = json!(after[time].as_str().unwrap().replace('Z', other));
    }
    answer(client.put(&path, &edited), 200);
}

#[test]
fn a_changed_read_only_member_is_named() {
    let client = client("read-only", "admin");
    let path = register(&client, &registration("Fixed"));
    let record = answer(client.get(&path), 200);
    let writable = ["name", "description", "tags", "connection_type", "database_config"];
    let read_only: Vec<_> =
        record.as_object().unwrap().keys().filter(|name| !writable.contains(&name.as_str())).collect();
    assert!(read_only.len() > 15, "{read_only:?}");
    for member in &read_only {
        let mut edited = record.clone();
        edited[member.as_str()] = json!("something else");
        assert_eq!(findings(client.put(&path, &edited)), [format!("/{member} read_only_member")]);
        assert_eq!(
            findings(client.put(&path, &json!({ member.as_str(): ["x"] }))),
            [format!("/{member} read_only_member")]
        );
    }
    // All of them at once, beside what is wrong otherwise.
    let found =
        findings(client.put(&path, &json!({"status": "ACTIVE", "owner_id": "user:eve", "name": "", "nmae": 1})));
    assert_eq!(
        found,
        ["/name empty", "/nmae unknown_member", "/owner_id read_only_member", "/status read_only_member"]
    );
    // They are of the record alone.
    let mut again = registration("Again");
    again["status"] = json!("PENDING");
    assert_eq!(findings(client.post("/assets/data", &again)), ["/status unknown_member"]);
    assert_eq!(answer(client.get(&path), 200), record);
}
