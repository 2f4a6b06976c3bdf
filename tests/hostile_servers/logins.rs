//! Servers that go astray while somebody logs in, or are none.

use std::io;
use std::sync::Arc;

use test_support::hostile_postgres::mischief::{before, edit, instead, last_words};
use test_support::hostile_postgres::{Mischief, Moment, Session, message, scripts};

use super::row::{Codes, Outcome, Row, Script, Server};

pub(crate) fn rows() -> Vec<Row> {
    [methods(), challenges(), verifiers(), early_admissions(), others()].into_iter().flatten().collect()
}

fn authentication(kind: i32, data: &[u8]) -> Vec<u8> {
    message(b'R', &[&kind.to_be_bytes()[..], data].concat())
}

fn fails(moment: Moment, name: impl Into<String>, mischief: Mischief, codes: &[&'static str]) -> Row {
    Row::at(moment, name, vec![mischief], Outcome::fails(moment, codes))
}

/// What a server may ask for beside SCRAM.
fn methods() -> Vec<Row> {
    let unsupported: &[&str] = &["authentication_unsupported"];
    let unreadable: &[&str] = &["not_postgres", "protocol_violation", "authentication_unsupported"];
    let mut rows = Vec::new();
    for (name, kind, data, codes) in [
        ("clear text", 3, &b""[..], &["weak_authentication"][..]),
        ("MD5", 5, b"salt", &["weak_authentication"]),
        ("MD5 with a short salt", 5, b"sa", unreadable),
        ("Kerberos V5", 2, b"", unsupported),
        ("SCM credentials", 6, b"", unsupported),
        ("GSSAPI", 7, b"", unsupported),
        ("SSPI", 9, b"", unsupported),
        ("the middle of GSSAPI", 8, b"token", &["not_postgres", "protocol_violation"]),
        ("the middle of SASL", 11, b"r=x,s=eA==,i=4096", &["not_postgres", "protocol_violation"]),
        ("the end of SASL", 12, b"v=eA==", &["not_postgres", "protocol_violation"]),
        ("an unknown number", 99, b"", unreadable),
        ("a negative number", -1, b"", unreadable),
        ("no SASL mechanism", 10, b"\0", unsupported),
        ("an unknown SASL mechanism", 10, b"SCRAM-SHA-1\0OAUTHBEARER\0\0", unsupported),
        ("channel binding without a channel", 10, b"SCRAM-SHA-256-PLUS\0\0", unsupported),
        ("an empty SASL mechanism", 10, b"\0SCRAM-SHA-256\0\0", &["authentication_unsupported", "protocol_violation"]),
        ("SASL mechanisms without an end", 10, b"SCRAM-SHA-256", &["protocol_violation"]),
        ("SASL mechanisms that are not text", 10, b"\xff\xfe\0\0", &["protocol_violation"]),
        ("nothing behind the kind", 10, b"", &["protocol_violation", "authentication_unsupported"]),
    ] {
        let name = format!("asks for {name}");
        rows.push(fails(Moment::Greeting, name, instead(authentication(kind, data)), codes));
        // Once SCRAM has begun it is too late for all of them.
        if ![11, 12].contains(&kind) {
            let name = format!("{} in the middle of SCRAM", rows[rows.len() - 1].name);
            let codes = &["protocol_violation", "authentication_unsupported"];
            rows.push(fails(Moment::Challenge, name, instead(authentication(kind, data)), codes));
        }
    }
    let short = fails(Moment::Greeting, "half a number of authentication", instead(message(b'R', &[0, 0])), unreadable);
    rows.push(short);
    let many = [b"SCRAM-SHA-256\0".repeat(2_000), vec![0]].concat();
    rows.push(Row::at(
        Moment::Greeting,
        "two thousand SASL mechanisms",
        vec![edit(move |_| authentication(10, &many))],
        Outcome::Works(vec![]),
    ));
    rows
}

/// What it is called, how it is made from a nonce that is right, and what becomes of it.
type Challenge = (&'static str, fn(&str) -> String, Codes);

/// The challenge, made from the client's nonce with the server's own behind it.
fn challenge(make: fn(&str) -> String) -> Mischief {
    edit(move |honest| {
        let text = str::from_utf8(&honest[9..]).unwrap_or_default();
        let nonce = text.split(',').next().and_then(|nonce| nonce.strip_prefix("r=")).unwrap_or_default();
        authentication(11, make(nonce).as_bytes())
    })
}

fn challenges() -> Vec<Row> {
    let violation: &[&str] = &["protocol_violation"];
    let weak: &[&str] = &["weak_hashing"];
    let costly: &[&str] = &["costly_hashing"];
    let cases: [Challenge; 24] = [
        ("a foreign nonce", |_| "r=foreign,s=c2FsdA==,i=4096".to_owned(), violation),
        ("the client's nonce alone", |nonce| format!("r={},s=c2FsdA==,i=4096", &nonce[..nonce.len() - 4]), violation),
        ("a part of the client's nonce", |nonce| format!("r={},s=c2FsdA==,i=4096", &nonce[..8]), violation),
        ("an empty nonce", |_| "r=,s=c2FsdA==,i=4096".to_owned(), violation),
        ("no nonce", |_| "s=c2FsdA==,i=4096".to_owned(), violation),
        ("no rounds", |nonce| format!("r={nonce},s=c2FsdA=="), violation),
        ("rounds of no number", |nonce| format!("r={nonce},s=c2FsdA==,i="), violation),
        ("negative rounds", |nonce| format!("r={nonce},s=c2FsdA==,i=-4096"), violation),
        ("rounds in hexadecimal", |nonce| format!("r={nonce},s=c2FsdA==,i=0x1000"), violation),
        ("0 rounds", |nonce| format!("r={nonce},s=c2FsdA==,i=0"), weak),
        ("1 round", |nonce| format!("r={nonce},s=c2FsdA==,i=1"), weak),
        ("4,095 rounds", |nonce| format!("r={nonce},s=c2FsdA==,i=4095"), weak),
        ("200,001 rounds", |nonce| format!("r={nonce},s=c2FsdA==,i=200001"), costly),
        ("2^31-1 rounds", |nonce| format!("r={nonce},s=c2FsdA==,i=2147483647"), costly),
        ("2^32+4096 rounds", |nonce| format!("r={nonce},s=c2FsdA==,i=4294971392"), costly),
        ("10^99 rounds", |nonce| format!("r={nonce},s=c2FsdA==,i=1{}", "0".repeat(99)), costly),
        ("an empty salt", |nonce| format!("r={nonce},s=,i=4096"), weak),
        ("no salt", |nonce| format!("r={nonce},i=4096"), violation),
        ("a salt of no base64", |nonce| format!("r={nonce},s=!!!!,i=4096"), violation),
        ("members in another order", |nonce| format!("s=c2FsdA==,r={nonce},i=4096"), violation),
        ("a mandatory extension", |nonce| format!("m=x,r={nonce},s=c2FsdA==,i=4096"), violation),
        ("an empty challenge", |_| String::new(), violation),
        ("a challenge of commas", |_| ",".repeat(1_000), violation),
        ("a challenge of 30 KB", |nonce| format!("r={nonce}{},s=c2FsdA==,i=1", "x".repeat(30_000)), weak),
    ];
    let mut rows: Vec<Row> = cases
        .into_iter()
        .map(|(name, make, codes)| fails(Moment::Challenge, format!("SCRAM: {name}"), challenge(make), codes))
        .collect();
    rows.push(fails(
        Moment::Challenge,
        "SCRAM: a challenge that is not text",
        instead(authentication(11, b"r=\xff\xfe,s=c2FsdA==,i=4096")),
        violation,
    ));
    rows.push(fails(Moment::Challenge, "SCRAM: two challenges", edit(|honest| honest.repeat(2)), violation));
    rows.push(fails(Moment::Challenge, "SCRAM: no challenge", instead(authentication(12, b"v=eA==")), violation));
    rows
}

fn verifiers() -> Vec<Row> {
    let unproven: &[&str] = &["server_not_proven"];
    let violation: &[&str] = &["protocol_violation"];
    let last = |text: &[u8]| instead(authentication(12, text));
    let zeros = format!("v={}=", "A".repeat(43));
    vec![
        fails(Moment::Verifier, "SCRAM: a wrong signature", last(zeros.as_bytes()), unproven),
        fails(Moment::Verifier, "SCRAM: a short signature", last(b"v=AAAA"), unproven),
        fails(Moment::Verifier, "SCRAM: an empty signature", last(b"v="), unproven),
        fails(Moment::Verifier, "SCRAM: an empty last message", last(b""), unproven),
        fails(Moment::Verifier, "SCRAM: a last message that is not text", last(b"v=\xff\xff"), unproven),
        fails(Moment::Verifier, "SCRAM: a signature of 30 KB", last(&vec![b'A'; 30_000]), unproven),
        fails(Moment::Verifier, "SCRAM: an error of its own", last(b"e=other-error"), &["login_refused"]),
        fails(
            Moment::Verifier,
            "SCRAM: an error that writes to terminals",
            last(b"e=\x1b]0;x\x07"),
            &["login_refused"],
        ),
        fails(
            Moment::Verifier,
            "SCRAM: the challenge again",
            last_words(authentication(11, b"r=x,s=eA==,i=4096")),
            violation,
        ),
        fails(Moment::Admission, "SCRAM: the last message twice", last(b"v=eA=="), violation),
        fails(Moment::Admission, "SCRAM: begins anew", instead(authentication(10, b"SCRAM-SHA-256\0\0")), violation),
    ]
}

/// `AuthenticationOk` before it is time.
fn early_admissions() -> Vec<Row> {
    let ok = || authentication(0, b"");
    let unproven: &[&str] = &["server_not_proven"];
    let session = [
        ok(),
        message(b'S', b"server_version\x0015.1\0"),
        message(b'K', &[0, 0, 0, 1, 0, 0, 0, 2]),
        message(b'Z', b"I"),
    ];
    // Who does not ask for TLS has been told that anybody may answer.
    let trusting: Script = Arc::new(move |session_of, _| trust(session_of, &session.concat()));
    vec![
        Row::new("lets in without a proof", trusting, Outcome::Works(vec!["password_not_asked"])),
        fails(Moment::Challenge, "lets in instead of a challenge", instead(ok()), unproven),
        fails(Moment::Verifier, "lets in without its own proof", instead(ok()), unproven),
        fails(Moment::Session, "lets in twice", before(ok()), &["protocol_violation"]),
        fails(Moment::Privileges, "lets in again", before(ok()), &["protocol_violation"]),
    ]
}

/// Everything up to the session without a question, and then as an honest server.
fn trust(session: &mut Session, opened: &[u8]) -> io::Result<()> {
    session.hear()?;
    session.send(opened)?;
    session.serve(scripts::honest)
}

/// Servers that are something else. Some speak first.
fn others() -> Vec<Row> {
    let cases: [(&str, bool, &[u8]); 9] = [
        ("HTTP", false, b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>\x1b[31m</html>"),
        ("SSH", true, b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
        ("SMTP", true, b"220 mail.example.com ESMTP\r\n"),
        ("IMAP", true, b"* OK [CAPABILITY IMAP4rev1] ready\r\n"),
        ("MySQL", true, b"J\0\0\0\n8.0.36\0\x0b\0\0\0salt-salt\0\xff\xff\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0"),
        ("Redis", false, b"-ERR unknown command\r\n"),
        ("TLS alone", false, b"\x15\x03\x03\0\x02\x02\x28"),
        ("LDAP", false, b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x02\x04\0\x04\0"),
        ("an echo", false, b""),
    ];
    let mut rows = Vec::new();
    for (ssl_mode, moment) in [("disable", Moment::Greeting), ("require", Moment::Tls)] {
        let outcome = || Outcome::fails(moment, &["not_postgres"]);
        for (name, first, bytes) in cases {
            let script: Script = Arc::new(move |session, _| {
                let heard = if first { Vec::new() } else { session.hear()? };
                session.send(if bytes.is_empty() { &heard } else { bytes })?;
                session.hang_up()
            });
            rows.push(Row::new(format!("is {name}, asked with {ssl_mode}"), script, outcome()).ssl_mode(ssl_mode));
        }
        let another =
            Row::new(format!("is another one of us, asked with {ssl_mode}"), Arc::new(|_, _| Ok(())), outcome());
        rows.push(Row { server: Server::Ourselves, ..another.ssl_mode(ssl_mode) });
        let lost = Outcome::fails(moment, &["connection_lost"]);
        let nobody = Row::new(format!("hangs up at once, asked with {ssl_mode}"), Arc::new(|_, _| Ok(())), lost);
        rows.push(nobody.ssl_mode(ssl_mode));
    }
    rows
}
