//! Addresses that an installation does not connect to.

use test_support::listener::Witness;
use test_support::patchpanel::Patchpanel;

use super::{FINAL, RETRYABLE, attempt, host};

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
