//! TLS: who wants it, and what a server's certificate must be like.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;
use test_support::certificates::{Authority, Identity, expired_self_made_server, self_made_server};
use test_support::directory::TemporaryDirectory;
use test_support::eventually::eventually;
use test_support::names::Names;
use test_support::patchpanel::{Patchpanel, built_connectors};
use test_support::postgres::Postgres;
use test_support::skip::skip;
use test_support::tls_relay::TlsRelay;
use test_support::{guests, sales};

use super::{Attempt, FINAL, RETRYABLE, Report, attempt, attempt_by};

const VERIFYING: [&str; 2] = ["verify-ca", "verify-full"];

fn serve(identity: &Identity) -> (Postgres, Attempt) {
    let builder = Postgres::builder().tls(identity).hba("hostssl all all all scram-sha-256").sql(sales::SQL);
    let server = builder.start().unwrap();
    let attempt = attempt(server.port());
    (server, attempt)
}

/// A server with nothing wrong, which serves the tests of wrong configurations, and the root to trust.
fn good() -> (&'static Attempt, &'static str) {
    static GOOD: OnceLock<(Postgres, Attempt, Authority)> = OnceLock::new();
    let (_, attempt, authority) = GOOD.get_or_init(|| {
        let authority = Authority::new("test").unwrap();
        let (server, attempt) = serve(&authority.server(&["127.0.0.1", "localhost"]).unwrap());
        (server, attempt, authority)
    });
    (attempt, authority.certificate())
}

#[test]
fn a_server_that_wants_tls_says_so_and_gets_it() {
    let (attempt, root) = good();
    let report = attempt.fails("authenticate", "tls_required", "config", FINAL, Some("28000"));
    assert!(report.remedy().contains("Set ssl_mode to require"), "{}", report.remedy());

    for (mode, root) in
        [("require", None), ("require", Some(root)), ("verify-ca", Some(root)), ("verify-full", Some(root))]
    {
        let report = attempt.tls(mode, root).works(&[]);
        let server = report.details("server");
        assert_eq!(server["tls"]["version"], "TLSv1.3", "{mode}");
        assert_eq!(server["authentication"], "scram-sha-256-plus", "{mode}");
    }
    attempt.tls("verify-full", Some(root)).config("host", "localhost").works(&[]);
}

#[test]
fn a_server_without_tls_is_not_spoken_to_in_the_clear() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let attempt = attempt(server.port());
    attempt.works(&[]);
    for mode in ["require", "verify-ca", "verify-full"] {
        attempt.tls(mode, None).fails("tls", "tls_not_offered", "server", FINAL, None);
    }
    // Nobody has been asked for a password or even a user.
    let logins = server.log().unwrap().matches("connection authenticated").count();
    assert_eq!(logins, 1);
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    let (attempt, root) = good();
    // The second has the name of the authority that signed, and another key.
    for other in [Authority::new("other").unwrap(), Authority::new("test").unwrap()] {
        for mode in ["require", "verify-ca", "verify-full"] {
            let attempt = attempt.tls(mode, Some(other.certificate()));
            attempt.fails("tls", "certificate_unknown_ca", "config", FINAL, None);
        }
        let both = format!("{}{root}", other.certificate());
        attempt.tls("verify-full", Some(&both)).works(&[]);
    }
    for mode in VERIFYING {
        attempt.tls(mode, None).fails("tls", "certificate_unknown_ca", "config", FINAL, None);
        attempt.tls(mode, Some(root)).works(&[]);
    }
}

#[test]
fn a_certificate_for_another_host_is_refused_by_name() {
    let authority = Authority::new("test").unwrap();
    let (_server, attempt) = serve(&authority.server(&["db.example.com", "192.0.2.7"]).unwrap());
    let attempt = attempt.tls("verify-full", Some(authority.certificate()));
    for host in ["127.0.0.1", "localhost"] {
        let report = attempt.config("host", host).fails("tls", "certificate_wrong_host", "config", FINAL, None);
        for name in [host, "db.example.com", "192.0.2.7"] {
            assert!(report.message().contains(name), "{}", report.message());
        }
    }
    attempt.config("ssl_mode", "verify-ca").works(&[]);
}

