//! `/openapi.json`, `/docs`, and that the routes are as documented, with and without the prefix `/api`.

use std::sync::OnceLock;

use serde_json::{Value, json};
use test_support::client::Reply;

use super::validate::validation;
use super::{answer, client, host, organization_client, refusal, working_registration};

/// An operation of the published document.
#[derive(Debug)]
pub(super) struct Operation {
    /// Its `operationId`.
    pub(super) id: String,
    /// Such as `POST`.
    pub(super) method: String,
    /// Such as `/assets/data/{resource_uri}`.
    pub(super) path: String,
    description: Value,
}

/// The digest of no connector.
pub(super) const NO_DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// What a value of the document is, if need be where its reference leads.
fn resolved(value: &Value) -> &Value {
    let pointer = value["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
    pointer.map_or(value, |pointer| document().pointer(pointer).unwrap())
}

/// The published document.
fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| answer(host().client().get("/openapi.json"), 200))
}

/// Every operation that the host publishes.
pub(super) fn operations() -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, description) in item.as_object().unwrap() {
            operations.push(Operation {
                id: description["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                description: description.clone(),
            });
        }
    }
    operations
}

impl Operation {
    /// Whether it needs a token.
    fn is_open(&self) -> bool {
        self.description.get("security").is_some_and(|security| *security == json!([{}]))
    }

    /// Asserts that an answer has the status, the body and the headers that the document promises.
    fn assert_promised(&self, reply: &Reply) {
        let promised = self.description["responses"].get(reply.status.as_str()).map(resolved);
        let promised = promised.unwrap_or_else(|| panic!("{} promises no {}", self.id, reply.status));
        for header in promised["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
            assert!(reply.header(header).is_some(), "{} {}: no {header}", self.id, reply.status);
        }
        let Some(schema) = promised.pointer("/content/application~1json/schema") else {
            assert_eq!(reply.body, "", "{} {}", self.id, reply.status);
            return;
        };
        assert_eq!(reply.header("content-type"), Some("application/json"), "{}", self.id);
        let mut schema = schema.clone();
        schema["components"] = document()["components"].clone();
        let body = reply.json().unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&body).map(|error| format!("{} {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{} {}: {errors:?} in {body}", self.id, reply.status);
    }
}

#[test]
fn the_document_is_openapi_3_1() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    assert_eq!(document["servers"], json!([{"url": "/"}, {"url": "/api"}]));
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name} is no JSON Schema");
    }
    for operation in operations() {
        let description = &operation.description;
        assert!(description["summary"].is_string() && description["tags"].is_array(), "{}", operation.id);
        let responses = description["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{}", operation.id);
        for status in ["401", "403", "429", "500", "503"] {
            assert!(operation.is_open() || responses.contains_key(status), "{} documents no {status}", operation.id);
        }
        for (status, response) in responses {
            let response = resolved(response);
            assert!(response["description"].is_string(), "{} {status}", operation.id);
            assert!(response.pointer("/headers/X-Request-ID").is_some(), "{} {status}", operation.id);
        }
        let in_path: Vec<&Value> = description["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .collect();
        assert_eq!(in_path.len(), operation.path.matches('{').count(), "{}", operation.id);
        assert!(in_path.iter().all(|parameter| parameter["required"] == true), "{}", operation.id);
    }
}

