//! Certificates that people really have, as openssl makes them: what can be done with them, and what is said of the others.

use serde_json::{Value, json};
use test_support::names::Names;
use test_support::openssl::Openssl;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::{Builder, Postgres};
use test_support::sales;
use test_support::skip::skip;

use super::{Attempt, FINAL, Report, attempt, client};

const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
const EC: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";

/// How a server is set up further.
type Further = fn(Builder) -> Builder;

/// Without TLS 1.3.
fn old(builder: Builder) -> Builder {
    builder.setting("ssl_max_protocol_version", "TLSv1.2")
}

/// A server that shows `NAME.crt`, set up further, and how it is tried.
fn serve(openssl: &Openssl, name: &str, further: impl FnOnce(Builder) -> Builder) -> (Postgres, Attempt) {
    let builder = Postgres::builder().tls(&openssl.identity(name).unwrap()).sql(sales::SQL);
    let server = further(builder.hba("hostssl all all all scram-sha-256")).start().unwrap();
    let attempt = attempt(server.port());
    (server, attempt)
}

/// The command in a remedy, which makes a server's certificate.
fn recipe(report: &Report) -> String {
    let remedy = report.remedy();
    let start = remedy.find("openssl x509 -req").unwrap_or_else(|| panic!("no command is in {remedy}"));
    let end = start + remedy[start..].find("-out server.crt").unwrap() + "-out server.crt".len();
    remedy[start..end].to_owned()
}

fn says(report: &Report, parts: &[&str]) {
    for part in parts {
        assert!(report.message().contains(part), "{part} is not in {}", report.message());
    }
}

/// The PostgreSQL manual's own recipe makes one, with any openssl before 3.2.
#[test]
fn a_server_certificate_of_version_1_encrypts_and_verifies_nothing() {
    let openssl = Openssl::new().unwrap();
    let root = openssl.read("root.crt").unwrap();
    for key in [RSA, EC, "-algorithm ED25519"] {
        openssl.request("server", key, "localhost").unwrap();
        openssl.sign("server", "root", "").unwrap();
        for version in ["TLSv1.2", "TLSv1.3"] {
            let (_server, attempt) =
                serve(&openssl, "server", |builder| builder.setting("ssl_max_protocol_version", version));
            let report = attempt.tls("require", None).works(&[]);
            assert_eq!(report.details("server")["tls"]["version"], version, "{key}");
            for mode in ["require", "verify-ca", "verify-full"] {
                let report = attempt.tls(mode, Some(&root)).fails("tls", "certificate_invalid", "server", FINAL, None);
                says(&report, &["X.509 version 1"]);
            }
        }
    }
    // What the remedy says makes one that can be verified.
    let (_server, attempt) = serve(&openssl, "server", |builder| builder);
    let attempt = attempt.config("host", "localhost").tls("verify-full", Some(&root));
    let report = attempt.fails("tls", "certificate_invalid", "server", FINAL, None);
    openssl.run(&recipe(&report)).unwrap();
    let (_server, renewed) = serve(&openssl, "server", |builder| builder);
    renewed.config("host", "localhost").tls("verify-full", Some(&root)).works(&[]);
}

#[test]
fn a_root_of_version_1_is_a_root() {
    let openssl = Openssl::new().unwrap();
    openssl.run("openssl x509 -req -in root.csr -days 30 -signkey root.key -out root.crt").unwrap();
    openssl.request("server", EC, "server").unwrap();
    openssl.sign("server", "root", "subjectAltName=IP:127.0.0.1").unwrap();
    let root = openssl.read("root.crt").unwrap();
    let (_server, attempt) = serve(&openssl, "server", |builder| builder);
    attempt.tls("verify-full", Some(&root)).works(&[]);
    // Many servers send it behind their own.
    openssl.run("cat root.crt >> server.crt").unwrap();
    let (_server, attempt) = serve(&openssl, "server", |builder| builder);
    attempt.tls("verify-full", Some(&root)).works(&[]);
}

