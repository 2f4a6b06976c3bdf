//! A disk that is full for a moment, then has room again.

use std::time::Duration;

use test_support::ballast::Ballast;
use test_support::client::Client;
use test_support::eventually::eventually;
use test_support::mounts::Mounts;
use test_support::patchpanel::Patchpanel;
use test_support::skip::skip;

use super::{list, outcome, registration};

/// The write-ahead log may have room of its own for some writes.
const WRITES_UNTIL_FULL: usize = 500;

/// What was seen of the readiness stands for a second.
const READINESS_LIMIT: Duration = Duration::from_secs(10);

/// The status of the readiness, once it is this.
fn readiness(client: &Client, status: u16) -> Option<()> {
    eventually(READINESS_LIMIT, || {
        let reply = client.get("/health/ready").unwrap();
        (reply.status.as_u16() == status).then_some(())
    })
}

#[test]
fn a_disk_that_was_full_is_written_again_without_a_restart() {
    if let Some(reason) = Mounts::unavailable() {
        return skip("a_disk_that_was_full_is_written_again_without_a_restart", &reason);
    }
    let host = Patchpanel::builder().disk(96).setting("WRITE_BURST", "100000").start().unwrap();
    let (anybody, client) = (host.client(), host.client_of("acme", "sales", "admin").unwrap());
    let create = |name: &str| client.post("/assets/data", &registration(name)).unwrap();
    let first = create("First").json().unwrap()["resource_uri"].as_str().unwrap().to_owned();
    let first = format!("/assets/data/{first}");
    for round in 0..3 {
        readiness(&anybody, 200).expect("there is room, but it is not ready");
        let ballast = Ballast::fill(&host.data()).unwrap();
        let mut refused = Vec::new();
        for number in 0..WRITES_UNTIL_FULL {
            let reply = create(&format!("Full {round} {number}"));
            if reply.status.as_u16() != 201 {
                refused.push(outcome(&reply));
            }
            if refused.len() == 20 {
                break;
            }
        }
        // Never 500: it is no bug.
        assert_eq!(refused, vec![(503, "SERVICE_UNAVAILABLE".to_owned()); 20], "round {round}");
        readiness(&anybody, 503).expect("nothing can be written, but it is ready");
        for _ in 0..20 {
            list(&client).unwrap();
            assert_eq!(client.get(&first).unwrap().status.as_u16(), 200, "what is there can be read");
        }
        drop(ballast);
        let reply = create(&format!("Room {round}"));
        assert_eq!(reply.status.as_u16(), 201, "round {round}: {}\n{}", reply.body, host.log_tail());
        let changed = client.put(&first, &serde_json::json!({"description": format!("{round}")})).unwrap();
        assert_eq!(changed.status.as_u16(), 200, "{}", changed.body);
        readiness(&anybody, 200).expect("it was written, but it is not ready");
    }
}
