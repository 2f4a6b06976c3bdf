//! `GET /assets/data/types`.

use serde_json::{Value, json};

use super::{answer, client, members, registration};

#[test]
fn a_form_can_be_drawn_from_a_type() {
    let types = answer(client("types", "viewer").get("/assets/data/types"), 200);
    let postgres = types["data"].as_array().unwrap().iter().find(|one| one["connection_type"] == "postgres").unwrap();
    assert_eq!(postgres["config_member"], "database_config");
    assert_eq!(postgres["auth_member"], "auth_type");
    assert_eq!(postgres["version"].as_str().unwrap().split('.').count(), 3);
    assert!(postgres["digest"].as_str().unwrap().starts_with("sha256:"));
    let order: Vec<&String> = postgres["config_schema"]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(order[..5], ["host", "port", "database", "db_schema", "schema"], "the author's order, not the alphabet");
    let reach = json!([{"endpoint_role": "data", "host": "{/host}", "port": "{/port}", "tls_mode": "{/ssl_mode}",
        "server_name": null, "roots": ["{/ssl_root_cert}"]}]);
    assert_eq!(postgres["reaches"], reach);
    let method = &postgres["auth_methods"][0];
    assert_eq!(method["name"], "basic");
    let credentials = &method["credential_schema"]["properties"];
    assert_eq!(
        (&credentials["username"]["x-secret"], &credentials["password"]["x-secret"]),
        (&json!(false), &json!(true))
    );
    for (name, field) in postgres["config_schema"]["properties"].as_object().unwrap() {
        assert!(field["title"].is_string() && field["description"].is_string(), "{name} cannot be shown");
    }
}

#[test]
fn set_up_instructions_name_the_platforms_addresses() {
    let types = answer(client("types", "viewer").get("/assets/data/types"), 200);
    let setup = types["data"][0]["setup"].as_array().unwrap();
    let text_of = |language: &str| setup.iter().find(|step| step["language"] == language).unwrap()["text"].as_str();
    assert!(text_of("conf").unwrap().contains("127.0.0.1/32"), "{setup:?}");
    assert!(text_of("sql").unwrap().contains("grant usage"), "{setup:?}");
    assert!(setup.iter().all(|step| !step["text"].as_str().unwrap().contains("{egress_addresses}")), "{setup:?}");
}

#[test]
fn every_example_can_be_registered() {
    let client = client("types", "developer");
    let types = answer(client.get("/assets/data/types"), 200);
    for connection_type in types["data"].as_array().unwrap() {
        let examples = connection_type["examples"].as_array().unwrap();
        assert!(!examples.is_empty());
        for (number, example) in examples.iter().enumerate() {
            let mut body = registration(&format!("Example {number}"));
            body["connection_type"] = connection_type["connection_type"].clone();
            body["database_config"] = Value::Null;
            body.as_object_mut().unwrap().remove("database_config");
            body[connection_type["config_member"].as_str().unwrap()] = example.clone();
            let record = answer(client.post("/assets/data", &body), 201);
            assert!(members(&record).contains(&connection_type["config_member"].as_str().unwrap()));
        }
    }
}
