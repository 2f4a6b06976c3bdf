//! `POST /assets/data/verify`, `POST /assets/data`, `GET` and `DELETE` of one.

use serde_json::{Value, json};

use super::{answer, client, findings, members, names, refusal, register, registration, working_registration};

#[test]
fn verify_stores_nothing_and_reports_every_stage() {
    let client = client("verify", "developer");
    let mut body = working_registration("");
    body.as_object_mut().unwrap().remove("name");
    let result = answer(client.post("/assets/data/verify", &body), 200);
    assert_eq!(result["success"], true, "{result}");
    assert!(result["latency_ms"].as_f64().unwrap() > 0.0);
    let stages: Vec<&str> =
        result["details"]["stages"].as_array().unwrap().iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert_eq!(
        stages,
        ["config", "policy", "resolve", "connect", "tls", "authenticate", "session", "privileges", "discover"]
    );
    assert_eq!(result["details"]["schemas"][0]["name"], "sales");

    body["credentials"]["password"] = json!("wrong");
    let result = answer(client.post("/assets/data/verify", &body), 200);
    assert_eq!(result["success"], false, "a source that refuses is an answer: {result}");
    assert_eq!(result["details"]["stages"][5]["code"], "password_rejected");
    assert_eq!(names(&client, ""), [""; 0]);
}

#[test]
fn a_record_says_everything_but_the_credentials() {
    let client = client("record", "developer");
    let mut body = registration("Orders (EU)");
    body["description"] = json!("For\nthe shop");
    body["tags"] = json!(["eu", "orders"]);
    let reply = client.post("/assets/data", &body).unwrap();
    let record = answer(Ok(reply.clone()), 201);
    assert_eq!(
        members(&record),
        [
            "bindings",
            "connection_type",
            "connector_contract",
            "connector_digest",
            "connector_upgrade",
            "connector_version",
            "created_at",
            "created_by",
            "credentials_set",
            "database_config",
            "description",
            "last_tested_at",
            "name",
            "organization_id",
            "owner_id",
            "project_id",
            "resource_uri",
            "slug",
            "status",
            "status_reason",
            "tags",
            "updated_at",
            "updated_by",
        ]
    );
    for (member, value) in [
        ("resource_uri", json!("data:record:sales:orders-eu")),
        ("name", json!("Orders (EU)")),
        ("description", json!("For\nthe shop")),
        ("tags", json!(["eu", "orders"])),
        ("connection_type", json!("postgres")),
        ("status", json!("PENDING")),
        ("status_reason", Value::Null),
        ("project_id", json!("sales")),
        ("organization_id", json!("record")),
        ("created_by", json!("user:developer")),
        ("updated_by", json!("user:developer")),
        ("owner_id", json!("user:developer")),
        ("last_tested_at", Value::Null),
        ("credentials_set", json!({"username": true, "password": true, "ssl_client_key": false})),
    ] {
        assert_eq!(record[member], value, "{member}");
    }
    assert_eq!(record["database_config"]["port"], 5432, "defaults are shown: {record}");
    assert_eq!(record["created_at"], record["updated_at"]);
    assert!(record["created_at"].as_str().unwrap().ends_with('Z'));
    for hidden in ["a password", "***", "•"] {
        assert!(!reply.body.contains(hidden), "neither a credential nor a mask: {record}");
    }

    let location = reply.header("location").unwrap();
    assert_eq!(location, "/assets/data/data:record:sales:orders-eu");
    for path in [location.to_owned(), location.replace("data:record:sales:", "data%3Arecord%3asales%3A")] {
        let found = client.get(&path).unwrap();
        assert_eq!(found.json().unwrap(), record, "{path}");
        assert_eq!(found.header("etag"), reply.header("etag"), "{path}");
    }
    assert_eq!(answer(client.get("/assets/data"), 200)["data"], json!([record]));
}

#[test]
fn the_resource_uri_is_chosen_once_and_unique() {
    let client = client("naming", "developer");
    let mut body = registration("First");
    register(&client, &body);
    refusal(client.post("/assets/data", &body), 409, "RESOURCE_ALREADY_EXISTS");
    body["resource_uri"] = json!("data:naming:sales:second");
    let record = answer(client.post("/assets/data", &body), 201);
    assert_eq!(record["resource_uri"], "data:naming:sales:second");
    refusal(client.post("/assets/data", &body), 409, "RESOURCE_ALREADY_EXISTS");
    // Renaming leaves it.
    let renamed = answer(client.put("/assets/data/data:naming:sales:second", &json!({"name": "Third"})), 200);
    assert_eq!((&renamed["resource_uri"], &renamed["name"]), (&json!("data:naming:sales:second"), &json!("Third")));
    for foreign in [
        "data:naming:hr:x",
        "data:naming::x",
        "data:other:sales:x",
        "data:naming:sales:",
        "data:naming:sales:A b",
        "data:naming:sales:a/b",
        "secret:naming:sales:x",
        "x",
    ] {
        body["resource_uri"] = json!(foreign);
        assert_eq!(findings(client.post("/assets/data", &body)), ["/resource_uri malformed"], "{foreign}");
    }
    assert_eq!(names(&client, "sort=name:asc"), ["First", "Third"]);
}

#[test]
fn what_is_deleted_is_gone_and_its_name_is_free() {
    let client = client("deleting", "admin");
    let path = register(&client, &registration("Gone"));
    assert_eq!(client.delete(&path).unwrap().body, "");
    for (method, action) in [("GET", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/disable"), ("POST", "/enable")]
    {
        refusal(client.send(method, &format!("{path}{action}"), ""), 404, "RESOURCE_NOT_FOUND");
    }
    assert_eq!(names(&client, ""), [""; 0]);
    assert_eq!(register(&client, &registration("Gone")), path);
    answer(client.delete(&path), 204);
}
