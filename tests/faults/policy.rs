//! Addresses that an installation does not connect to, and what it tells of those that it does connect to.

use std::thread;

use serde_json::Value;
use test_support::certificates::Authority;
use test_support::listener::{Silent, Witness};
use test_support::names::Names;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;
use test_support::skip::skip;

use super::{Attempt, FINAL, RETRYABLE, attempt, host};

#[test]
fn a_host_for_real_users_dials_neither_itself_nor_its_network() {
    let strict = Patchpanel::builder()
        .setting("EGRESS_ALLOW_LOOPBACK", "false")
        .setting("EGRESS_ALLOW_PRIVATE", "false")
        .start()
        .unwrap();
    let client = strict.client_of("acme", "policy", "developer").unwrap();
    let witness = Witness::start().unwrap();
    let attempt = attempt(witness.address().unwrap().port()).config("connect_timeout_ms", 1_000);
    for (host, rule) in [
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("localhost", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("10.0.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("fd00::1", "private"),
    ] {
        let attempt = attempt.through(&client).config("host", host);
        let report = attempt.fails("policy", "address_refused", "config", FINAL, None);
        assert!(report.message().contains(&format!("rule {rule}")), "{host}: {}", report.message());
    }
    assert_eq!(witness.connections(), 0);

    // The witness is not blind: the same from a host in development mode arrives.
    attempt.fails("authenticate", "authenticate_timeout", "network", RETRYABLE, None);
    assert_eq!(witness.connections(), 1);
}

#[test]
fn addresses_that_are_never_a_database_are_refused_whatever_is_allowed() {
    for (host, rule) in [
        ("169.254.169.254", "cloud_metadata"),
        ("::ffff:169.254.169.254", "cloud_metadata"),
        ("fd00:ec2::254", "cloud_metadata"),
        ("fd00:ec2::23", "cloud_metadata"),
        ("fd00:ec2::253", "cloud_metadata"),
        ("fd00:ec2:1::123", "cloud_metadata"),
        ("169.254.1.1", "link_local"),
        ("fe80::1", "link_local"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("0.0.0.0", "unspecified"),
        ("192.0.2.1", "documentation"),
        ("198.18.0.1", "benchmarking"),
        ("2001:0:1::1", "teredo"),
    ] {
        let report = attempt(5432).config("host", host).fails("policy", "address_refused", "config", FINAL, None);
        assert!(report.message().contains(&format!("rule {rule}")), "{host}: {}", report.message());
    }
}

#[test]
fn ports_that_are_no_databases_are_refused_before_anything_is_looked_up_or_opened() {
    // A kubelet's and its neighbours', where whoever starts the tests may listen too.
    let witness = Witness::start_at(10248..=10259).unwrap();
    let at = |port: u16| attempt(port).config("host", "localhost").config("connect_timeout_ms", 1_000);
    for port in [witness.address().unwrap().port(), 22, 25, 53, 2375, 2376, 6379, 10250] {
        let report = at(port).fails("policy", "port_refused", "config", FINAL, None);
        assert!(report.message().contains(&format!("Port {port} ")), "{}", report.message());
        assert!(report.remedy().contains("--egress-refused-ports"), "{}", report.remedy());
    }
    assert_eq!(witness.connections(), 0);

    let other = Patchpanel::builder().setting("EGRESS_REFUSED_PORTS", "22,5000-5999").start().unwrap();
    let client = other.client_of("acme", "policy", "developer").unwrap();
    at(5432).through(&client).fails("policy", "port_refused", "config", FINAL, None);
    // The witness is not blind.
    let allowed = at(witness.address().unwrap().port()).through(&client);
    allowed.fails("authenticate", "authenticate_timeout", "network", RETRYABLE, None);
    assert_eq!(witness.connections(), 1);
}

#[test]
fn the_host_does_not_connect_to_itself() {
    let port = host().address().port();
    for name in ["127.0.0.1", "localhost", "::ffff:127.0.0.1"] {
        let report = attempt(port).config("host", name).fails("policy", "address_refused", "config", FINAL, None);
        assert!(report.message().contains("itself"), "{}", report.message());
    }
}

#[test]
fn a_target_that_the_operator_names_is_allowed_and_nothing_beside_it() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    // A kubelet's port, which is refused for all.
    let witness = Witness::start_at(10248..=10259).unwrap();
    let refused_port = witness.address().unwrap().port();
    let targets = format!("127.0.0.1:{},127.0.0.1:{refused_port},*.db.corp,10.0.0.0/8:22", server.port());
    let strict = Patchpanel::builder()
        .setting("EGRESS_ALLOW_LOOPBACK", "false")
        .setting("EGRESS_ALLOW_PRIVATE", "false")
        .setting("EGRESS_ALLOWED_TARGETS", &targets)
        .setting("EGRESS_DIAGNOSE_PRIVATE", "false")
        .start()
        .unwrap();
    let client = strict.client_of("acme", "policy", "developer").unwrap();
    let at = |port| attempt(port).through(&client).config("connect_timeout_ms", 1_000);
    at(server.port()).works(&[]);
    at(refused_port).fails("authenticate", "authenticate_timeout", "network", RETRYABLE, None);
    assert_eq!(witness.connections(), 1);

    at(server.port() - 1).fails("policy", "address_refused", "config", FINAL, None);
    at(server.port()).config("host", "127.0.0.2").fails("policy", "address_refused", "config", FINAL, None);
    at(22).fails("policy", "port_refused", "config", FINAL, None);
    // Named by a network with this port, but the address behind the name is in none.
    let report = at(22).config("host", "localhost").fails("policy", "address_refused", "config", FINAL, None);
    assert!(report.message().contains("rule loopback"), "{}", report.message());
    assert!(!report.message().contains("127.0.0.1"), "{}", report.message());
    at(refused_port).config("host", "127.0.0.2").fails("policy", "port_refused", "config", FINAL, None);
    assert_eq!(witness.connections(), 0);
}

/// All that a report says, but for times and the port.
fn told(report: &super::Report, port: u16) -> Value {
    fn strip(value: &mut Value, port: u16) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| name != "latency_ms" && name != "port");
                members.values_mut().for_each(|value| strip(value, port));
            }
            Value::Array(values) => values.iter_mut().for_each(|value| strip(value, port)),
            Value::String(text) => *text = text.replace(&port.to_string(), "PORT"),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut body = report.body.clone();
    strip(&mut body, port);
    body
}