#[test]
fn a_client_certificate_of_version_1_is_the_servers_to_judge() {
    let openssl = Openssl::new().unwrap();
    openssl.request("server", EC, "server").unwrap();
    openssl.sign("server", "root", "subjectAltName=IP:127.0.0.1").unwrap();
    openssl.request("badge", RSA, "badge").unwrap();
    openssl.sign("badge", "root", "").unwrap();
    let root = openssl.read("root.crt").unwrap();
    let (_server, attempt) = serve(&openssl, "server", |builder| {
        builder.client_authority(&root).hba("hostssl all badge all cert").sql("CREATE ROLE badge LOGIN IN ROLE reader;")
    });
    let badge = openssl.identity("badge").unwrap();
    let attempt = attempt.tls("verify-full", Some(&root)).user("badge");
    let with = |attempt: &Attempt, certificate: &str, key: &str| {
        attempt.config("ssl_client_cert", certificate).credential("ssl_client_key", key)
    };
    with(&attempt, &badge.certificate, &badge.key).works(&[]);
    // Behind its authority's, and with a key that cannot sign here.
    let turned = format!("{root}{}", badge.certificate);
    let report = with(&attempt, &turned, &badge.key);
    let report = report.fails("tls", "client_certificate_invalid", "credential", FINAL, None);
    says(&report, &["belongs to certificate number 2"]);
    openssl.request("odd", "-algorithm ED448", "badge").unwrap();
    openssl.sign("odd", "root", "").unwrap();
    let odd = openssl.identity("odd").unwrap();
    let report = with(&attempt, &odd.certificate, &odd.key);
    let report = report.fails("tls", "client_certificate_invalid", "credential", FINAL, None);
    says(&report, &["Ed448"]);
}

#[test]
fn a_name_that_does_not_fit_is_explained_and_the_remedy_makes_one_that_does() {
    let openssl = Openssl::new().unwrap();
    let root = openssl.read("root.crt").unwrap();
    openssl.request("server", EC, "127.0.0.1").unwrap();
    for (names, code, parts) in [
        (
            "DNS:127.0.0.1",
            "certificate_wrong_host",
            &["not for 127.0.0.1, but for: 127.0.0.1", "as IP: and not as DNS:"][..],
        ),
        ("email:root@example.com", "certificate_wrong_host", &["neither a name in DNS nor an address"]),
        ("DNS:a.example,IP:192.0.2.7", "certificate_wrong_host", &["but for: a.example, 192.0.2.7."]),
        ("", "certificate_without_san", &["common name"]),
    ] {
        let extensions =
            if names.is_empty() { "keyUsage=digitalSignature".to_owned() } else { format!("subjectAltName={names}") };
        openssl.sign("server", "root", &extensions).unwrap();
        let (_server, attempt) = serve(&openssl, "server", |builder| builder);
        let blame = if names.is_empty() { "server" } else { "config" };
        let report = attempt.tls("verify-full", Some(&root)).fails("tls", code, blame, FINAL, None);
        says(&report, parts);
        attempt.tls("verify-ca", Some(&root)).works(&[]);
        openssl.run(&recipe(&report)).unwrap();
        let (_server, renewed) = serve(&openssl, "server", |builder| builder);
        renewed.tls("verify-full", Some(&root)).works(&[]);
    }
}

