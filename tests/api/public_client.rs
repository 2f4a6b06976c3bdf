//! A client of the publicly documented data-connection API, which knows nothing of this program: its requests as they are on
//! the wire, members that it has nothing for as `null`, and what it reads of the answers.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use test_support::sales;

use super::{database, host};

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

/// The client's settings.
struct Public {
    token: String,
    project: &'static str,
    prefix: &'static str,
}

impl Public {
    fn new(organization: &str, project: &'static str, role: &str, prefix: &'static str) -> Self {
        let token = host().token(&["--org", organization, "--project", project, "--role", role, "--subject", "alice"]);
        Self { token: token.unwrap(), project, prefix }
    }

    /// Sends a request and reads the whole answer.
    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(Value::to_string).unwrap_or_default();
        let content = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
        };
        send(&format!(
            "{method} {}{path} HTTP/1.1\r\nHost: patchpanel\r\nAuthorization: Bearer {}\r\nX-Project-ID: {}\r\n\
             Accept: application/json\r\n{content}Connection: close\r\n\r\n{body}",
            self.prefix, self.token, self.project
        ))
    }

    fn list(&self, query: &str) -> Value {
        let answer = self.send("GET", &format!("/assets/data?{query}"), None);
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        answer.body
    }
}

/// Sends a request as it is on the wire, and reads the whole answer.
fn send(request: &str) -> Answer {
    let mut stream = TcpStream::connect(host().address()).unwrap();
    // A refusal may come before the request has gone.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: serde_json::from_str(body).unwrap_or(Value::Null) }
}

/// What a form has for a PostgreSQL, with everything else that its client knows.
fn documented(password: &str) -> Value {
    json!({
        "connection_type": "postgres",
        "credentials": { "username": sales::READER, "password": password },
        "database_config": {
            "host": "127.0.0.1", "port": database().port(), "database": sales::DATABASE, "db_schema": sales::SCHEMA,
            "ssl_mode": "disable", "auth_type": "basic",
        },
        "storage_config": null,
        "filesystem_config": null,
    })
}

fn documented_record(name: &str, tags: Value) -> Value {
    let mut body = documented(sales::READER_PASSWORD);
    body["name"] = json!(name);
    body["description"] = Value::Null;
    body["tags"] = tags;
    body
}

#[track_caller]
fn assert_has(body: &Value, members: &[&str]) {
    for member in members {
        assert!(body.get(member).is_some(), "{member} is missing: {body}");
    }
}

#[test]
fn it_verifies_registers_lists_changes_tests_and_deletes() {
    for (prefix, organization, project) in [
        ("", "public", "sales"),
        ("/api", "public-api", "2f1d6d2e-7a58-4a5e-9d0e-0d9f3c1f5a11"),
        ("/api", "public-slug", "proj:sales"),
    ] {
        let client = Public::new(organization, project, "admin", prefix);
        // Verify answers 200 whether or not the source takes it.
        for (password, success) in [(sales::READER_PASSWORD, true), ("wrong", false)] {
            let answer = client.send("POST", "/assets/data/verify", Some(&documented(password)));
            assert_eq!((answer.status, &answer.body["success"]), (200, &json!(success)), "{}", answer.body);
            assert_has(&answer.body, &["success", "message", "latency_ms", "details"]);
            assert!(answer.body["message"].is_string() && answer.body["latency_ms"].is_number());
        }
        let created = client.send("POST", "/assets/data", Some(&documented_record("Orders", json!(["eu", "prod"]))));
        assert_eq!(created.status, 201, "{}", created.body);
        assert!(created.head.contains("\r\nlocation: ") && created.head.contains("\r\netag: "), "{}", created.head);
        assert_has(
            &created.body,
            &[
                "resource_uri",
                "name",
                "description",
                "tags",
                "connection_type",
                "status",
                "created_by",
                "owner_id",
                "created_at",
                "updated_at",
                "database_config",
            ],
        );
        assert_eq!(created.body["resource_uri"], format!("data:{organization}:{project}:orders"));
        assert_eq!((&created.body["owner_id"], &created.body["status"]), (&json!("user:alice"), &json!("PENDING")));
        assert!(created.body["created_at"].as_str().unwrap().ends_with('Z'));
        assert!(!created.body.to_string().contains(sales::READER_PASSWORD));

        let path = format!("/assets/data/data%3A{organization}%3A{}%3Aorders", project.replace(':', "%3A"));
        let found = client.send("GET", &path, None);
        assert_eq!((found.status, &found.body), (200, &created.body));
        let tested = client.send("POST", &format!("{path}/test"), None);
        assert_eq!((tested.status, &tested.body["success"]), (200, &json!(true)), "{}", tested.body);
        let mut edited = client.send("GET", &path, None).body;
        assert_eq!(edited["status"], "ACTIVE");
        edited["description"] = json!("Edited");
        let changed = client.send("PUT", &path, Some(&edited));
        assert_eq!((changed.status, &changed.body["description"]), (200, &json!("Edited")), "{}", changed.body);
        for (deed, status, use_of_it) in [("disable", "DISABLED", 409), ("enable", "PENDING", 200)] {
            let answer = client.send("POST", &format!("{path}/{deed}"), None);
            assert_eq!((answer.status, &answer.body["status"]), (200, &json!(status)));
            assert_eq!(client.send("POST", &format!("{path}/test"), None).status, use_of_it);
        }
        let wrong = json!({"name": null, "database_config": null, "credentials": {"password": "wrong"}});
        assert_eq!(client.send("PUT", &path, Some(&wrong)).status, 200);
        assert_eq!(client.send("POST", &format!("{path}/test"), None).body["success"], false);
        assert_eq!(client.send("GET", &path, None).body["status"], "ERROR");
        assert_eq!(client.send("DELETE", &path, None).status, 204);
        assert_eq!(client.send("GET", &path, None).status, 404);
    }
}

