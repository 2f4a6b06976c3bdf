//! Nobody takes from others what all use: places, connections, memory, tests, and how often who may ask.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use test_support::certificates::Authority;
use test_support::client::{Client, Reply};
use test_support::eventually::eventually;
use test_support::patchpanel::Patchpanel;

use super::{answer, client, host, refusal, registration};

/// A connection of a client that sends what it likes.
struct Raw(TcpStream);

impl Raw {
    fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(stream)
    }

    /// Opens a connection and sends the head of a request of so many bytes, and the first bytes of its body.
    fn post(host: &Patchpanel, token: &str, path: &str, length: usize, begun: &str) -> Self {
        let mut raw = Self::open(host.address());
        raw.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nX-Project-ID: sales\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{begun}"
        ));
        raw
    }

    fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// The status of the answer, and everything up to the end of the connection.
    fn answer(mut self) -> (u16, String) {
        let mut answer = Vec::new();
        // What is there counts, whether the end is rude or not.
        let _ = self.0.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_default(), text)
    }
}

fn token(host: &Patchpanel, organization: &str, role: &str) -> String {
    host.token(&["--org", organization, "--project", "sales", "--role", role]).unwrap()
}

/// A verification of a server that accepts and never says a word.
fn verification(silent: &TcpListener) -> Value {
    json!({
        "connection_type": "postgres",
        "database_config": {
            "host": "127.0.0.1", "port": silent.local_addr().unwrap().port(), "database": "shop",
            "connect_timeout_ms": 2000,
        },
        "credentials": { "username": "reader", "password": "a password" },
    })
}

/// The answers to requests of which eight run at once.
fn at_once(count: usize, request: impl Fn() -> Reply + Sync) -> Vec<Reply> {
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (0..count / 8).map(|_| request()).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// A body with so many empty arrays in its configuration.
fn many_values(count: usize) -> Value {
    let mut body = registration("Many");
    body["database_config"]["many"] = json!(vec![Value::Array(Vec::new()); count]);
    body
}

#[test]
fn the_role_is_looked_at_before_the_body_is_waited_for() {
    let create = registration("Theirs").to_string();
    let developer = client("before-the-body", "developer");
    let record = answer(developer.post("/assets/data", &registration("Theirs")), 201);
    let path = format!("/assets/data/{}", record["resource_uri"].as_str().unwrap());
    let viewer = token(host(), "before-the-body", "viewer");
    for (method, path) in [
        ("POST", "/assets/data"),
        ("POST", "/assets/data/verify"),
        ("POST", "/assets/data/validate"),
        ("PUT", &path),
        ("POST", &format!("{path}/upgrade")),
    ] {
        let mut raw = Raw::open(host().address());
        raw.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {viewer}\r\n\
             X-Project-ID: sales\r\nContent-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            create.len(),
        ));
        let (status, text) = raw.answer();
        assert_eq!(status, 403, "{method} {path}: {text}");
        assert!(!text.contains("100 Continue"), "nobody asked for the body: {text}");
    }
}

#[test]
fn a_body_that_stalls_is_cut_and_takes_no_place() {
    let host = Patchpanel::builder().setting("MAX_REQUESTS", "4").start().unwrap();
    let mine = token(&host, "slow", "developer");
    let slow: Vec<_> = (0..12).map(|_| Raw::post(&host, &mine, "/assets/data", 500, "{")).collect();
    for organization in ["slow", "other"] {
        let client = host.client_of(organization, "sales", "developer").unwrap();
        answer(client.get("/assets/data"), 200);
        answer(client.post("/assets/data", &registration(organization)), 201);
    }
    for raw in slow {
        let (status, text) = raw.answer();
        assert_eq!(status, 408, "{text}");
        assert!(text.contains("REQUEST_TIMEOUT"), "{text}");
    }
}

#[test]
fn a_body_that_stalls_does_not_hold_up_a_stop() {
    let mut host = Patchpanel::start().unwrap();
    let mine = token(&host, "slow", "developer");
    let stalled = Raw::post(&host, &mine, "/assets/data", 500, "{");
    let refused = Raw::post(&host, "nonsense", "/assets/data", 500, "{");
    // Both are being waited for.
    answer(host.client_of("slow", "sales", "developer").unwrap().get("/assets/data"), 200);
    host.signal(Signal::TERM).unwrap();
    assert_eq!(stalled.answer().0, 503);
    assert_eq!(refused.answer().0, 401);
    let ended = eventually(Duration::from_mins(1), || host.ended().unwrap());
    assert!(ended.unwrap().success());
    let log = host.log().unwrap();
    assert!(!log.contains("did not finish in time"), "{log}");
}