#[test]
fn every_operation_answers_as_documented_under_both_prefixes() {
    let client = client("documented", "admin");
    let platform = organization_client("documented", "platform-admin");
    let digest = answer(client.get("/assets/data/types"), 200)["data"][0]["digest"].as_str().unwrap().to_owned();
    for prefix in ["", "/api"] {
        let name = format!("Documented{}", prefix.replace('/', " "));
        let path = format!("{prefix}/assets/data/data:documented:sales:{}", name.to_lowercase().replace(' ', "-"));
        let mut verify = working_registration("");
        verify.as_object_mut().unwrap().remove("name");
        let mut bad_verify = verify.clone();
        bad_verify["credentials"]["password"] = json!("wrong");
        let operations = operations();
        let mut requests: Vec<(&str, String, Option<Value>)> = vec![
            ("list_connection_types", format!("{prefix}/assets/data/types"), None),
            ("verify_connection", format!("{prefix}/assets/data/verify"), Some(verify)),
            ("verify_connection", format!("{prefix}/assets/data/verify"), Some(bad_verify)),
            ("verify_connection", format!("{prefix}/assets/data/verify"), Some(json!({}))),
            ("validate_connection", format!("{prefix}/assets/data/validate"), Some(validation())),
            ("validate_connection", format!("{prefix}/assets/data/validate"), Some(json!({}))),
            ("create_connection", format!("{prefix}/assets/data"), Some(working_registration(&name))),
            ("create_connection", format!("{prefix}/assets/data"), Some(working_registration(&name))),
            ("create_connection", format!("{prefix}/assets/data"), Some(json!([]))),
            ("list_connections", format!("{prefix}/assets/data"), None),
            ("list_connections", format!("{prefix}/assets/data?page=0"), None),
            ("find_connection", path.clone(), None),
            ("update_connection", path.clone(), Some(json!({"description": "x"}))),
            ("update_connection", path.clone(), Some(json!({"database_config": {"host": "h", "database": "d"}}))),
            ("test_connection", format!("{path}/test"), None),
            ("find_connection", path.clone(), None),
            ("disable_connection", format!("{path}/disable"), None),
            ("test_connection", format!("{path}/test"), None),
            ("enable_connection", format!("{path}/enable"), None),
            ("upgrade_connection", format!("{path}/upgrade"), Some(json!({"digest": digest}))),
            ("delete_connection", path.clone(), None),
            ("delete_connection", path.clone(), None),
            ("list_connector_versions", format!("{prefix}/assets/connectors/versions"), None),
            ("find_connector_version", format!("{prefix}/assets/connectors/versions/{digest}"), None),
            ("find_connector_version", format!("{prefix}/assets/connectors/versions/{NO_DIGEST}"), None),
            (
                "activate_connector_version",
                format!("{prefix}/assets/connectors/versions/{digest}/activate"),
                Some(json!({})),
            ),
            ("roll_back_connector_version", format!("{prefix}/assets/connectors/versions/{digest}/rollback"), None),
            ("delete_connector_version", format!("{prefix}/assets/connectors/versions/{digest}"), None),
            ("upload_connector_version", format!("{prefix}/assets/connectors/versions"), Some(json!({}))),
            ("check_liveness", format!("{prefix}/health/live"), None),
            ("check_readiness", format!("{prefix}/health/ready"), None),
        ];
        // The answer of one has no end; tests of connectors read it.
        for operation in operations.iter().filter(|operation| operation.id != "follow_connector_versions") {
            assert!(requests.iter().any(|(id, ..)| *id == operation.id), "{} is not tried here", operation.id);
        }
        for (id, path, body) in requests.drain(..) {
            let operation = operations.iter().find(|operation| operation.id == id).unwrap();
            let client = if id.contains("connector_version") { &platform } else { &client };
            let reply = match body {
                Some(body) => client.with_header("Content-Type", "application/json").send(
                    &operation.method,
                    &path,
                    body.to_string(),
                ),
                None => client.send(&operation.method, &path, ""),
            };
            operation.assert_promised(&reply.unwrap());
        }
    }
}

#[test]
fn every_documented_path_exists_twice_and_wants_a_token() {
    let anybody = host().client();
    for operation in operations() {
        for prefix in ["", "/api"] {
            let path = format!(
                "{prefix}{}",
                operation.path.replace("{resource_uri}", "data:a:b:c").replace("{digest}", NO_DIGEST)
            );
            let reply = anybody.send(&operation.method, &path, "");
            if operation.is_open() {
                answer(reply, 200);
            } else {
                refusal(reply, 401, "INVALID_TOKEN");
            }
            let reply = anybody.send("PATCH", &path, "").unwrap();
            assert!(reply.header("allow").is_some_and(|allow| allow.contains(&operation.method)), "{path}");
            refusal(Ok(reply), 405, "METHOD_NOT_ALLOWED");
        }
    }
    for path in ["/", "/api", "/api/", "/assets", "/assets/data/", "/api/api/assets/data", "/assets/data/a/b", "/x"] {
        refusal(client("paths", "owner").get(path), 404, "RESOURCE_NOT_FOUND");
    }
    assert_eq!(answer(anybody.get("/api/openapi.json"), 200), *document());
}

#[test]
fn health_is_told_to_anybody() {
    assert_eq!(answer(host().client().get("/health/live"), 200), json!({"status": "live"}));
    assert_eq!(answer(host().client().get("/health/ready"), 200), json!({"status": "ready"}));
}

#[test]
fn the_documentation_page_asks_no_other_host() {
    let anybody = host().client();
    let page = anybody.get("/docs/").unwrap();
    assert_eq!(page.status.as_u16(), 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("http") && !policy.contains('*'), "{policy}");
    let mut files = 0;
    for attribute in ["src=\"", "href=\""] {
        for reference in page.body.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(!reference.contains("//") && !reference.contains(':'), "{reference} is not a file of this page");
            if reference.starts_with("./favicon") {
                // No text; this client reads nothing else.
                continue;
            }
            let file = anybody.get(&format!("/docs/{}", reference.trim_start_matches("./"))).unwrap();
            assert_eq!(file.status.as_u16(), 200, "{reference}");
            files += 1;
        }
    }
    assert!(files >= 4, "the page has scripts and styles: {}", page.body);
    let start = anybody.get("/docs/swagger-initializer.js").unwrap().body;
    assert!(start.contains("\"/openapi.json\""), "{start}");
    assert!(!start.contains("http"), "{start}");
    // The page's own address without the slash leads to it.
    assert_eq!(anybody.get("/docs").unwrap().status.as_u16(), 200);
    refusal(anybody.get("/docs/../Cargo.toml"), 404, "RESOURCE_NOT_FOUND");
    refusal(anybody.get("/docs/nothing.js"), 404, "RESOURCE_NOT_FOUND");
}