#[test]
fn a_host_in_the_common_name_only_does_not_count() {
    let authority = Authority::new("test").unwrap();
    let (_server, attempt) = serve(&authority.common_name_only_server("localhost").unwrap());
    let attempt = attempt.config("host", "localhost").tls("verify-full", Some(authority.certificate()));
    let report = attempt.fails("tls", "certificate_without_san", "server", FINAL, None);
    assert!(report.remedy().contains("subjectAltName"), "{}", report.remedy());
    attempt.config("ssl_mode", "verify-ca").works(&[]);
}

#[test]
fn a_certificate_is_good_in_its_own_time_only() {
    let authority = Authority::new("test").unwrap();
    let expired = authority.expired_server(&["127.0.0.1"]).unwrap();
    let early = authority.not_yet_valid_server(&["127.0.0.1"]).unwrap();
    for (identity, code, retryable, date) in [
        (expired, "certificate_expired", FINAL, "2021-01-01"),
        (early, "certificate_not_yet_valid", RETRYABLE, "2200-01-01"),
    ] {
        let (_server, attempt) = serve(&identity);
        for mode in VERIFYING {
            let attempt = attempt.tls(mode, Some(authority.certificate()));
            let report = attempt.fails("tls", code, "server", retryable, None);
            assert!(report.message().contains(date), "{}", report.message());
        }
        attempt.tls("require", None).works(&[]);
    }
}

#[test]
fn a_root_is_good_in_its_own_time_only() {
    let (old, new) = (Authority::expired("the old authority").unwrap(), Authority::new("the new authority").unwrap());
    let (_server, attempt) = serve(&old.server(&["127.0.0.1"]).unwrap());
    let both = format!("{}{}", new.certificate(), old.certificate());
    for (mode, roots) in [("verify-full", old.certificate()), ("verify-ca", &both), ("require", old.certificate())] {
        let report = attempt.tls(mode, Some(roots)).fails("tls", "certificate_expired", "server", FINAL, None);
        for part in ["the old authority", "2021-01-01"] {
            assert!(report.message().contains(part), "{}", report.message());
        }
    }
    // One that has expired beside the one that counts is in nobody's way.
    let (_server, attempt) = serve(&new.server(&["127.0.0.1"]).unwrap());
    attempt.tls("verify-full", Some(&both)).works(&[]);
}

#[test]
fn a_self_made_certificate_is_its_own_root() {
    let identity = self_made_server(&["127.0.0.1"]).unwrap();
    let (_server, attempt) = serve(&identity);
    for mode in VERIFYING {
        attempt.tls(mode, Some(&identity.certificate)).works(&[]);
        attempt.tls(mode, None).fails("tls", "certificate_unknown_ca", "config", FINAL, None);
        let twin = self_made_server(&["127.0.0.1"]).unwrap();
        let twin = attempt.tls(mode, Some(&twin.certificate));
        twin.fails("tls", "certificate_unknown_ca", "config", FINAL, None);
    }
    // It is trusted, yet still for its own host only.
    let elsewhere = attempt.config("host", "localhost");
    let elsewhere = elsewhere.tls("verify-full", Some(&identity.certificate));
    elsewhere.fails("tls", "certificate_wrong_host", "config", FINAL, None);
}

#[test]
fn a_self_made_certificate_expires_too() {
    let identity = expired_self_made_server(&["127.0.0.1"]).unwrap();
    let (_server, attempt) = serve(&identity);
    for mode in VERIFYING {
        let attempt = attempt.tls(mode, Some(&identity.certificate));
        let report = attempt.fails("tls", "certificate_expired", "server", FINAL, None);
        assert!(report.message().contains("2021-01-01"), "{}", report.message());
    }
    attempt.tls("require", None).works(&[]);
}

