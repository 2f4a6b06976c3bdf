//! Server-sent events of what happens to versions.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use test_support::patchpanel::Patchpanel;

use super::{LIMIT, activate, body, generation, host, platform, register, roll_back, tenant, upload, uploaded};

/// A stream of events: the name of each, and its data.
struct Events(BufReader<TcpStream>);

impl Events {
    fn follow(host: &Patchpanel) -> Self {
        let token = host.token(&["--org", "platform", "--role", "platform-admin"]).unwrap();
        let mut stream = TcpStream::connect(host.address()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let head = format!(
            "GET /assets/connectors/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\r\n",
            host.address()
        );
        stream.write_all(head.as_bytes()).unwrap();
        Self(BufReader::new(stream))
    }

    /// The next one; none at the end of the answer.
    fn next(&mut self) -> Option<(String, Value)> {
        let mut name = None;
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(text) = line.strip_prefix("event: ") {
                name = Some(text.trim().to_owned());
            } else if let Some(text) = line.strip_prefix("data: ") {
                return Some((name.unwrap(), serde_json::from_str(text).unwrap()));
            }
        }
    }

    /// The states from here on to this one.
    fn states_to(&mut self, last: &str) -> Vec<(String, Value)> {
        let mut states = Vec::new();
        loop {
            let (name, data) = self.next().unwrap();
            if name == "state" {
                let state = data["state"].as_str().unwrap().to_owned();
                let is_last = state == last;
                states.push((state, data));
                if is_last {
                    return states;
                }
            }
        }
    }
}

#[test]
fn events_tell_what_is_there_and_then_what_happens() {
    let (mut host, _directory) = host();
    let platform = platform(&host);
    register(&tenant(&host), "Shop", "shop");
    let mut events = Events::follow(&host);
    let (name, first) = events.next().unwrap();
    assert_eq!((name.as_str(), &first["state"], &first["version"]), ("state", &json!("ACTIVE"), &json!("1.1000.0")));

    let digest = uploaded(&platform, &generation(1001, "good"));
    let (name, pending) = events.next().unwrap();
    assert_eq!((name.as_str(), &pending["state"], &pending["digest"]), ("state", &json!("PENDING"), &json!(digest)));
    let (name, progress) = events.next().unwrap();
    assert_eq!((name.as_str(), progress), ("progress", json!({"digest": digest, "done": 0, "total": 1})));
    events.states_to("SHADOW");
    body(activate(&platform, &digest, &json!({})), 200);
    let states: Vec<String> = events.states_to("RETIRED").into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, ["ACTIVE", "DRAINING", "RETIRED"]);
    body(roll_back(&platform, &digest), 200);
    let states: Vec<String> = events.states_to("ROLLED_BACK").into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, ["ACTIVE", "ROLLED_BACK"]);
    body(upload(&platform, b"no component"), 422);
    let refused = events.states_to("REFUSED").pop().unwrap().1;
    assert_eq!(refused["reasons"][0]["code"], "not_a_component");
    let path = format!("/assets/connectors/versions/{}", refused["digest"].as_str().unwrap());
    assert_eq!(platform.delete(&path).unwrap().status, 204);
    assert_eq!(events.next().unwrap(), ("deleted".to_owned(), json!({"digest": refused["digest"]})));

    // A host that stops does not wait for those who listen.
    let start = std::time::Instant::now();
    assert!(host.stop().unwrap().success());
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(events.next(), None);
}