#[test]
fn a_wildcard_is_for_one_part_of_a_name_below_a_domain() {
    if let Some(reason) = Names::unavailable() {
        return skip("a_wildcard_is_for_one_part_of_a_name_below_a_domain", reason);
    }
    let names = "127.0.0.1 db.internal db.corp.example a.b.corp.example corp.example";
    let names = Names::new(names, &[], "").unwrap();
    let host = Patchpanel::builder().names(&names).start().unwrap();
    let client = host.client_of("acme", "faults", "developer").unwrap();
    let openssl = Openssl::new().unwrap();
    openssl.request("server", EC, "server").unwrap();
    openssl.sign("server", "root", "subjectAltName=DNS:*.internal,DNS:*.corp.example").unwrap();
    let (_server, attempt) = serve(&openssl, "server", |builder| builder);
    let attempt = attempt.through(&client).tls("verify-full", Some(&openssl.read("root.crt").unwrap()));
    attempt.config("host", "db.corp.example").works(&[]);
    for (name, said) in [
        ("db.internal", "*.internal would be for all names in internal"),
        ("a.b.corp.example", "a.b has more"),
        ("corp.example", "not for corp.example itself"),
    ] {
        let report = attempt.config("host", name).fails("tls", "certificate_wrong_host", "config", FINAL, None);
        says(&report, &[said]);
        assert!(recipe(&report).contains(&format!("DNS:{name})")), "{}", report.remedy());
    }
}

#[test]
fn an_authority_in_between_that_is_missing_is_named() {
    let openssl = Openssl::new().unwrap();
    openssl.request("between", EC, "the one in between").unwrap();
    openssl.sign("between", "root", "basicConstraints=critical,CA:TRUE\\nkeyUsage=keyCertSign").unwrap();
    openssl.request("server", EC, "server").unwrap();
    openssl.sign("server", "between", "subjectAltName=IP:127.0.0.1").unwrap();
    let (root, between) = (openssl.read("root.crt").unwrap(), openssl.read("between.crt").unwrap());
    let (_server, alone) = serve(&openssl, "server", |builder| builder);
    for roots in [Some(&*root), None] {
        let report = alone.tls("verify-full", roots);
        let report = report.fails("tls", "certificate_unknown_ca", "config", FINAL, None);
        says(&report, &["CN=the one in between", "does not send"]);
    }
    for roots in [&between, &format!("{root}{between}")] {
        alone.tls("verify-full", Some(roots)).works(&[]);
    }
    openssl.run("cat between.crt >> server.crt").unwrap();
    let (_server, chain) = serve(&openssl, "server", |builder| builder);
    chain.tls("verify-full", Some(&root)).works(&[]);
    let report = chain.tls("verify-full", None).fails("tls", "certificate_unknown_ca", "config", FINAL, None);
    says(&report, &["was issued by CN=root"]);
    // One of the same name that was made anew.
    let twin = Openssl::new().unwrap().read("root.crt").unwrap();
    let report = chain.tls("verify-full", Some(&twin)).fails("tls", "certificate_unknown_ca", "config", FINAL, None);
    says(&report, &["another key", "CN=root"]);
}

#[test]
fn what_a_server_has_that_is_not_offered_is_named() {
    let openssl = Openssl::new().unwrap();
    let common: Further = |builder| builder;
    let cases: [(&str, &str, &str, Further); 5] = [
        ("-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048", "certificate_invalid", "not accepted: RSASSA-PSS", common),
        ("-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048", "certificate_invalid", "not accepted: RSASSA-PSS", old),
        ("-algorithm ED448", "certificate_invalid", "not accepted: Ed448", common),
        (EC, "tls_handshake_failed", "X25519, P-256, P-384 or P-521", |builder| {
            old(builder).setting("ssl_ecdh_curve", "brainpoolP256r1")
        }),
        (RSA, "tls_handshake_failed", "AES-GCM and ChaCha20-Poly1305", |builder| {
            old(builder).setting("ssl_ciphers", "ECDHE-RSA-AES128-SHA256:AES128-SHA256")
        }),
    ];
    for (key, code, named, further) in cases {
        openssl.request("server", key, "server").unwrap();
        openssl.sign("server", "root", "subjectAltName=IP:127.0.0.1").unwrap();
        let (_server, attempt) = serve(&openssl, "server", further);
        let report = attempt.tls("require", None).fails("tls", code, "server", FINAL, None);
        says(&report, &[named]);
    }
}

