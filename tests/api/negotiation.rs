//! What is agreed on between a client and the host beside the matter itself: codings, copies that are kept, origins.

use std::io::Read as _;

use flate2::read::GzDecoder;
use test_support::patchpanel::Patchpanel;

use super::wire::{Answer, Wire, head};
use super::{answer, client, host, refusal, register, registration};

fn ask(first_line: &str, headers: &str) -> Answer {
    let mut wire = Wire::open(host().address());
    wire.send(&head(first_line, headers));
    wire.answer_to(first_line.split(' ').next().unwrap())
}

fn unpacked(answer: &Answer) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(&answer.body[..]).read_to_end(&mut plain).unwrap();
    plain
}

fn caller() -> String {
    let token = host().token(&["--org", "negotiation", "--project", "sales", "--role", "developer"]).unwrap();
    format!("Authorization: Bearer {token}\r\nX-Project-ID: sales\r\n")
}

#[test]
fn an_answer_is_compressed_for_who_takes_it() {
    let caller = caller();
    let gzip = format!("{caller}Accept-Encoding: br, gzip\r\n");
    let developer = client("negotiation", "developer");
    for number in 0..30 {
        answer(developer.post("/assets/data", &registration(&format!("Listed {number}"))), 201);
    }
    // A small one is compressed on the spot, and a large one in its organization's turn.
    for path in ["/assets/data?limit=3", "/assets/data?limit=30", "/assets/data/types"] {
        let plain = ask(&format!("GET {path}"), &caller);
        let packed = ask(&format!("GET {path}"), &gzip);
        assert_eq!((plain.status, packed.status), (200, 200), "{path}");
        assert_eq!(
            (plain.header("content-encoding"), packed.header("content-encoding")),
            (None, Some("gzip")),
            "{path}"
        );
        for answer in [&plain, &packed] {
            assert_eq!(answer.header("vary"), Some("accept-encoding"), "{path}");
        }
        assert!(packed.body.len() < plain.body.len() * 3 / 4, "{path}: {} of {}", packed.body.len(), plain.body.len());
        assert_eq!(unpacked(&packed), plain.body, "{path}");
        let refused = ask(&format!("GET {path}"), &format!("{caller}Accept-Encoding: gzip;q=0\r\n"));
        assert_eq!(refused.header("content-encoding"), None, "{path}");
        // What HEAD says is true of GET.
        for (headers, answer) in [(&caller, &plain), (&gzip, &packed)] {
            let head = ask(&format!("HEAD {path}"), headers);
            assert_eq!(head.header("content-length"), answer.header("content-length"), "{path}");
            assert_eq!(head.header("content-encoding"), answer.header("content-encoding"), "{path}");
        }
    }
}

#[test]
fn a_record_keeps_the_tag_that_changes_repeat() {
    let developer = client("negotiation", "developer");
    let mut large = registration("Large");
    large["description"] = "x".repeat(1000).into();
    let path = register(&developer, &large);
    let record = ask(&format!("GET {path}"), &format!("{}Accept-Encoding: gzip\r\n", caller()));
    assert_eq!((record.status, record.header("content-encoding")), (200, None));
    let tag = record.header("etag").unwrap().to_owned();
    answer(developer.with_header("If-Match", &tag).put(&path, &serde_json::json!({"description": "y"})), 200);
}

#[test]
fn what_is_for_everybody_is_kept_and_asked_for_again_with_its_tag() {
    for path in ["/docs/", "/docs/swagger-ui-bundle.js", "/openapi.json", "/api/openapi.json"] {
        let mut tags = Vec::new();
        for (accept, coding) in [("", None), ("Accept-Encoding: gzip\r\n", Some("gzip"))] {
            let first = ask(&format!("GET {path}"), accept);
            assert_eq!((first.status, first.header("content-encoding")), (200, coding), "{path}");
            assert_eq!(first.header("cache-control"), Some("no-cache"), "{path}");
            assert_eq!(first.header("vary"), Some("accept-encoding"), "{path}");
            let tag = first.header("etag").unwrap().to_owned();
            for condition in [&tag, &format!("W/{tag}"), &format!("\"x\", {tag}"), "*"] {
                let again = ask(&format!("GET {path}"), &format!("{accept}If-None-Match: {condition}\r\n"));
                assert_eq!((again.status, again.header("etag")), (304, Some(tag.as_str())), "{path} {condition}");
            }
            let other = ask(&format!("GET {path}"), &format!("{accept}If-None-Match: \"x\"\r\n"));
            assert_eq!((other.status, &other.body), (200, &first.body), "{path}");
            tags.push(tag);
        }
        assert_ne!(tags[0], tags[1], "{path}: each coding is a representation of its own");
    }
    refusal(host().client().with_header("If-None-Match", "x").get("/docs/"), 400, "INVALID_REQUEST");
}

