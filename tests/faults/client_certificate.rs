//! Servers that want to see a client's certificate.

use std::sync::OnceLock;

use test_support::certificates::{Authority, Identity};
use test_support::postgres::Postgres;
use test_support::sales;

use super::{Attempt, FINAL, attempt};

/// The users of such a server: `reader` needs a certificate beside the password, `badge` only a certificate.
const HBA: &str = "hostssl all reader all scram-sha-256 clientcert=verify-full\nhostssl all badge all cert";

const BADGE: &str = "CREATE ROLE badge LOGIN IN ROLE reader;";

fn with(attempt: &Attempt, identity: &Identity) -> Attempt {
    attempt.config("ssl_client_cert", identity.certificate.as_str()).credential("ssl_client_key", &identity.key)
}

/// A server that asks for them, its reader without one, and the authority that it trusts.
struct Guarded {
    _server: Postgres,
    reader: Attempt,
    clients: Authority,
}

fn guarded() -> &'static Guarded {
    static GUARDED: OnceLock<Guarded> = OnceLock::new();
    GUARDED.get_or_init(|| {
        let (servers, clients) = (Authority::new("servers").unwrap(), Authority::new("clients").unwrap());
        let server = Postgres::builder()
            .tls(&servers.server(&["127.0.0.1"]).unwrap())
            .client_authority(clients.certificate())
            .hba(HBA)
            .sql(sales::SQL)
            .sql(BADGE)
            .start()
            .unwrap();
        let reader = attempt(server.port()).tls("verify-full", Some(servers.certificate()));
        Guarded { _server: server, reader, clients }
    })
}

#[test]
fn a_client_certificate_is_asked_for_checked_and_accepted() {
    let Guarded { reader, clients, .. } = guarded();
    let badge = reader.user("badge");

    reader.fails("authenticate", "client_certificate_required", "credential", FINAL, Some("28000"));
    badge.fails("authenticate", "client_certificate_required", "credential", FINAL, Some("28000"));

    let report = with(reader, &clients.client("reader").unwrap()).works(&[]);
    assert_eq!(report.details("server")["authentication"], "scram-sha-256-plus");
    let report = with(&badge, &clients.client("badge").unwrap()).works(&[]);
    assert_eq!(report.details("server")["authentication"], "certificate");

    let stranger = Authority::new("strangers").unwrap().client("reader").unwrap();
    // In TLS 1.3 a server looks at it only when the client's part is done.
    let strange = with(reader, &stranger);
    strange.fails("authenticate", "client_certificate_refused", "credential", FINAL, None);

    let somebody = with(&badge, &clients.client("somebody-else").unwrap());
    somebody.fails("authenticate", "authentication_failed", "credential", FINAL, Some("28000"));
}

#[test]
fn who_has_a_certificate_needs_no_password_unless_the_server_asks() {
    let Guarded { reader, clients, .. } = guarded();
    let without_password = |attempt: &Attempt| {
        let mut changed = attempt.clone();
        changed.credentials.as_object_mut().unwrap().remove("password");
        changed
    };
    without_password(&with(&reader.user("badge"), &clients.client("badge").unwrap())).works(&[]);
    let asked = without_password(&with(reader, &clients.client("reader").unwrap()));
    asked.fails("authenticate", "credential_missing", "credential", FINAL, None);
    // With neither there is nothing to come in by.
    let reply = reader.client.post("/assets/data/verify", &without_password(reader).body()).unwrap();
    assert_eq!(reply.status.as_u16(), 422, "{}", reply.body);
    assert!(reply.body.contains("\"/credentials/password\""), "{}", reply.body);
}

#[test]
fn a_key_that_does_not_fit_its_certificate_never_leaves_the_host() {
    let Guarded { reader, clients, .. } = guarded();
    let (identity, other) = (clients.client("reader").unwrap(), clients.client("reader").unwrap());
    with(reader, &identity).works(&[]);
    let attempt = with(reader, &identity).credential("ssl_client_key", &other.key);
    attempt.fails("tls", "client_certificate_invalid", "credential", FINAL, None);
}