#[test]
fn its_lists_filter_sort_and_page() {
    let client = Public::new("public-lists", "sales", "admin", "/api");
    for (name, tags) in [("Charlie", json!(["eu"])), ("Alpha", json!(["eu", "prod"])), ("Bravo", Value::Null)] {
        assert_eq!(client.send("POST", "/assets/data", Some(&documented_record(name, tags))).status, 201);
    }
    let names = |query: &str| -> Vec<String> {
        let body = client.list(query);
        body["data"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    for (query, expected) in [
        ("sort=name:asc", &["Alpha", "Bravo", "Charlie"][..]),
        ("sort=name:desc", &["Charlie", "Bravo", "Alpha"]),
        ("sort=created_at:desc,name:asc", &["Bravo", "Alpha", "Charlie"]),
        ("sort=status%3Aasc%2Cname%3Aasc", &["Alpha", "Bravo", "Charlie"]),
        ("search=alph", &["Alpha"]),
        ("tags=eu&sort=name:asc", &["Alpha", "Charlie"]),
        ("tags=eu,prod", &["Alpha"]),
        ("created_by=user:alice&sort=name:asc", &["Alpha", "Bravo", "Charlie"]),
        ("owner_id=user:alice&sort=name:asc", &["Alpha", "Bravo", "Charlie"]),
        ("owner_id=user%3Abob", &[]),
        ("connection_type=postgres&status=PENDING&sort=name:asc", &["Alpha", "Bravo", "Charlie"]),
        ("status=ACTIVE", &[]),
        ("page=2&limit=2&sort=name:asc", &["Charlie"]),
        (
            "page=&limit=&search=&tags=&sort=name:asc&created_by=&owner_id=&connection_type=&status=",
            &["Alpha", "Bravo", "Charlie"],
        ),
    ] {
        assert_eq!(names(query), expected, "{query}");
    }
    let pagination = |query: &str| client.list(query)["pagination"].clone();
    let expected =
        json!({"page": 1, "limit": 20, "total_items": 3, "total_pages": 1, "next_page": null, "prev_page": null});
    let first = pagination("");
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(first[member], *value, "{member}");
    }
    let middle = pagination("page=2&limit=1");
    assert_eq!((&middle["next_page"], &middle["prev_page"]), (&json!(3), &json!(1)));
    for (query, pointer) in [("page=0", "?page"), ("limit=101", "?limit"), ("sort=name:up", "?sort")] {
        let answer = client.send("GET", &format!("/assets/data?{query}"), None);
        assert_eq!((answer.status, &answer.body["error"]["code"]), (422, &json!("VALIDATION_ERROR")), "{query}");
        assert_eq!(answer.body["error"]["details"]["findings"][0]["pointer"], pointer);
    }
}

#[test]
fn its_errors_have_the_documented_body_and_codes() {
    let client = Public::new("public-errors", "sales", "admin", "");
    let viewer = Public::new("public-errors", "sales", "viewer", "");
    let strange = Public { project: "hr", ..Public::new("public-errors", "sales", "admin", "") };
    let body = documented_record("Twice", json!([]));
    assert_eq!(client.send("POST", "/assets/data", Some(&body)).status, 201);
    let mut wrong = body.clone();
    wrong["database_config"]["port"] = json!(0);
    let request = |head: &str, body: &str| {
        send(&format!(
            "POST /assets/data HTTP/1.1\r\nHost: a\r\n{head}Content-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        ))
    };
    let bearer = format!("Authorization: Bearer {}\r\nX-Project-ID: sales\r\n", client.token);
    for (answer, status, code) in [
        (request(&bearer, "{"), 400, "INVALID_REQUEST"),
        (request("", "{}"), 401, "INVALID_TOKEN"),
        (request("Authorization: Bearer x\r\n", "{}"), 401, "INVALID_TOKEN"),
        (viewer.send("POST", "/assets/data", Some(&body)), 403, "INSUFFICIENT_PERMISSIONS"),
        (strange.send("GET", "/assets/data", None), 403, "INSUFFICIENT_PERMISSIONS"),
        (client.send("GET", "/assets/data/data:public-errors:sales:none", None), 404, "RESOURCE_NOT_FOUND"),
        (client.send("GET", "/assets/data/data:public:sales:orders", None), 404, "RESOURCE_NOT_FOUND"),
        (client.send("POST", "/assets/data", Some(&body)), 409, "RESOURCE_ALREADY_EXISTS"),
        (client.send("POST", "/assets/data", Some(&wrong)), 422, "VALIDATION_ERROR"),
        (client.send("POST", "/assets/data/verify", Some(&json!({}))), 422, "VALIDATION_ERROR"),
    ] {
        let error = &answer.body["error"];
        assert_eq!(
            (answer.status, &error["code"], &error["status"]),
            (status, &json!(code), &json!(status)),
            "{answer:?}"
        );
        assert_has(error, &["code", "message", "status", "details", "request_id", "trace_id"]);
        let request_id = error["request_id"].as_str().unwrap();
        assert!(request_id.starts_with("req-") && answer.head.contains(&format!("x-request-id: {request_id}")));
        assert_eq!(error["trace_id"].as_str().unwrap().len(), 32);
    }
}
