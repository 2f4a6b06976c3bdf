//! Long searches in the metadata store.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

use serde_json::json;
use test_support::client::Client;
use test_support::patchpanel::Patchpanel;

use super::{list, outcome, registration};

/// Connections of the organization that searches, each with a text that a search has to look at long.
const CONNECTIONS: usize = 300;

/// Far less than a look at all of them takes.
const LIST_MS: &str = "20";

const ATTACKERS: usize = 12;
const ATTACKS: usize = 25;
const GOOD_REQUESTS: usize = 200;

/// What each attacker got, by status and code.
fn attack(clients: &[Client], request: impl Fn(&Client) -> (u16, String) + Sync) -> BTreeMap<(u16, String), usize> {
    let seen = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| {
                for _ in 0..ATTACKS {
                    *seen.lock().unwrap().entry(request(client)).or_insert(0) += 1;
                }
            });
        }
    });
    seen.into_inner().unwrap()
}

#[test]
fn long_searches_of_one_organization_leave_the_lists_of_others_alone() {
    let host = Patchpanel::builder()
        .setting("MAX_LIST_MS", LIST_MS)
        .setting("WRITE_BURST", "100000")
        .setting("READ_BURST", "100000")
        .start()
        .unwrap();
    let greedy = host.client_of("greedy", "sales", "admin").unwrap();
    thread::scope(|scope| {
        for part in 0..4 {
            let greedy = &greedy;
            scope.spawn(move || {
                for number in (part..CONNECTIONS).step_by(4) {
                    let mut body = registration(&format!("Connection {number}"));
                    body["description"] = json!("a".repeat(1000));
                    body["credentials"] = json!({"username": "reader", "password": "x"});
                    let reply = greedy.post("/assets/data", &body).unwrap();
                    assert_eq!(reply.status.as_u16(), 201, "{}", reply.body);
                }
            });
        }
    });
    let modest = host.client_of("modest", "sales", "admin").unwrap();
    assert_eq!(modest.post("/assets/data", &registration("Mine")).unwrap().status.as_u16(), 201);
    let search = format!("/assets/data?search={}b", "a".repeat(63));
    let attackers: Vec<Client> = (0..ATTACKERS).map(|_| greedy.clone()).collect();
    let seen = thread::scope(|scope| {
        let attack = scope.spawn(|| attack(&attackers, |client| outcome(&client.get(&search).unwrap())));
        let good = scope.spawn(|| (0..GOOD_REQUESTS).filter_map(|_| list(&modest).err()).collect::<Vec<_>>());
        let errors = good.join().unwrap();
        assert!(errors.is_empty(), "{errors:?}");
        attack.join().unwrap()
    });
    let count = |status: u16, code: &str| seen.get(&(status, code.to_owned())).copied().unwrap_or_default();
    let ended = count(422, "LIST_TOO_LONG");
    assert!(ended > 0, "no search was long, so that this has shown nothing: {seen:?}");
    let answered = ended + count(429, "RATE_LIMIT_EXCEEDED") + count(200, "");
    assert_eq!(answered, ATTACKERS * ATTACKS, "{seen:?}");
    // What it asks for in reason it has, too.
    list(&greedy).unwrap();
}
