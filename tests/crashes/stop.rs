//! A stop in good order finishes what was taken.

use std::fs::Permissions;
use std::io::{ErrorKind, copy};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use test_support::client::Client;
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::{Patchpanel, built_connectors, built_program};
use test_support::postgres::Postgres;
use test_support::sales;

/// Far longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(20);

/// Stands before a PostgreSQL server and holds the first connection until it is told to let it through.
struct Gate {
    port: u16,
    reached: Receiver<()>,
    open: Sender<()>,
}

impl Gate {
    fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let (reached_sender, reached) = channel();
        let (open, opened) = channel();
        thread::spawn(move || {
            let (client, _) = listener.accept().unwrap();
            reached_sender.send(()).unwrap();
            // Closed without a word, it stays shut: the client is let go.
            if opened.recv().is_ok() {
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let upwards = thread::spawn(move || pass(from_client, to_server));
                pass(server, client);
                upwards.join().unwrap();
            }
        });
        Self { port: own_port, reached, open }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    // An end that is gone ends the other one, too.
    let _ = copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

/// A host in the middle of a test: the data source holds it up.
struct Testing {
    host: Patchpanel,
    gate: Gate,
    path: String,
    answer: JoinHandle<Value>,
}

fn start_a_test(server: &Postgres) -> Testing {
    let gate = Gate::before(server.port());
    let host = Patchpanel::start().unwrap();
    let client = host.client_of("acme", "sales", "developer").unwrap();
    let body = json!({
        "name": "shop",
        "connection_type": "postgres",
        "database_config": {
            "host": "127.0.0.1",
            "port": gate.port,
            "database": sales::DATABASE,
            "db_schema": sales::SCHEMA,
            "ssl_mode": "disable",
        },
        "credentials": { "username": sales::READER, "password": sales::READER_PASSWORD },
    });
    let reply = client.post("/assets/data", &body).unwrap();
    assert_eq!(reply.status.as_u16(), 201, "{}", reply.body);
    let path = "/assets/data/data:acme:sales:shop".to_owned();
    let answer = thread::spawn({
        let path = format!("{path}/test");
        move || client.send("POST", &path, "").map_or(Value::Null, |reply| reply.json().unwrap())
    });
    gate.reached.recv_timeout(LIMIT).unwrap();
    Testing { host, gate, path, answer }
}

fn refuses_within(limit: Duration, address: SocketAddr) {
    let start = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
            _ => assert!(start.elapsed() < limit, "it still accepts connections"),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn end_within(limit: Duration, host: &mut Patchpanel) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = host.ended().unwrap() {
            return status;
        }
        assert!(start.elapsed() < limit, "it still runs; its log ends with\n{}", host.log_tail());
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn sigterm_finishes_the_test_that_runs_and_takes_no_other_request() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let Testing { mut host, gate, path, answer } = start_a_test(&server);
    // Idle, as browsers and pools leave them: it must not hold up the stop.
    let idle = TcpStream::connect(host.address()).unwrap();
    host.signal(Signal::TERM).unwrap();
    refuses_within(LIMIT, host.address());
    assert_eq!(host.ended().unwrap(), None, "it did not wait for the test");

    gate.open.send(()).unwrap();
    let result = answer.join().unwrap();
    assert_eq!(result["success"], json!(true), "{result}");
    assert!(end_within(LIMIT, &mut host).success());
    drop(idle);

    let host = Patchpanel::builder().directory(host.directory()).start().unwrap();
    let client: Client = host.client_of("acme", "sales", "viewer").unwrap();
    let record = client.get(&path).unwrap().json().unwrap();
    assert_eq!(record["status"], json!("ACTIVE"), "the outcome was stored: {record}");
}

#[test]
fn a_lost_terminal_stops_it_in_good_order_unless_it_is_to_outlive_it() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let Testing { mut host, gate, answer, .. } = start_a_test(&server);
    host.signal(Signal::HUP).unwrap();
    refuses_within(LIMIT, host.address());
    assert_eq!(host.ended().unwrap(), None, "it did not wait for the test");
    gate.open.send(()).unwrap();
    let result = answer.join().unwrap();
    assert_eq!(result["success"], json!(true), "{result}");
    assert!(end_within(LIMIT, &mut host).success());

    // As below nohup.
    let directory = TemporaryDirectory::new("host").unwrap();
    let script = format!("#!/bin/sh\ntrap '' HUP\nexec {} \"$@\"\n", built_program().unwrap().display());
    let script = directory.write("patchpanel", &script).unwrap();
    std::fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
    let mut host = Patchpanel::builder()
        .directory(&directory)
        .program(&script)
        .setting("CONNECTORS_DIR", built_connectors().unwrap().to_str().unwrap())
        .start()
        .unwrap();
    host.signal(Signal::HUP).unwrap();
    thread::sleep(Duration::from_millis(300));
    assert_eq!(host.client().get("/health/ready").unwrap().status.as_u16(), 200);
    assert!(host.stop().unwrap().success());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let Testing { mut host, gate, answer, .. } = start_a_test(&server);
    host.signal(Signal::TERM).unwrap();
    refuses_within(LIMIT, host.address());
    host.signal(Signal::TERM).unwrap();
    assert_eq!(end_within(LIMIT, &mut host).code(), Some(130));
    assert_eq!(answer.join().unwrap(), Value::Null, "nothing was left to answer");
    drop(gate);
}
