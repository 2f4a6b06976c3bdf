//! What is left of a body that nobody reads: its answer does not wait for it, and the connection goes on.

use test_support::patchpanel::Patchpanel;

use super::wire::{Wire, head};
use super::{host, registration};

fn token_headers(role: &str) -> String {
    let token = host().token(&["--org", "unread", "--project", "sales", "--role", role]).unwrap();
    format!("Authorization: Bearer {token}\r\nX-Project-ID: sales\r\n")
}

#[test]
fn an_early_answer_waits_for_no_body_and_the_connection_goes_on() {
    let (viewer, developer) = (token_headers("viewer"), token_headers("developer"));
    let chunked = "Transfer-Encoding: chunked\r\n";
    let length = "Content-Length: 5\r\n";
    let json = "Content-Type: application/json\r\n";
    for (first_line, headers, begun, rest, status) in [
        ("PATCH /health/ready", chunked.to_owned(), "", "0\r\n\r\n", 405),
        ("GET /health/live", chunked.to_owned(), "2\r\nab\r\n", "0\r\n\r\n", 200),
        ("POST /assets/data", length.to_owned(), "{", "1234", 401),
        ("POST /nowhere", chunked.to_owned(), "5\r\nabc", "de\r\n0\r\n\r\n", 404),
        ("POST /docs/", length.to_owned(), "", "12345", 405),
        ("POST /assets/data", format!("{viewer}{json}{length}"), "{", "1234", 403),
        ("POST /assets/data", format!("{developer}{length}"), "{", "1234", 415),
    ] {
        let mut wire = Wire::open(host().address());
        wire.send(&(head(first_line, &headers) + begun));
        // The rest is sent when the answer is there, and not before.
        let answer = wire.answer();
        let (answered, text) = (answer.status, answer.head);
        assert_eq!(answered, status, "{first_line}: {text}");
        assert!(!text.contains("connection: close"), "{first_line}: {text}");
        wire.send(rest);
        wire.send(&head("GET /health/live", ""));
        assert_eq!(wire.answer().status, 200, "{first_line} {status}");
    }
}

#[test]
fn whose_body_is_too_large_to_be_thrown_away_is_told_that_the_connection_ends() {
    let headers = format!("{}Content-Type: application/json\r\n", token_headers("developer"));
    let mib = 1024 * 1024;
    let post = |length: usize| head("POST /assets/data", &format!("{headers}Content-Length: {length}\r\n"));
    let mut wire = Wire::open(host().address());
    wire.send(&post(2 * mib));
    let answer = wire.answer();
    let (status, text) = (answer.status, answer.head);
    assert_eq!(status, 413, "{text}");
    assert!(!text.contains("connection: close"), "{text}");
    wire.send(&" ".repeat(2 * mib));
    wire.send(&head("GET /health/live", ""));
    assert_eq!(wire.answer().status, 200);
    wire.send(&post(65 * mib));
    let answer = wire.answer();
    let (status, text) = (answer.status, answer.head);
    assert_eq!(status, 413, "{text}");
    assert!(text.contains("connection: close"), "{text}");
    assert!(wire.ends());
}

#[test]
fn who_waits_to_be_asked_for_a_body_is_told_when_nobody_will() {
    let body = registration("Asked").to_string();
    let headers =
        format!("Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n", body.len());
    let mut wire = Wire::open(host().address());
    wire.send(&head("POST /assets/data", &headers));
    let answer = wire.answer();
    let (status, text) = (answer.status, answer.head);
    assert_eq!(status, 401, "{text}");
    assert!(text.contains("connection: close"), "{text}");
    assert!(wire.ends());
    let mut wire = Wire::open(host().address());
    wire.send(&head("POST /assets/data", &(headers + &token_headers("developer"))));
    assert_eq!(wire.answer().status, 100);
    wire.send(&body);
    assert_eq!(wire.answer().status, 201);
    wire.send(&head("GET /health/live", ""));
    assert_eq!(wire.answer().status, 200);
}

#[test]
fn a_body_that_never_ends_ends_its_connection_or_makes_room_before() {
    let host = Patchpanel::builder().setting("HTTP_MAX_CONNECTIONS", "8").start().unwrap();
    let begun = head("POST /assets/data", "Content-Length: 500\r\n") + "{";
    // Each of them has its answer, so that a new connection takes the place of one where there is no other.
    let wires: Vec<_> = (0..24)
        .map(|_| {
            let mut wire = Wire::open(host.address());
            wire.send(&begun);
            assert_eq!(wire.answer().status, 401);
            wire
        })
        .collect();
    for wire in wires {
        assert!(wire.ends());
    }
}