#[test]
fn a_body_has_a_number_of_values() {
    let client = client("many-values", "developer");
    for body in [many_values(10_000), json!(vec![json!([[[]]]); 4_000])] {
        let error = refusal(client.post("/assets/data", &body), 400, "INVALID_REQUEST");
        assert!(error["message"].as_str().unwrap().contains("more than 10000 values"), "{error}");
    }
    // A large one of few values is as good as any.
    let mut large = registration("Large");
    large["database_config"]["ssl_root_cert"] = json!("x".repeat(300_000));
    assert_eq!(super::findings(client.post("/assets/data", &large)), ["/database_config/ssl_root_cert too_long"]);
}

#[test]
fn a_body_that_its_schema_refuses_never_counts_against_a_connector() {
    let client = client("never-counts", "developer");
    // Of more of them the schema does not say where they are.
    for (count, expected) in [(500, "/database_config/many unknown_member"), (9_000, "/database_config invalid")] {
        let mut body = many_values(count);
        for _ in 0..4 {
            assert_eq!(super::findings(client.post("/assets/data", &body)), [expected]);
        }
        body.as_object_mut().unwrap().remove("name");
        for _ in 0..4 {
            assert_eq!(super::findings(client.post("/assets/data/verify", &body)), [expected]);
        }
    }
    answer(client.post("/assets/data", &registration("Good")), 201);
}

#[test]
fn an_organization_has_its_share_of_memory_for_bodies() {
    let host = Patchpanel::builder()
        .setting("MAX_BODY_MEMORY_MIB", "16")
        .setting("MAX_BODY_MEMORY_PER_ORGANIZATION_MIB", "8")
        .start()
        .unwrap();
    let mine = token(&host, "greedy", "developer");
    let most = "x".repeat(1_000_000);
    // All but the end of each is there, so that each is charged for and none is complete.
    let waiting: Vec<_> = (0..10).map(|_| Raw::post(&host, &mine, "/assets/data", most.len() + 1, &most)).collect();
    let other = host.client_of("other", "sales", "developer").unwrap();
    let mut large = registration("Large");
    large["description"] = json!("x".repeat(500_000));
    assert!(super::findings(other.post("/assets/data", &large)).contains(&"/description too_long".to_owned()));
    let mut statuses: Vec<u16> = waiting.into_iter().map(|raw| raw.answer().0).collect();
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses, [408, 429], "some had room, and none more than their share");
}