#[test]
fn tests_do_not_map_a_private_network() {
    let discreet = Patchpanel::builder().setting("EGRESS_DIAGNOSE_PRIVATE", "false").start().unwrap();
    let client = discreet.client_of("acme", "policy", "developer").unwrap();
    let (silent, mute, http) = (Silent::start().unwrap(), Witness::start().unwrap(), Patchpanel::start().unwrap());
    let mut server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let closed = Witness::start().unwrap().address().unwrap().port();
    let ports = [silent.address().unwrap().port(), mute.address().unwrap().port(), http.address().port(), closed];
    let with = &|port: u16, mode: &str| attempt(port).through(&client).tls(mode, None);
    let tell = &|attempt: &Attempt, port| {
        let report = attempt.fails("connect", "no_database", "network", RETRYABLE, None);
        let connect = report.failed()["latency_ms"].as_f64().unwrap();
        assert!(report.body["latency_ms"].as_f64().unwrap() >= connect, "{:#}", report.body);
        (connect.to_string(), told(&report, port))
    };
    for mode in ["disable", "require"] {
        let told: Vec<_> = thread::scope(|scope| {
            let all: Vec<_> = ports.iter().map(|&port| scope.spawn(move || tell(&with(port, mode), port))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(told.iter().all(|one| one == &told[0]), "{told:#?}");
    }

    // A database speaks for itself.
    let attempt = with(server.port(), "disable");
    attempt.works(&[]);
    attempt.credential("password", "not-this-one-here").fails(
        "authenticate",
        "password_rejected",
        "credential",
        FINAL,
        Some("28P01"),
    );
    with(server.port(), "require").fails("tls", "tls_not_offered", "server", FINAL, None);
    // What the operator names is told in full; its log has the reason for all others.
    server.stop().unwrap();
    let target = format!("127.0.0.1:{}", server.port());
    let named = Patchpanel::builder()
        .setting("EGRESS_DIAGNOSE_PRIVATE", "false")
        .setting("EGRESS_ALLOWED_TARGETS", &target)
        .start()
        .unwrap();
    let client = named.client_of("acme", "policy", "developer").unwrap();
    attempt.through(&client).fails("connect", "connection_refused", "network", RETRYABLE, None);
    let log = discreet.log().unwrap();
    for code in ["connection_refused", "connect_timeout", "not_postgres"] {
        assert!(log.contains(code), "{code}: {log}");
    }
}

/// What can be known before anything is dialled is told without dialling, and a name leads to one address: its owner could
/// see at a second one what has become of the first.
#[test]
fn a_private_target_is_dialled_once_and_not_for_what_is_known_before() {
    if let Some(reason) = Names::unavailable() {
        return skip("a_private_target_is_dialled_once_and_not_for_what_is_known_before", reason);
    }
    let owners = Witness::start().unwrap();
    let port = owners.address().unwrap().port();
    // Nothing listens at the first one.
    let names = Names::new("127.0.0.66 two.example.com\n127.0.0.1 two.example.com", &[], "").unwrap();
    let start = |discreet: &str| {
        Patchpanel::builder().names(&names).setting("EGRESS_DIAGNOSE_PRIVATE", discreet).start().unwrap()
    };
    let (discreet, open) = (start("false"), start("true"));
    let two = |host: &Patchpanel| {
        let client = host.client_of("acme", "policy", "developer").unwrap();
        attempt(port).through(&client).config("host", "two.example.com").config("connect_timeout_ms", 1_000)
    };
    two(&discreet).fails("connect", "no_database", "network", RETRYABLE, None);
    assert_eq!(owners.connections(), 0, "the second address was dialled");
    let clients = Authority::new("clients").unwrap();
    let (one, other) = (clients.client("reader").unwrap(), clients.client("reader").unwrap());
    let bad = two(&discreet).config("host", "127.0.0.1").tls("require", None);
    let bad = bad.config("ssl_client_cert", one.certificate.as_str()).credential("ssl_client_key", &other.key);
    bad.fails("tls", "client_certificate_invalid", "credential", FINAL, None);
    assert_eq!(owners.connections(), 0, "the port was dialled");
    // Where everything is told, both are tried.
    two(&open).fails("authenticate", "authenticate_timeout", "network", RETRYABLE, None);
    assert_eq!(owners.connections(), 1);
}