#[test]
fn a_compressed_body_is_refused_with_what_is_taken() {
    let client = client("codings", "developer").with_header("Content-Type", "application/json");
    let body = registration("Coded").to_string();
    for coding in ["gzip", "GZIP", "br", "identity, gzip", "none"] {
        let reply = client.with_header("Content-Encoding", coding).send("POST", "/assets/data", &body).unwrap();
        assert_eq!(reply.header("accept-encoding"), Some("identity"), "{coding}");
        refusal(Ok(reply), 415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let plain = host().client_of("codings", "sales", "developer").unwrap();
    let reply = plain.with_header("Content-Type", "text/plain").send("POST", "/assets/data", &body).unwrap();
    assert_eq!(reply.header("accept"), Some("application/json"));
    assert_eq!(reply.header("accept-encoding"), None);
    answer(client.with_header("Content-Encoding", "Identity").send("POST", "/assets/data", &body), 201);
}

#[test]
fn pages_of_origins_that_the_operator_names_may_call() {
    let asks = "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: authorization\r\n";
    let closed = ask("OPTIONS /assets/data", &format!("Origin: https://console.example.com\r\n{asks}"));
    assert!(!closed.head.contains("access-control-"), "nobody is named: {}", closed.head);

    let origins = "https://console.example.com,http://localhost:3000";
    let open = Patchpanel::builder().setting("HTTP_ALLOWED_ORIGINS", origins).start().unwrap();
    let ask = |first_line: &str, headers: &str| {
        let mut wire = Wire::open(open.address());
        wire.send(&head(first_line, headers));
        wire.answer()
    };
    for origin in origins.split(',') {
        let preflight = ask("OPTIONS /assets/data/x", &format!("Origin: {origin}\r\n{asks}"));
        assert_eq!(preflight.status, 200, "without a token: {}", preflight.head);
        assert_eq!(preflight.header("access-control-allow-origin"), Some(origin));
        let has = |header: &str, element: &str| {
            preflight.header(header).is_some_and(|value| value.split(',').any(|one| one.trim() == element))
        };
        assert!(has("access-control-allow-methods", "put") && !has("access-control-allow-methods", "trace"));
        for header in ["authorization", "content-type", "x-project-id", "if-match", "idempotency-key"] {
            assert!(has("access-control-allow-headers", header), "{header}");
        }
        assert_eq!(preflight.header("x-content-type-options"), Some("nosniff"), "as every answer has it");
        let elsewhere = ask("OPTIONS /assets/data/x", &format!("Host: elsewhere\r\nOrigin: {origin}\r\n{asks}"));
        assert_eq!(elsewhere.status, 400, "two hosts: {}", elsewhere.head);
        // An error is for the page too, which reads why.
        for (path, status) in [("/assets/data", 401), ("/health/live", 200), ("/openapi.json", 200), ("/nowhere", 404)]
        {
            let answer = ask(&format!("GET {path}"), &format!("Origin: {origin}\r\n"));
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{path}");
            assert!(answer.head.contains("vary: origin"), "{path}: {}", answer.head);
            assert!(answer.header("access-control-expose-headers").unwrap().contains("etag"), "{path}");
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
        }
    }
    for origin in ["https://console.example.com.evil.example", "http://console.example.com", "null", "*"] {
        for (first_line, headers) in [("OPTIONS /assets/data", asks), ("GET /assets/data", "")] {
            let answer = ask(first_line, &format!("Origin: {origin}\r\n{headers}"));
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}: {}", answer.head);
        }
    }
}