#[test]
fn tests_have_places_of_their_own_and_each_organization_its_share() {
    let host = Patchpanel::builder()
        .setting("MAX_REQUESTS", "2")
        .setting("MAX_TESTS", "16")
        .setting("MAX_TESTS_PER_ORGANIZATION", "2")
        .start()
        .unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let verification = verification(&silent);
    let client = |organization: &str| host.client_of(organization, "sales", "developer").unwrap();
    let (first, second) = (client("first"), client("second"));
    let verify = |client: &Client| client.post("/assets/data/verify", &verification);
    std::thread::scope(|scope| {
        let waiting: Vec<_> = [&first, &first, &second]
            .map(|client| {
                let waiting = scope.spawn(|| answer(verify(client), 200));
                (waiting, silent.accept().unwrap())
            })
            .into();
        let reply = verify(&first).unwrap();
        assert!(reply.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
        refusal(Ok(reply), 429, "RATE_LIMIT_EXCEEDED");
        for organization in ["first", "third"] {
            answer(client(organization).get("/assets/data"), 200);
            answer(client(organization).post("/assets/data", &registration(organization)), 201);
        }
        for (waiting, _accepted) in waiting {
            assert_eq!(waiting.join().unwrap()["success"], false);
        }
    });
    assert_eq!(answer(verify(&first), 200)["success"], false, "the places are free again");
}

#[test]
fn tests_have_a_rate_for_each_principal_in_each_project() {
    let host = Patchpanel::builder().setting("TEST_BURST", "3").setting("TEST_RATE", "1").start().unwrap();
    let client = |organization: &str, project: &str| host.client_of(organization, project, "developer").unwrap();
    let verify = |client: &Client| {
        let body = json!({
            "connection_type": "postgres",
            "database_config": { "host": "127.0.0.1", "port": 1, "database": "shop" },
            "credentials": { "username": "reader", "password": "a password" },
        });
        client.post("/assets/data/verify", &body)
    };
    let sales = client("acme", "sales");
    let replies = at_once(40, || verify(&sales).unwrap());
    let refused: Vec<_> = replies.into_iter().filter(|reply| reply.status.as_u16() == 429).collect();
    assert!(!refused.is_empty(), "forty at once are more than the burst");
    for reply in refused {
        assert_eq!(reply.header("retry-after"), Some("1"));
        refusal(Ok(reply), 429, "RATE_LIMIT_EXCEEDED");
    }
    answer(sales.get("/assets/data"), 200);
    for (organization, project) in [("acme", "hr"), ("globex", "sales")] {
        answer(verify(&client(organization, project)), 200);
    }
    // What the header says is true.
    std::thread::sleep(Duration::from_secs(1));
    answer(verify(&sales), 200);
}

#[test]
fn requests_have_a_rate_for_each_principal_and_each_organization() {
    let settings = [("READ_BURST", "4"), ("READ_RATE", "1"), ("WRITE_BURST", "2"), ("WRITE_RATE", "1")];
    let host = settings.iter().fold(Patchpanel::builder(), |builder, (name, value)| builder.setting(name, value));
    let host = host.start().unwrap();
    let client = |organization: &str| host.client_of(organization, "sales", "developer").unwrap();
    for organization in ["acme", "globex"] {
        let client = client(organization);
        let replies = at_once(40, || client.get("/assets/data").unwrap());
        let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
        statuses.sort_unstable();
        statuses.dedup();
        assert_eq!(statuses, [200, 429], "{organization} has rates of its own");
        let writes = at_once(40, || client.send("DELETE", "/assets/data/none", "").unwrap());
        let refused: Vec<_> = writes.into_iter().filter(|reply| reply.status.as_u16() == 429).collect();
        assert!(!refused.is_empty() && refused.len() < 40, "writing is counted by itself");
        for reply in refused {
            assert_eq!(reply.header("retry-after"), Some("1"));
            refusal(Ok(reply), 429, "RATE_LIMIT_EXCEEDED");
        }
    }
}

#[test]
fn probes_are_answered_when_there_is_no_connection_left() {
    let host = Patchpanel::builder().setting("HTTP_MAX_CONNECTIONS", "8").start().unwrap();
    let mine = token(&host, "greedy", "developer");
    // As many as this address may have, none of them idle: one whose head is not there yet makes room.
    let mut busy = Vec::new();
    let is_refused = || {
        busy.push(Raw::post(&host, &mine, "/assets/data", 500, "{"));
        (host.client().get("/assets/data").unwrap().status.as_u16() == 429).then_some(())
    };
    assert!(eventually(Duration::from_secs(8), is_refused).is_some());
    for path in ["/health/live", "/health/ready", "/api/health/live"] {
        answer(host.client().get(path), 200);
    }
    for path in ["/assets/data", "/openapi.json", "/docs/", "/none"] {
        let reply = host.client().get(path).unwrap();
        assert_eq!(reply.header("connection"), Some("close"), "{path}");
        refusal(Ok(reply), 429, "RATE_LIMIT_EXCEEDED");
    }
    drop(busy);
}

#[test]
fn a_connection_on_which_nothing_goes_on_makes_room_for_a_new_one() {
    for begun in ["", "GET /assets/data HTTP/1.1\r\nHost: "] {
        let host = Patchpanel::builder().setting("HTTP_MAX_CONNECTIONS", "16").start().unwrap();
        // More than could be waited for, if each of them had its time-out.
        let mut silent: Vec<_> = (0..128).map(|_| Raw::open(host.address())).collect();
        for raw in &mut silent {
            // It may have made room already.
            let _ = raw.0.write_all(begun.as_bytes());
        }
        answer(host.client_of("acme", "sales", "viewer").unwrap().get("/assets/data"), 200);
        let first = silent.swap_remove(0);
        assert_eq!(first.answer(), (0, String::new()), "closed without a word");
    }
}

#[test]
fn behind_a_proxy_each_client_has_its_share() {
    let host = Patchpanel::builder()
        .setting("HTTP_TRUSTED_PROXIES", "127.0.0.1")
        .setting("HTTP_MAX_CONNECTIONS_PER_ADDRESS", "2")
        .start()
        .unwrap();
    // Whose token is not known: what is refused is read to its end all the same.
    let strangers: Vec<_> = (0..2)
        .map(|_| {
            let mut raw = Raw::open(host.address());
            raw.send(
                "POST /assets/data HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.9, 192.0.2.1\r\n\
                 Content-Length: 500\r\n\r\n{",
            );
            raw
        })
        .collect();
    let from = |forwarded: &str| host.client().with_header("X-Forwarded-For", forwarded).get("/assets/data");
    // They are being waited for once the third one is refused.
    let refused = || (from("192.0.2.1").unwrap().status.as_u16() == 429).then_some(());
    assert!(eventually(Duration::from_secs(4), refused).is_some());
    refusal(from("192.0.2.1, 192.0.2.2"), 401, "INVALID_TOKEN");
    drop(strangers);
}

#[test]
fn behind_a_proxy_an_organization_has_its_share_of_bodies_that_never_come() {
    let host = Patchpanel::builder()
        .setting("HTTP_TRUSTED_PROXIES", "127.0.0.1")
        .setting("HTTP_MAX_CONNECTIONS", "256")
        .setting("MAX_BODY_MEMORY_MIB", "16")
        .setting("MAX_BODY_MEMORY_PER_ORGANIZATION_MIB", "8")
        .start()
        .unwrap();
    let mine = token(&host, "greedy", "developer");
    let waiting: Vec<_> = (0..250).map(|_| Raw::post(&host, &mine, "/assets/data", 500, "{")).collect();
    let other = host.client_of("other", "sales", "developer").unwrap();
    for number in 0..10 {
        answer(other.post("/assets/data", &registration(&format!("Good {number}"))), 201);
    }
    let refused = waiting.into_iter().map(|raw| raw.answer().0).filter(|status| *status == 429).count();
    assert!(refused >= 100, "{refused} of 250 were refused");
}

#[test]
fn answers_that_nobody_takes_are_an_organizations_own() {
    let host = Patchpanel::builder()
        .setting("MAX_BODY_MEMORY_MIB", "64")
        .setting("MAX_BODY_MEMORY_PER_ORGANIZATION_MIB", "32")
        .start()
        .unwrap();
    let mine = token(&host, "greedy", "developer");
    let greedy = host.client_of("greedy", "sales", "developer").unwrap();
    let authority = Authority::new("test").unwrap();
    let mut large = registration("Large");
    large["database_config"]["ssl_mode"] = json!("verify-full");
    large["database_config"]["ssl_root_cert"] = json!(authority.certificate().repeat(100));
    for number in 0..40 {
        large["name"] = json!(format!("Large {number}"));
        answer(greedy.post("/assets/data", &large), 201);
    }
    let takers: Vec<_> = (0..16)
        .map(|_| {
            let mut raw = Raw::open(host.address());
            raw.send(&format!(
                "GET /assets/data?limit=40 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {mine}\r\n\
                 X-Project-ID: sales\r\nConnection: close\r\n\r\n"
            ));
            // One after the other: what it takes to make a page is charged too.
            raw.0.read_exact(&mut [0; 15]).unwrap();
            raw
        })
        .collect();
    let page = || (greedy.get("/assets/data?limit=40").unwrap().status.as_u16() == 429).then_some(());
    assert!(
        eventually(Duration::from_secs(10), page).is_some(),
        "sixteen pages are not taken, and another one is given"
    );
    answer(host.client_of("other", "sales", "developer").unwrap().get("/assets/data"), 200);
    drop(takers);
    let page = || (greedy.get("/assets/data?limit=40").unwrap().status.as_u16() == 200).then_some(());
    assert!(eventually(Duration::from_secs(10), page).is_some(), "it does not come back");
}

#[test]
fn a_page_of_connections_has_a_size() {
    let client = client("large-pages", "developer");
    let authority = Authority::new("test").unwrap();
    let mut large = registration("Large");
    large["database_config"]["ssl_mode"] = json!("verify-full");
    let certificates = authority.certificate().repeat(200_000 / authority.certificate().len());
    large["database_config"]["ssl_root_cert"] = json!(certificates);
    for number in 0..45 {
        large["name"] = json!(format!("Large {number}"));
        answer(client.post("/assets/data", &large), 201);
    }
    assert_eq!(super::findings(client.get("/assets/data?limit=100")), ["?limit too_large"]);
    let page = answer(client.get("/assets/data?limit=10"), 200);
    assert_eq!((page["data"].as_array().unwrap().len(), &page["pagination"]["total_items"]), (10, &json!(45)));
}

#[test]
fn the_host_may_open_as_many_descriptors_as_the_system_allows() {
    let host = Patchpanel::start().unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", host.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[3], words[4], "{line}");
}

#[test]
fn a_prober_that_hangs_up_disturbs_no_write() {
    let host = Patchpanel::start().unwrap();
    let client = host.client_of("acme", "sales", "developer").unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    Raw::open(host.address()).send("GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n");
                }
            });
        }
        let written = (0..30).map(|number| client.post("/assets/data", &registration(&format!("Written {number}"))));
        let statuses: Vec<u16> = written.map(|reply| reply.unwrap().status.as_u16()).collect();
        over.store(true, Ordering::SeqCst);
        assert_eq!(statuses, [201; 30]);
    });
    answer(host.client().get("/health/ready"), 200);
}
