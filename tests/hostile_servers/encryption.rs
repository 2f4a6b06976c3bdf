//! Servers that go astray while TLS is agreed on, or show bad certificates.

use anyhow::Result;
use test_support::certificates::{Authority, Identity, expired_self_made_server, self_made_server};
use test_support::hostile_postgres::mischief::{
    drip, edit, flood, hang_up, instead, last_words, reset, silence, then, unprotected,
};
use test_support::hostile_postgres::{Mischief, Moment, Shown, error};

use super::row::{Outcome, Row};

/// How large a chain of certificates is that nobody should read.
const LARGE_CHAIN: usize = 10 << 20;

pub(crate) fn rows() -> Result<Vec<Row>> {
    let authority = Authority::new("zoo")?;
    let good = authority.server(&["127.0.0.1"])?;
    Ok([requests(&good)?, handshakes(&good)?, within(&good)?, certificates(&authority, &good)?]
        .into_iter()
        .flatten()
        .collect())
}

fn fails(shown: &Shown, name: impl Into<String>, mischief: Mischief, codes: &[&'static str]) -> Row {
    Row::over_tls(name, shown, Some((Moment::Tls, mischief)), Outcome::fails(Moment::Tls, codes))
}

/// The answer to the request for TLS.
fn requests(good: &Identity) -> Result<Vec<Row>> {
    let shown = &Shown::new(good, vec![])?;
    let violation: &[&str] = &["protocol_violation"];
    let other: &[&str] = &["not_postgres"];
    Ok(vec![
        fails(shown, "TLS: N", instead(b"N".to_vec()), &["tls_not_offered"]),
        fails(shown, "TLS: an error", instead(error("28000", "no \u{1b}[31mTLS")), &["tls_request_failed"]),
        fails(
            shown,
            "TLS: an error of 10 MB",
            last_words(error("28000", &"x".repeat(10 << 20))),
            &["tls_request_failed"],
        ),
        fails(shown, "TLS: plain text behind the S", instead(b"SR\0\0\0\x08\0\0\0\0".to_vec()), violation),
        fails(shown, "TLS: two S", instead(b"SS".to_vec()), &["protocol_violation", "not_postgres"]),
        fails(shown, "TLS: a flood behind the S", flood(b"S\0\0\0\x08a\0b\0".to_vec()), violation),
        fails(shown, "TLS: two N", instead(b"NN".to_vec()), other),
        fails(shown, "TLS: G", instead(b"G".to_vec()), other),
        fails(shown, "TLS: a zero", instead(b"\0".to_vec()), other),
        fails(shown, "TLS: a login without it", instead(b"R\0\0\0\x08\0\0\0\0".to_vec()), other),
        fails(shown, "TLS: a flood of zeros", flood(vec![0; 64]), other),
        fails(shown, "TLS: silence", silence(), &["tls_timeout"]).waits_in_vain(Moment::Tls),
        fails(shown, "TLS: hanging up", hang_up(), &["connection_lost"]),
        fails(shown, "TLS: a reset", reset(), &["connection_lost"]),
    ])
}

/// What follows the S.
fn handshakes(good: &Identity) -> Result<Vec<Row>> {
    let shown = &Shown::new(good, vec![])?;
    let row = |name: &str, answer: Mischief, codes: &[&'static str]| {
        fails(shown, format!("TLS handshake: {name}"), then(answer), codes)
    };
    let failed: &[&str] = &["tls_handshake_failed"];
    let late: &[&str] = &["tls_timeout"];
    let warning = b"\x15\x03\x03\0\x02\x01\x5a";
    Ok(vec![
        row("silence", silence(), late).waits_in_vain(Moment::Tls),
        row("hanging up", hang_up(), &["connection_lost"]),
        row("a reset", reset(), &["connection_lost"]),
        row("plain text", instead(b"R\0\0\0\x08\0\0\0\0".to_vec()), failed),
        row("garbage", instead(vec![0xa5; 4096]), failed),
        row("a flood of garbage", flood(vec![0xa5; 4096]), failed),
        row("a flood of warnings", flood(warning.to_vec()), failed),
        row("a flood of changes of the cipher", flood(b"\x14\x03\x03\0\x01\x01".to_vec()), failed),
        row("a flood of empty records", flood(b"\x16\x03\x03\0\0".to_vec()), failed),
        row("a refusal", instead(b"\x15\x03\x03\0\x02\x02\x28".to_vec()), failed),
        row(
            "a good-bye",
            last_words(b"\x15\x03\x03\0\x02\x01\0".to_vec()),
            &["connection_lost", "tls_handshake_failed"],
        ),
        row("a record of 65,535 bytes", instead([&b"\x16\x03\x03\xff\xff"[..], &[2; 65_535]].concat()), failed),
        row("a record that never comes", instead(b"\x16\x03\x03\x40\0".to_vec()), late).waits_in_vain(Moment::Tls),
        row(
            "a message of 16 MB",
            instead(b"\x16\x03\x03\0\x04\x02\xff\xff\xff".to_vec()),
            &["tls_handshake_failed", "tls_timeout"],
        )
        .waits_in_vain(Moment::Tls),
        row("a byte a second", Box::new(|session, _| drip()(session, &[0x16, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3])), late)
            .waits_in_vain(Moment::Tls),
    ])
}

/// What is said by the side of TLS, or within it.
fn within(good: &Identity) -> Result<Vec<Row>> {
    let shown = &Shown::new(good, vec![])?;
    let row = |name: &str, moment, mischief, codes: &[&'static str]| {
        Row::over_tls(format!("within TLS: {name}"), shown, Some((moment, mischief)), Outcome::fails(moment, codes))
    };
    let violation: &[&str] = &["protocol_violation"];
    let plain = b"R\0\0\0\x08\0\0\0\0".to_vec();
    Ok(vec![
        row("plain text", Moment::Greeting, unprotected(plain.clone()), violation),
        row("plain text in the middle of SCRAM", Moment::Verifier, unprotected(plain.clone()), violation),
        row("lets in without a proof", Moment::Greeting, instead(plain), &["password_not_asked"]),
        row("silence", Moment::Greeting, silence(), &["authenticate_timeout"]).waits_in_vain(Moment::Greeting),
        row("a good-bye", Moment::Greeting, hang_up(), &["connection_lost"]),
        row("HTTP", Moment::Greeting, instead(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), &["not_postgres"]),
        row(
            "a wrong length",
            Moment::Session,
            edit(|honest| [&honest[..1], &[0; 4], &honest[5..]].concat()),
            violation,
        ),
    ])
}

fn certificates(authority: &Authority, good: &Identity) -> Result<Vec<Row>> {
    let root = authority.certificate();
    let row = |name: &str, shown: &Shown, code: &'static str| {
        Row::over_tls(format!("certificate: {name}"), shown, None, Outcome::fails(Moment::Tls, &[code]))
    };
    let of = |identity: &Identity| Shown::new(identity, vec![]);
    let local = &["127.0.0.1"];
    let expired = Authority::expired("gone")?;
    let (short, foreign) = (authority.server_with_a_short_key(local)?, Authority::new("zoo")?.server(local)?);
    let names: Vec<String> = (0..2_000).map(|number| format!("\u{1b}[31mx{number}.example.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let large = vec![vec![0x30; 64 * 1024]; LARGE_CHAIN / (64 * 1024)];
    let bytes = |certificates| Shown::bytes(certificates, good);
    let mut rows = vec![
        row("self-made", &of(&self_made_server(local)?)?, "certificate_unknown_ca").root(root),
        row("self-made and expired", &of(&expired_self_made_server(local)?)?, "certificate_expired").root(root),
        row("expired", &of(&authority.expired_server(local)?)?, "certificate_expired").root(root),
        row("not yet valid", &of(&authority.not_yet_valid_server(local)?)?, "certificate_not_yet_valid").root(root),
        row("for others", &of(&authority.server(&["db.example.com"])?)?, "certificate_wrong_host").root(root),
        row("for two thousand others", &of(&authority.server(&names)?)?, "certificate_wrong_host").root(root),
        row("for a common name", &of(&authority.common_name_only_server("127.0.0.1")?)?, "certificate_without_san")
            .root(root),
        row("of an unknown authority", &of(&foreign)?, "certificate_unknown_ca").root(root),
        row("for clients", &of(&authority.client("reader")?)?, "certificate_invalid").root(root),
        row("of an expired authority", &of(&expired.server(local)?)?, "certificate_expired")
            .root(expired.certificate()),
        row("with a key of 1024 bits", &Shown::without_key(&short)?, "certificate_invalid").root(root),
        row("with the key of another", &Shown::without_key(&good.certificate)?, "certificate_invalid").root(root),
        row("none", &bytes(vec![])?, "tls_handshake_failed").root(root),
        row("empty", &bytes(vec![vec![]])?, "certificate_invalid").root(root),
        row("garbage", &bytes(vec![vec![0xa5; 900]])?, "certificate_invalid").root(root),
        row("a chain of 10 MB", &Shown::new(good, large)?, "tls_handshake_failed").root(root),
        Row::over_tls("certificate: good", &of(good)?, None, Outcome::Works(vec![])).root(root),
    ];
    // Who verifies nothing still reads what is shown.
    for (name, shown) in
        [("garbage", bytes(vec![vec![0xa5; 900]])?), ("with a key of 1024 bits", Shown::without_key(&short)?)]
    {
        rows.push(row(&format!("{name}, and nobody verifies"), &shown, "certificate_invalid"));
    }
    Ok(rows)
}
