//! `Idempotency-Key` of `POST /assets/data`.

use serde_json::json;
use test_support::patchpanel::Patchpanel;

use super::{answer, client, findings, host, names, refusal, registration};

#[test]
fn a_repetition_registers_nothing_more() {
    let client = client("repeating", "admin");
    let with_key = client.with_header("Idempotency-Key", "order-4711");
    let body = registration("Once");
    let first = with_key.post("/assets/data", &body).unwrap();
    let record = answer(Ok(first.clone()), 201);
    // The same in other words.
    let reordered = r#"{ "credentials": {"password": "a password", "username": "reader"}, "connection_type": "postgres",
        "database_config": {"database": "shop", "host": "db.example.com"}, "name": "Onc\u0065" }"#;
    let json = with_key.with_header("Content-Type", "application/json");
    let again = json.send("POST", "/api/assets/data", reordered).unwrap();
    assert_eq!(answer(Ok(again.clone()), 201), record);
    // Each below the path that it was sent to.
    let first = first.header("location").unwrap();
    assert_eq!(again.header("location").unwrap(), format!("/api{first}"));
    assert_eq!(names(&client, ""), ["Once"]);

    let mut other = body.clone();
    other["credentials"]["password"] = json!("another password");
    assert_eq!(findings(with_key.post("/assets/data", &other)), [" idempotency_key_reused"]);
    // The key is the caller's own: for somebody else it is a new one, and the name is taken.
    let bob = host().token(&["--org", "repeating", "--project", "sales", "--role", "admin", "--subject", "bob"]);
    let bob = host().client().with_token(&bob.unwrap()).with_project("sales");
    refusal(
        bob.with_header("Idempotency-Key", "order-4711").post("/assets/data", &body),
        409,
        "RESOURCE_ALREADY_EXISTS",
    );

    answer(client.delete("/assets/data/data:repeating:sales:once"), 204);
    assert_eq!(findings(with_key.post("/assets/data", &body)), [" idempotency_key_spent"]);
    assert_eq!(names(&client, ""), [""; 0]);
    // Somebody else's connection of the same name is not what the key stands for.
    answer(bob.post("/assets/data", &body), 201);
    assert_eq!(findings(with_key.post("/assets/data", &body)), [" idempotency_key_spent"]);
}

#[test]
fn a_key_outlives_the_host() {
    let mut first = Patchpanel::start().unwrap();
    let with_key = |host: &Patchpanel| {
        host.client_of("restarting", "sales", "developer").unwrap().with_header("Idempotency-Key", "k")
    };
    let mut body = registration("Kept");
    let record = answer(with_key(&first).post("/assets/data", &body), 201);
    first.kill().unwrap();
    let second = Patchpanel::builder().directory(first.directory()).start().unwrap();
    assert_eq!(answer(with_key(&second).post("/assets/data", &body), 201), record);
    body["description"] = json!("other");
    assert_eq!(findings(with_key(&second).post("/assets/data", &body)), [" idempotency_key_reused"]);
}

#[test]
fn a_refused_body_does_not_use_the_key_up() {
    let client = client("refused-key", "developer").with_header("Idempotency-Key", "k");
    let mut body = registration("Later");
    body["database_config"]["port"] = json!(0);
    assert_eq!(findings(client.post("/assets/data", &body)), ["/database_config/port out_of_range"]);
    body["database_config"]["port"] = json!(1);
    answer(client.post("/assets/data", &body), 201);
}

#[test]
fn many_at_once_register_one() {
    let client = client("racing", "developer");
    for round in 0..5 {
        let client = client.with_header("Idempotency-Key", &format!("race-{round}"));
        let body = registration(&format!("Race {round}"));
        let replies: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| client.post("/assets/data", &body))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let records: Vec<_> = replies.into_iter().map(|reply| answer(reply, 201)).collect();
        assert!(records.iter().all(|record| *record == records[0]), "{records:?}");
    }
    assert_eq!(names(&client, "").len(), 5);
}

#[test]
fn a_key_that_is_none_is_refused() {
    let client = client("bad-key", "developer");
    for key in ["", "a b", &"k".repeat(256), "ключ"] {
        let reply = client.with_header("Idempotency-Key", key).post("/assets/data", &registration("No"));
        refusal(reply, 400, "INVALID_REQUEST");
    }
    let twice = client.with_header("Idempotency-Key", "a").with_header("Idempotency-Key", "b");
    refusal(twice.post("/assets/data", &registration("No")), 400, "INVALID_REQUEST");
    assert_eq!(names(&client, ""), [""; 0]);
}
