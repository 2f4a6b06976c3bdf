//! Headers, ids, and what is wrong below the routes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::{answer, client, host, refusal, registration};

/// Sends bytes and returns everything that comes back until the host closes the connection.
fn raw(bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(host().address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The host may answer and close before it has read everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn every_answer_has_its_ids_and_is_kept_to_itself() {
    let client = client("headers", "viewer");
    for path in ["/assets/data", "/assets/data/none", "/nowhere", "/health/live", "/docs/", "/openapi.json"] {
        let reply = client.with_header("X-Request-ID", "mine").get(path).unwrap();
        assert!(reply.header("x-request-id").unwrap().starts_with("req-"), "{path}: never the client's");
        // What is for everybody may be kept.
        let kept = if path.starts_with("/docs") || path == "/openapi.json" { "no-cache" } else { "no-store" };
        for (header, value) in
            [("x-content-type-options", "nosniff"), ("cache-control", kept), ("referrer-policy", "no-referrer")]
        {
            assert_eq!(reply.header(header), Some(value), "{path}");
        }
        assert!(reply.header("content-security-policy").is_some(), "{path}");
    }
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let traced = client.with_header("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01"));
    let error = refusal(traced.get("/assets/data/none"), 404, "RESOURCE_NOT_FOUND");
    assert_eq!(error["trace_id"], trace);
    let log = host().log().unwrap();
    let id = error["request_id"].as_str().unwrap();
    assert!(log.lines().any(|line| line.contains(id) && line.contains(trace)), "the log knows the request");
}

#[test]
fn a_body_must_say_that_it_is_json() {
    let client = client("media-types", "developer");
    let body = registration("Typed").to_string();
    for content_type in
        [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("text/json"), Some("")]
    {
        let client = content_type.map_or_else(|| client.clone(), |value| client.with_header("Content-Type", value));
        refusal(client.send("POST", "/assets/data", &body), 415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let good = client.with_header("Content-Type", "Application/JSON; charset=utf-8");
    answer(good.send("POST", "/assets/data", &body), 201);
}

#[test]
fn a_tenant_is_named_once_and_well() {
    let developer = client("tenants", "developer");
    let token = host().token(&["--org", "tenants", "--project", "sales", "--role", "developer"]).unwrap();
    let bare = host().client().with_token(&token);
    for project in ["", "a/b", "a%2Fb", &"p".repeat(256)] {
        refusal(bare.with_project(project).get("/assets/data"), 400, "INVALID_REQUEST");
    }
    refusal(developer.with_project("hr").get("/assets/data"), 400, "INVALID_REQUEST");
    refusal(bare.with_project("hr").get("/assets/data"), 403, "INSUFFICIENT_PERMISSIONS");
    refusal(bare.get("/assets/data"), 403, "INSUFFICIENT_PERMISSIONS");
    answer(developer.with_header("X-Org-Id", "tenants").get("/assets/data"), 200);
    refusal(developer.with_header("X-Org-Id", "other").get("/assets/data"), 403, "INSUFFICIENT_PERMISSIONS");
    refusal(developer.with_header("X-On-Behalf-Of", "user:bob").get("/assets/data"), 400, "INVALID_REQUEST");
}

#[test]
fn a_request_names_its_host_once_and_well() {
    for (version, hosts, status) in [
        ("1.1", "Host: a\r\n", "200"),
        ("1.1", "Host: [::1]:8002\r\n", "200"),
        ("1.0", "", "200"),
        ("1.1", "", "400"),
        ("1.1", "Host: a\r\nHost: a\r\n", "400"),
        ("1.1", "Host: a/b\r\n", "400"),
        ("1.1", "Host: user@a\r\n", "400"),
    ] {
        let answer = raw(format!("GET /health/live HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n").as_bytes());
        assert!(answer.starts_with(&format!("HTTP/{version} {status}")), "{version} {hosts:?}: {answer}");
        assert_eq!(answer.contains("INVALID_REQUEST"), status == "400", "{version} {hosts:?}: {answer}");
    }
}

#[test]
fn a_path_says_what_can_be_done_with_it() {
    let anybody = host().client();
    for (path, allowed) in [
        ("/assets/data", "GET,HEAD,POST"),
        ("/health/live", "GET,HEAD"),
        ("/docs/", "GET,HEAD"),
        ("/openapi.json", "GET,HEAD"),
    ] {
        let options = anybody.send("OPTIONS", path, "").unwrap();
        assert_eq!((options.status.as_u16(), options.header("allow")), (204, Some(allowed)), "{path}");
        let refused = anybody.send("DELETE", path, "").unwrap();
        assert_eq!(refused.header("allow"), Some(allowed), "{path}");
        refusal(Ok(refused), 405, "METHOD_NOT_ALLOWED");
    }
    refusal(anybody.send("OPTIONS", "/nowhere", ""), 404, "RESOURCE_NOT_FOUND");
    let server = raw(b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(server.starts_with("HTTP/1.1 204"), "{server}");
    // What is answered does not go by Accept: an answer in JSON is better than none (RFC 9110, section 12.5.1).
    let json = client("accepting", "viewer").with_header("Accept", "text/html").get("/assets/data").unwrap();
    assert_eq!((json.status.as_u16(), json.header("content-type")), (200, Some("application/json")));
}

#[test]
fn what_is_no_http_is_refused_and_harms_nobody() {
    let long = "x".repeat(200_000);
    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), "400"),
        ("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n".to_owned(), "400"),
        ("POST /assets/data HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n".to_owned(), "400"),
        ("POST /assets/data HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_owned(), "400"),
        (format!("GET /health/live HTTP/1.1\r\nHost: a\r\nX-Long: {long}\r\n\r\n"), "431"),
        (format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"), "431"),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}".to_owned() + &long, "400"),
    ] {
        let answer = raw(request.as_bytes());
        let shown: String = request.chars().take(60).collect();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{shown:?}: {answer:?}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{shown:?}: {answer:?}");
        assert_eq!(super::answer(host().client().get("/health/live"), 200), json!({"status": "live"}));
    }
}
