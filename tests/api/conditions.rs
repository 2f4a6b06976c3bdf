//! `ETag`, `If-Match` and `If-None-Match`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;
use test_support::client::Client;
use test_support::listener::Closed;

use super::{answer, client, refusal, register, registration, working_registration};

fn etag(client: &Client, path: &str) -> String {
    client.get(path).unwrap().header("etag").unwrap().to_owned()
}

#[test]
fn a_client_that_has_the_record_gets_304() {
    let client = client("having", "developer");
    let path = register(&client, &registration("Cached"));
    let tag = etag(&client, &path);
    for value in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let reply = client.with_header("If-None-Match", &value).get(&path).unwrap();
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (304, ""), "{value}");
        assert_eq!(reply.header("etag"), Some(tag.as_str()), "{value}");
    }
    answer(client.with_header("If-None-Match", "\"x\"").get(&path), 200);
    refusal(client.with_header("If-None-Match", "x").get(&path), 400, "INVALID_REQUEST");
    answer(client.put(&path, &json!({"description": "changed"})), 200);
    answer(client.with_header("If-None-Match", &tag).get(&path), 200);
}

#[test]
fn only_who_has_seen_the_last_change_makes_the_next() {
    let client = client("matching", "admin");
    let path = register(&client, &registration("Matched"));
    let stale = etag(&client, &path);
    answer(client.put(&path, &json!({"description": "1"})), 200);
    let fresh = etag(&client, &path);
    assert_ne!(stale, fresh);
    for tag in [&stale, "\"x\"", "\"\"", &format!("W/{fresh}"), "\"99999999999999999999.0\""] {
        let client = client.with_header("If-Match", tag).with_header("Content-Type", "application/json");
        for (method, action, body) in [
            ("PUT", "", r#"{"description":"2"}"#),
            ("DELETE", "", ""),
            ("POST", "/disable", ""),
            ("POST", "/enable", ""),
        ] {
            refusal(client.send(method, &format!("{path}{action}"), body), 412, "PRECONDITION_FAILED");
        }
    }
    for malformed in ["x", "\"a", ""] {
        let client = client.with_header("If-Match", malformed);
        refusal(client.put(&path, &json!({})), 400, "INVALID_REQUEST");
        refusal(client.delete(&path), 400, "INVALID_REQUEST");
    }
    let record = answer(client.get(&path), 200);
    assert_eq!((&record["description"], &record["status"]), (&json!("1"), &json!("PENDING")));

    let changed = client.with_header("If-Match", &fresh).put(&path, &json!({"description": "2"})).unwrap();
    assert_eq!(changed.header("etag"), Some(etag(&client, &path).as_str()), "the answer has the new tag");
    let tag = format!("\"x\", {}", etag(&client, &path));
    answer(client.with_header("If-Match", &tag).send("POST", &format!("{path}/disable"), ""), 200);
    answer(client.with_header("If-Match", "*").send("POST", &format!("{path}/enable"), ""), 200);
    answer(client.with_header("If-Match", &etag(&client, &path)).delete(&path), 204);
    refusal(client.with_header("If-Match", "*").delete(&path), 404, "RESOURCE_NOT_FOUND");
}

#[test]
fn a_change_of_what_must_not_be_there_is_refused() {
    let client = client("must-not-match", "admin").with_header("Content-Type", "application/json");
    let path = register(&client, &registration("There"));
    let tag = etag(&client, &path);
    for condition in ["*", &tag, &format!("W/{tag}"), &format!("\"x\", {tag}")] {
        let client = client.with_header("If-None-Match", condition);
        for (method, action, body) in [
            ("PUT", "", r#"{"description":"x"}"#),
            ("DELETE", "", ""),
            ("POST", "/disable", ""),
            ("POST", "/enable", ""),
        ] {
            refusal(client.send(method, &format!("{path}{action}"), body), 412, "PRECONDITION_FAILED");
        }
    }
    assert_eq!(etag(&client, &path), tag);
    // PUT creates nothing, whatever must not be there.
    let none = client.with_header("If-None-Match", "*");
    refusal(none.send("PUT", "/assets/data/data:must-not-match:sales:none", "{}"), 404, "RESOURCE_NOT_FOUND");
    refusal(client.with_header("If-None-Match", "x").send("PUT", &path, "{}"), 400, "INVALID_REQUEST");
    answer(client.with_header("If-None-Match", "\"x\"").send("PUT", &path, r#"{"description":"x"}"#), 200);
    // If-Match comes first, on a read too.
    refusal(client.with_header("If-Match", &tag).get(&path), 412, "PRECONDITION_FAILED");
    let now = etag(&client, &path);
    answer(client.with_header("If-Match", &now).get(&path), 200);
    let both = client.with_header("If-Match", &now).with_header("If-None-Match", &now).get(&path).unwrap();
    assert_eq!(both.status.as_u16(), 304);
    refusal(
        client.with_header("If-Match", &tag).with_header("If-None-Match", &now).get(&path),
        412,
        "PRECONDITION_FAILED",
    );
}

#[test]
fn a_test_changes_the_record_and_breaks_no_edit() {
    let client = client("testing-between", "developer");
    let path = register(&client, &working_registration("Between"));
    let tag = etag(&client, &path);
    answer(client.send("POST", &format!("{path}/test"), ""), 200);
    answer(client.with_header("If-None-Match", &tag).get(&path), 200);
    answer(client.with_header("If-Match", &tag).put(&path, &json!({"description": "edited"})), 200);
}

#[test]
fn of_two_writers_with_one_tag_one_wins() {
    let client = client("two-writers", "developer");
    let path = register(&client, &registration("Contended"));
    let conditional = client.with_header("If-Match", &etag(&client, &path));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let write = |number: usize| {
            let (conditional, path) = (&conditional, &path);
            scope.spawn(move || {
                let change = json!({"description": format!("writer {number}")});
                conditional.put(path, &change).unwrap().status.as_u16()
            })
        };
        let threads: Vec<_> = (0..6).map(write).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 5, "{statuses:?}");
}

/// The statuses of so many requests at once.
fn at_once(requests: usize, send: impl Fn(usize) -> u16 + Sync) -> Vec<u16> {
    std::thread::scope(|scope| {
        let send = &send;
        let threads: Vec<_> = (0..requests).map(|number| scope.spawn(move || send(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn of_many_writers_without_a_condition_each_wins_and_the_last_one_stays() {
    let client = client("many-writers", "admin");
    for (kind, change) in [
        ("Texts", json!({"description": "writer"})),
        ("Configurations", json!({"database_config": {"host": "db.example.com", "database": "writer"}})),
        ("Credentials", json!({"credentials": {"password": "writer"}})),
    ] {
        let path = register(&client, &registration(kind));
        let statuses = at_once(20, |number| {
            let change = change.to_string().replace("writer", &format!("writer {number}"));
            let client = client.with_header("Content-Type", "application/json");
            client.send("PUT", &path, &change).unwrap().status.as_u16()
        });
        assert_eq!(statuses, [200; 20], "{kind}");
        assert_eq!(etag(&client, &path), "\"21.0\"", "{kind}: each made its change");
    }
}

#[test]
fn of_many_who_do_different_things_at_once_nobody_is_put_off() {
    let client = client("many-deeds", "admin");
    let path = register(&client, &working_registration("Deeds"));
    let statuses = at_once(24, |number| {
        let reply = match number % 4 {
            0 => client.put(&path, &json!({"description": format!("{number}")})),
            1 => client.send("POST", &format!("{path}/disable"), ""),
            2 => client.send("POST", &format!("{path}/enable"), ""),
            _ => client.send("POST", &format!("{path}/test"), ""),
        };
        reply.unwrap().status.as_u16()
    });
    for (number, status) in statuses.into_iter().enumerate() {
        // A test meets a connection that is disabled at the moment.
        assert!(status == 200 || number % 4 == 3 && status == 409, "{number}: {status}");
    }
    let mut statuses = at_once(20, |_| client.delete(&path).unwrap().status.as_u16());
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (204, &[404; 19][..]), "one of them deletes it");
}

#[test]
fn whoever_tests_again_and_again_keeps_nobody_from_changing() {
    let client = client("testing-on", "admin");
    let mut body = working_registration("Tested");
    let closed = Closed::start().unwrap();
    body["database_config"]["port"] = json!(closed.port().unwrap());
    let path = register(&client, &body);
    let (is_over, tests) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let reply = client.send("POST", &format!("{path}/test"), "").unwrap();
                    // Among so many, some find no place, and some meet the moment in which the connection is disabled.
                    assert!([200, 409, 429, 503].contains(&reply.status.as_u16()), "{}", reply.body);
                    tests.fetch_add(u64::from(reply.status == 200), Ordering::Relaxed);
                }
            });
        }
        let changed = |number: usize| -> Result<(), String> {
            let change = json!({"credentials": {"password": format!("password {number}")}});
            for reply in [
                client.put(&path, &change).unwrap(),
                client.put(&path, &json!({"description": format!("{number}")})).unwrap(),
                client.send("POST", &format!("{path}/disable"), "").unwrap(),
                client.send("POST", &format!("{path}/enable"), "").unwrap(),
            ] {
                if reply.status != 200 {
                    return Err(format!("{number}: {}", reply.body));
                }
            }
            Ok(())
        };
        let outcome = (0..20).try_for_each(changed);
        is_over.store(true, Ordering::Relaxed);
        outcome.unwrap();
    });
    assert!(tests.load(Ordering::Relaxed) > 20, "hardly anything was tested");
    // What a test says stays when a change is about something else.
    let tested = answer(client.send("POST", &format!("{path}/test"), ""), 200);
    assert_eq!(tested["success"], false);
    answer(client.put(&path, &json!({"description": "after"})), 200);
    assert_eq!(answer(client.get(&path), 200)["status"], "ERROR");
    answer(client.put(&path, &json!({"credentials": {"password": "last"}})), 200);
    assert_eq!(answer(client.get(&path), 200)["status"], "PENDING");
}