#[test]
fn who_ends_tls_in_between_is_found_out() {
    let (attempt, _) = good();
    let elsewhere = Authority::new("in between").unwrap();
    let port = u16::try_from(attempt.config["port"].as_u64().unwrap()).unwrap();
    let relay = TlsRelay::start(&elsewhere.server(&["127.0.0.1"]).unwrap(), port).unwrap();
    let attempt = attempt.config("port", relay.port());
    // Trusted or not, its certificate is not the server's, to which the login is bound.
    for (mode, root) in [("require", None), ("verify-full", Some(elsewhere.certificate()))] {
        let attempt = attempt.tls(mode, root);
        let report = attempt.fails("authenticate", "tls_intercepted", "network", FINAL, Some("28000"));
        assert!(report.message().contains("ends TLS"), "{}", report.message());
    }
}

#[test]
fn what_is_not_verified_is_said_where_the_way_is_a_network() {
    if let Some(reason) = Names::unavailable() {
        return skip("what_is_not_verified_is_said_where_the_way_is_a_network", reason);
    }
    let names = Names::new("127.0.0.1 db.example.com", &[], "").unwrap();
    let connectors = TemporaryDirectory::new("connectors").unwrap();
    std::fs::copy(built_connectors().unwrap().join("postgres.wasm"), connectors.path().join("postgres.wasm")).unwrap();
    let guest = "decide-the-tls-mode";
    std::fs::write(connectors.path().join("guest.wasm"), guests::named(guest).unwrap()).unwrap();
    let host = Patchpanel::builder()
        .names(&names)
        .setting("CONNECTORS_DIR", connectors.path().to_str().unwrap())
        .setting("CONNECTOR_APPROVED_REACHES", "zoo-decide-the-tls-mode.tls-mode=disable@{/host}")
        .start()
        .unwrap();
    let client = host.client_of("acme", "faults", "developer").unwrap();
    let authority = Authority::new("test").unwrap();
    let server = Postgres::builder().tls(&authority.server(&["db.example.com"]).unwrap()).sql(sales::SQL);
    let server = server.start().unwrap();
    let root = Some(authority.certificate());
    let attempt = attempt(server.port()).through(&client).config("host", "db.example.com");
    for (mode, root, warnings) in [
        ("disable", None, &["unencrypted"][..]),
        ("require", None, &["server_unverified"]),
        ("require", root, &["name_unverified"]),
        ("verify-ca", root, &["name_unverified"]),
        ("verify-full", root, &[]),
    ] {
        let attempt = attempt.tls(mode, root);
        attempt.works(warnings);
        // Of a stored connection too, whose connector is not asked.
        let mut body = attempt.body();
        body["name"] = json!(format!("{mode} {}", root.is_some()));
        let record = client.post("/assets/data", &body).unwrap().json().unwrap();
        let (binding, uri) = (&record["bindings"][0], record["resource_uri"].as_str().unwrap());
        assert_eq!((&binding["tls_mode"], &binding["own_roots"]), (&json!(mode), &json!(root.is_some())), "{record:#}");
        let reply = client.send("POST", &format!("/assets/data/{uri}/test"), "").unwrap();
        Report::read(&reply, &attempt).expect_success(warnings);
    }
    // The connector decides, the tenant knows.
    let loaded = || {
        let types = client.get("/assets/data/types").unwrap().json().unwrap();
        (types["data"].as_array().unwrap().len() == 2).then_some(())
    };
    assert!(eventually(Duration::from_mins(1), loaded).is_some());
    let decided = attempt_by(guest, &client, server.port()).config("host", "db.example.com");
    let report = decided.config("ssl_mode", "verify-full").verify();
    assert_eq!(report.body["success"], true, "{:#}", report.body);
    assert_eq!(report.warnings(), ["tls_of_connector", "unencrypted"], "{:#}", report.body);
    let outcomes = [3, 4].map(|stage| &report.stages()[stage]["outcome"]);
    assert_eq!(outcomes, ["warned", "skipped"], "{:#}", report.body);
}
