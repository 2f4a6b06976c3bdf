//! The way to the server: names, ports, time, and who answers there.

use std::net::ToSocketAddrs;

use test_support::certificates::Authority;
use test_support::listener::{Silent, Witness};
use test_support::postgres::Postgres;
use test_support::sales;

use super::{FINAL, RETRYABLE, attempt, host};

#[test]
fn a_name_that_is_not_in_the_dns_is_not_found() {
    // It never is (RFC 6761, section 6.4), but where no name service answers, nobody knows.
    let name = "no-such-host.invalid";
    let answered = (name, 5432).to_socket_addrs().unwrap_err().to_string().contains("not known");
    let attempt = attempt(5432).config("host", name).config("connect_timeout_ms", 60_000);
    if answered {
        let report = attempt.fails("resolve", "name_not_found", "config", FINAL, None);
        assert!(report.message().contains(name), "{}", report.message());
    } else {
        attempt.fails("resolve", "resolve_failed", "network", RETRYABLE, None);
    }
}

#[test]
fn a_stopped_server_refuses_connections() {
    let mut server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let attempt = attempt(server.port());
    let report = attempt.works(&[]);
    assert_eq!(report.details("server")["address"], format!("127.0.0.1:{}", server.port()));
    assert_eq!(report.details("server")["tls"], serde_json::Value::Null);
    attempt.config("host", "localhost").works(&[]);
    server.stop().unwrap();
    let report = attempt.fails("connect", "connection_refused", "network", RETRYABLE, None);
    assert!(report.message().contains(&format!("127.0.0.1:{}", server.port())), "{}", report.message());
    assert_eq!(report.details("server"), &serde_json::Value::Null);
}

#[test]
fn a_host_that_swallows_everything_times_out() {
    let silent = Silent::start().unwrap();
    let attempt = attempt(silent.address().unwrap().port()).config("connect_timeout_ms", 300);
    let report = attempt.fails("connect", "connect_timeout", "network", RETRYABLE, None);
    let latency = report.body["latency_ms"].as_f64().unwrap();
    assert!(latency >= 300.0, "{latency}");
}

#[test]
fn a_frozen_server_times_out_in_the_stage_that_waits_for_it() {
    let authority = Authority::new("test").unwrap();
    let identity = authority.server(&["127.0.0.1"]).unwrap();
    let mut server = Postgres::builder().tls(&identity).sql(sales::SQL).start().unwrap();
    let plain = attempt(server.port());
    let secure = plain.tls("verify-full", Some(authority.certificate()));
    plain.works(&[]);
    secure.works(&[]);
    server.pause().unwrap();
    let impatient = |attempt: &super::Attempt| attempt.config("connect_timeout_ms", 1_000);
    impatient(&plain).fails("authenticate", "authenticate_timeout", "network", RETRYABLE, None);
    impatient(&secure).fails("tls", "tls_timeout", "network", RETRYABLE, None);
    server.resume().unwrap();
    plain.works(&[]);
    secure.works(&[]);
}

#[test]
fn what_is_not_postgresql_is_recognised() {
    let ourselves = attempt(host().address().port());
    ourselves.fails("authenticate", "not_postgres", "config", FINAL, None);
    ourselves.tls("require", None).fails("tls", "not_postgres", "config", FINAL, None);
}

#[test]
fn a_server_that_hangs_up_is_lost() {
    let witness = Witness::start().unwrap();
    let attempt = attempt(witness.address().unwrap().port());
    let hang_up = || while witness.connections() == 0 {};
    std::thread::scope(|scope| {
        scope.spawn(hang_up);
        attempt.fails("authenticate", "connection_lost", "network", RETRYABLE, None);
        scope.spawn(hang_up);
        attempt.tls("require", None).fails("tls", "connection_lost", "network", RETRYABLE, None);
    });
}
