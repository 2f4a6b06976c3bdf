//! The way to the server: names, ports, time, and who answers there.

use std::net::{Ipv4Addr, ToSocketAddrs};
use std::thread;

use serde_json::json;
use test_support::certificates::Authority;
use test_support::listener::{Silent, Witness};
use test_support::names::Names;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;
use test_support::skip::skip;

use super::{FINAL, RETRYABLE, attempt, attempt_by, host_of_guests};

const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

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
    let http = Patchpanel::start().unwrap();
    let attempt = attempt(http.address().port());
    attempt.fails("authenticate", "not_postgres", "config", FINAL, None);
    attempt.tls("require", None).fails("tls", "not_postgres", "config", FINAL, None);
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

#[test]
fn a_name_is_looked_up_as_it_is_written() {
    if let Some(reason) = Names::unavailable() {
        return skip("a_name_is_looked_up_as_it_is_written", reason);
    }
    // As in a cluster, whose search domains come before the name itself.
    let records = [
        ("db.example.com", HERE),
        ("db.example.com.corp.t", ELSEWHERE),
        ("db", HERE),
        ("db.corp.t", ELSEWHERE),
        ("only.corp.t", HERE),
        ("listed.example.com", ELSEWHERE),
    ];
    let hosts = "127.0.0.1 listed.example.com\n127.0.0.1 half.example.com\n169.254.169.254 half.example.com";
    let names = Names::new(hosts, &records, "search corp.t\noptions ndots:5").unwrap();
    let host = Patchpanel::builder().names(&names).start().unwrap();
    let client = host.client_of("acme", "faults", "developer").unwrap();
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let attempt = |name: &str| attempt(server.port()).through(&client).config("host", name);
    for name in ["db.example.com", "DB.Example.com", "db", "localhost", "listed.example.com"] {
        // Without TLS to another machine, as far as the name tells.
        let report = attempt(name).works(if name == "localhost" { &[] } else { &["unencrypted"] });
        assert_eq!(report.details("server")["address"], format!("127.0.0.1:{}", server.port()), "{name}");
    }
    attempt("only").fails("resolve", "name_not_found", "config", FINAL, None);
    let report = attempt("half.example.com").fails("policy", "address_refused", "config", FINAL, None);
    assert!(report.message().contains("cloud_metadata"), "{}", report.message());

    let mut asked = names.questions();
    asked.sort();
    asked.dedup();
    assert_eq!(asked, ["db", "db.example.com", "only"], "what the hosts file has is not asked for");
}

#[test]
fn names_that_nobody_answers_for_keep_no_other_organization_waiting() {
    if let Some(reason) = Names::unavailable() {
        return skip("names_that_nobody_answers_for_keep_no_other_organization_waiting", reason);
    }
    // The system keeps such a look-up for 40 seconds.
    let names = Names::new("", &[("db.example.com", HERE)], "options timeout:10 attempts:4").unwrap();
    let mut host = Patchpanel::builder().names(&names).start().unwrap();
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let of = |organization: &str, name: &str| {
        let client = host.client_of(organization, "faults", "developer").unwrap();
        attempt(server.port()).through(&client).config("host", name).config("connect_timeout_ms", 3_000)
    };
    for organization in ["greedy", "greedier"] {
        let silent = of(organization, "db.silent.t").config("connect_timeout_ms", 100);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        silent.fails("resolve", "resolve_timeout", "network", RETRYABLE, None);
                    }
                });
            }
        });
    }
    of("good", "db.example.com").works(&["unencrypted"]);
    for organization in ["greedy", "greedier"] {
        let report = of(organization, "db.example.com").fails("resolve", "resolve_timeout", "network", RETRYABLE, None);
        assert!(report.message().contains("Your organization's share"), "{}", report.message());
        of(organization, "localhost").works(&[]);
    }
    // Nor do they keep the host from stopping.
    assert!(host.stop().unwrap().success());
}

#[test]
fn every_endpoint_that_was_tried_is_told() {
    let host = host_of_guests(&["lead-to-a-second-host"]);
    let client = host.client_of("acme", "faults", "developer").unwrap();
    let mut server = Postgres::builder().sql(sales::SQL).start().unwrap();
    // Nothing listens at the first host.
    let attempt = attempt_by("lead-to-a-second-host", &client, server.port()).config("trigger", "127.0.0.66");
    let told = |report: &super::Report| -> Vec<serde_json::Value> {
        let endpoints = report.details("endpoints").as_array().unwrap();
        endpoints.iter().map(|it| json!([it["host"], it["port"], it["outcome"], it["stage"], it["code"]])).collect()
    };
    let port = server.port();
    let refused = |host: &str| json!([host, port, "failed", "connect", "connection_refused"]);
    let report = attempt.works(&[]);
    assert_eq!(told(&report), [refused("127.0.0.66"), json!(["127.0.0.1", port, "opened", null, null])]);
    server.stop().unwrap();
    let report = attempt.fails("connect", "connection_refused", "network", RETRYABLE, None);
    assert_eq!(told(&report), [refused("127.0.0.66"), refused("127.0.0.1")]);
}