#[test]
fn a_server_that_takes_p_521_alone_gets_it() {
    let openssl = Openssl::new().unwrap();
    openssl.request("server", EC, "server").unwrap();
    openssl.sign("server", "root", "subjectAltName=IP:127.0.0.1").unwrap();
    for version in ["TLSv1.2", "TLSv1.3"] {
        let (_server, attempt) = serve(&openssl, "server", |builder| {
            builder.setting("ssl_max_protocol_version", version).setting("ssl_ecdh_curve", "secp521r1")
        });
        attempt.tls("verify-full", Some(&openssl.read("root.crt").unwrap())).works(&[]);
    }
}

/// What a copy does to line breaks and what stands around certificates, and what cannot be put right.
#[test]
fn certificates_are_read_as_they_were_pasted_or_refused_at_once() {
    let openssl = Openssl::new().unwrap();
    openssl.request("server", EC, "server").unwrap();
    openssl.sign("server", "root", "subjectAltName=IP:127.0.0.1").unwrap();
    openssl.request("other", EC, "other").unwrap();
    openssl.run("openssl x509 -req -in other.csr -days 30 -signkey other.key -out other.crt").unwrap();
    // With its text before it, as `openssl x509 -text` writes it.
    let (root, other) = (openssl.read("root.crt").unwrap(), openssl.read("other.crt").unwrap());
    assert!(root.starts_with("Certificate:"));
    let bare = &root[root.find("-----BEGIN").unwrap()..];
    let (_server, attempt) = serve(&openssl, "server", |builder| builder);
    for roots in [
        format!("\u{feff}{bare}"),
        format!("{}{bare}", other.trim_end()),
        format!("{other}some words\n{root}"),
        bare.replace('\n', "\\n"),
        bare.replace('\n', "\r\n"),
        bare.replace('\n', " "),
        bare.replace('\n', "\n        "),
    ] {
        attempt.tls("verify-full", Some(&roots)).works(&[]);
    }
    let request = openssl.read("server.csr").unwrap();
    let cut = &bare[..bare.len() / 2];
    for (roots, said) in [
        (format!("{other}{cut}"), "2 certificates begin in it, and number 2 cannot be read"),
        (format!("{cut}\n{other}"), "2 certificates begin in it, and number 1 cannot be read"),
        (format!("{root}{request}"), "number 2 is a CERTIFICATE REQUEST, not a certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(), "not an X.509 certificate"),
    ] {
        let attempt = attempt.tls("verify-full", Some(&roots));
        let mut body = attempt.body();
        refused(&attempt, "/assets/data/verify", &body, "/database_config/ssl_root_cert", said);
        body["name"] = json!("Damaged");
        refused(&attempt, "/assets/data", &body, "/database_config/ssl_root_cert", said);
    }
    let key = openssl.read("other.key").unwrap();
    let attempt = attempt.tls("verify-full", Some(&root)).config("ssl_client_cert", other.as_str());
    for (key, said) in [
        ("canary-no-key", "There is no private key"),
        (&key[..key.len() - 40], "cannot be read"),
        (&key.replace("PRIVATE", "ENCRYPTED PRIVATE"), "encrypted with a passphrase"),
    ] {
        let attempt = attempt.credential("ssl_client_key", key);
        refused(&attempt, "/assets/data/verify", &attempt.body(), "/credentials/ssl_client_key", said);
    }
}

/// Expects a body to be refused with one finding, which says this of the member at a pointer.
fn refused(attempt: &Attempt, path: &str, body: &Value, pointer: &str, said: &str) {
    let reply = client().post(path, body).unwrap();
    assert_eq!(reply.status.as_u16(), 422, "{}", reply.body);
    for (_, value) in attempt.credentials.as_object().unwrap().iter().filter(|(name, _)| *name != "username") {
        assert!(!reply.body.contains(value.as_str().unwrap()), "{}", reply.body);
    }
    let body = reply.json().unwrap();
    let findings = body["error"]["details"]["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{body:#}");
    let text = |name: &str| findings[0][name].as_str().unwrap().to_owned();
    assert!(!text("hint").is_empty() && text("message").contains(said), "{said} is not in {body:#}");
    assert_eq!(text("pointer"), pointer);
}
