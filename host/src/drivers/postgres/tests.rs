//! Servers that misbehave, on loopback: each ends in its own fault, in time, and never in a panic.

mod fuzz;
mod statements;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::login::Login;
use super::scram::{Hashing, MIN_ITERATIONS};
use super::target::Target;
use crate::descriptor::{Authentication, Descriptor, Endpoint, Parameter, Tls, TlsMode, Value};
use crate::diagnosis::{Halted, ServerText, Stage, Stages};
use crate::drivers::{self, Drivers};
use crate::egress::{Deadline, Egress, Settings, Stream};
use crate::fairness::Shares;
use crate::secrets::{Credentials, Secret};

const PASSWORD: &str = "canary-passw0rd";

/// The login is fine, one setting, key and readiness: what a server that trusts everybody sends.
const LOGIN: &[u8] =
    b"R\0\0\0\x08\0\0\0\0S\0\0\0\x18server_version\x0015.1\0K\0\0\0\x0c\0\0\0\x01\0\0\0\x02Z\0\0\0\x05I";

/// Room to read a whole message of the client at once.
const READ: usize = 64 * 1024;

/// What a server does after the client has spoken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    HangUp,
    StayOpen,
}

static DRIVERS: LazyLock<Drivers> = LazyLock::new(|| {
    let settings = Settings {
        allow_loopback: true,
        allow_private: false,
        refused_ports: vec![],
        allowed_targets: vec![],
        diagnose_private: true,
        own_addresses: vec![],
        max_lookups: 1,
        root_bundle: None,
        connect_timeout_max: Duration::from_mins(1),
    };
    Drivers::new(Arc::new(Egress::new(&settings).unwrap()), &drivers::Settings::default())
});

/// For somebody who waits for no other login.
fn hashing(turns: &Shares<String>) -> Hashing<'_> {
    let deadline = Deadline::after(Duration::from_secs(10));
    Hashing { min_iterations: MIN_ITERATIONS, turns, payer: "acme", deadline }
}

fn descriptor(port: u16, mode: TlsMode) -> Descriptor {
    let parameter = |name: &str, value| Parameter { name: name.to_owned(), value };
    let credential = |name: &str| parameter(name, Value::Credential(name.to_owned()));
    let tls = Tls { mode, server_name: None, roots: vec![], identity: None };
    Descriptor {
        driver: "postgres".to_owned(),
        endpoints: vec![Endpoint { role: "data".to_owned(), host: "127.0.0.1".to_owned(), port, tls }],
        authentications: vec![Authentication {
            endpoint_role: "data".to_owned(),
            scheme: "password".to_owned(),
            parameters: vec![credential("username"), credential("password")],
        }],
        parameters: vec![parameter("connect_timeout_ms", Value::Text("400".to_owned()))],
    }
}

fn credentials() -> Credentials {
    let mut credentials = Credentials::default();
    credentials.set("username".to_owned(), Secret::new("reader"));
    credentials.set("password".to_owned(), Secret::new(PASSWORD));
    credentials
}

/// Answers each thing that the client says with the next of `answers`; gives back all that the client said.
async fn serve(mut stream: TcpStream, answers: Vec<Vec<u8>>, then: Then) -> Vec<u8> {
    let mut said = Vec::with_capacity(READ);
    for answer in answers {
        if stream.read_buf(&mut said).await.unwrap_or(0) == 0 || stream.write_all(&answer).await.is_err() {
            return said;
        }
    }
    if then == Then::StayOpen {
        // It ends with a reset when the client hangs up on a flood.
        let _ = stream.read_to_end(&mut said).await;
    }
    said
}

/// Opens a session with such a server and looks at the privileges: stage and code of the fault, and what the server heard.
async fn test(mode: TlsMode, answers: Vec<Vec<u8>>, then: Then) -> (Option<(Stage, &'static str)>, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move { serve(listener.accept().await.unwrap().0, answers, then).await });
    let mut stages = Stages::start();
    let outcome: Result<(), Halted> = async {
        let mut session = DRIVERS.open("acme", &descriptor(port, mode), &credentials(), &mut stages).await?;
        session.privileges(&mut stages).unwrap().await?;
        session.close().await;
        Ok(())
    }
    .await;
    let fault = stages.fault().map(|(stage, fault)| (stage, fault.code));
    assert_eq!(outcome.is_err(), fault.is_some());
    (fault, server.await.unwrap())
}

#[tokio::test]
async fn names_what_is_wrong_with_a_server() {
    use Stage::{Authenticate, Session, Tls};
    use Then::{HangUp, StayOpen};
    use TlsMode::{Disable, Require};
    let settings = |count| b"S\0\0\0\x08a\0b\0".repeat(count);
    let once = |bytes: &[u8]| vec![bytes.to_vec()];
    let ok = b"R\0\0\0\x08\0\0\0\0";
    for (name, mode, answers, then, stage, code) in [
        ("HTTP", Disable, once(b"HTTP/1.1 400 Bad Request\r\n\r\n"), HangUp, Authenticate, "not_postgres"),
        ("HTTP", Require, once(b"HTTP/1.1 400 Bad Request\r\n\r\n"), HangUp, Tls, "not_postgres"),
        ("SSH", Disable, once(b"SSH-2.0-OpenSSH_9.2\r\n"), StayOpen, Authenticate, "not_postgres"),
        ("SSH", Require, once(b"SSH-2.0-OpenSSH_9.2\r\n"), StayOpen, Tls, "not_postgres"),
        ("no TLS", Require, once(b"N"), StayOpen, Tls, "tls_not_offered"),
        ("error instead of TLS", Require, once(b"E\0\0\0\x08Mx\0\0"), HangUp, Tls, "tls_request_failed"),
        ("plain text behind the S", Require, once(b"SR\0\0\0\x08\0\0\0\0"), StayOpen, Tls, "protocol_violation"),
        ("no handshake", Require, once(b"S"), StayOpen, Tls, "tls_timeout"),
        ("hangs up at the handshake", Require, once(b"S"), HangUp, Tls, "connection_lost"),
        ("silence", Disable, vec![], StayOpen, Authenticate, "authenticate_timeout"),
        ("half a message", Disable, once(b"R\0\0\0"), StayOpen, Authenticate, "authenticate_timeout"),
        ("clear text", Disable, once(b"R\0\0\0\x08\0\0\0\x03"), StayOpen, Authenticate, "weak_authentication"),
        ("MD5", Disable, once(b"R\0\0\0\x0c\0\0\0\x05salt"), StayOpen, Authenticate, "weak_authentication"),
        ("GSS", Disable, once(b"R\0\0\0\x08\0\0\0\x07"), StayOpen, Authenticate, "authentication_unsupported"),
        (
            "unknown method",
            Disable,
            once(b"R\0\0\0\x08\0\0\0\x63"),
            StayOpen,
            Authenticate,
            "authentication_unsupported",
        ),
        ("half a method", Disable, once(b"R\0\0\0\x06\0\0"), HangUp, Authenticate, "not_postgres"),
        ("half a salt", Disable, once(b"R\0\0\0\x0a\0\0\0\x05sa"), HangUp, Authenticate, "not_postgres"),
        (
            "half a key",
            Disable,
            once(&[ok, &b"K\0\0\0\x08\0\0\0\x01"[..]].concat()),
            HangUp,
            Session,
            "protocol_violation",
        ),
        (
            "a setting without an end",
            Disable,
            once(&[ok, &b"S\0\0\0\x06ab"[..]].concat()),
            HangUp,
            Session,
            "protocol_violation",
        ),
        ("no status", Disable, once(&[ok, &b"Z\0\0\0\x04"[..]].concat()), HangUp, Session, "protocol_violation"),
        ("length 0", Disable, once(b"R\0\0\0\0"), StayOpen, Authenticate, "not_postgres"),
        ("length -1", Disable, once(b"R\xff\xff\xff\xff"), StayOpen, Authenticate, "not_postgres"),
        ("length 2^31-1", Disable, once(b"E\x7f\xff\xff\xff"), StayOpen, Authenticate, "not_postgres"),
        (
            "large error",
            Disable,
            once(&[ok, &b"E\x7f\xff\xff\xff"[..]].concat()),
            StayOpen,
            Session,
            "response_too_large",
        ),
        ("no session", Disable, once(ok), StayOpen, Session, "session_timeout"),
        ("settings", Disable, once(&[&ok[..], &settings(300)].concat()), StayOpen, Session, "response_too_large"),
        ("early answer", Disable, once(&[LOGIN, b"Z\0\0\0\x05I"].concat()), StayOpen, Session, "protocol_violation"),
    ] {
        let (fault, heard) = test(mode, answers, then).await;
        assert_eq!(fault, Some((stage, code)), "{name}");
        assert!(!heard.windows(PASSWORD.len()).any(|bytes| bytes == PASSWORD.as_bytes()), "{name} got the password");
    }
}

#[tokio::test]
async fn survives_a_server_that_hangs_up_after_any_byte() {
    for length in 0..LOGIN.len() {
        let started = Instant::now();
        let (fault, _) = test(TlsMode::Disable, vec![LOGIN[..length].to_vec()], Then::HangUp).await;
        let stage = if length < 9 { Stage::Authenticate } else { Stage::Session };
        assert_eq!(fault, Some((stage, "connection_lost")), "after {length} bytes");
        assert!(started.elapsed() < Duration::from_millis(400), "after {length} bytes");
    }
}

#[tokio::test]
async fn hears_why_a_server_hung_up_before_it_was_spoken_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    // Bytes that nobody has read make the end of a connection a reset, after which writing fails.
    stream.write_all(b"unread").await.unwrap();
    server.readable().await.unwrap();
    server.write_all(b"E\0\0\0\x12C53300\0Mfull\0\0").await.unwrap();
    drop(server);
    while stream.take_error().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let target = Target::read(&descriptor(1, TlsMode::Disable), &credentials()).unwrap();
    let texts = ServerText::default();
    let turns = Shares::new(1, 1);
    let mut login = Login::new(Stream::Plain(stream), None, false, &target, &texts);
    let fault = login.authenticate(hashing(&turns)).await.unwrap_err();
    assert_eq!((fault.code, fault.native_code.as_deref()), ("too_many_connections", Some("53300")));
}

/// SCRAM with a challenge made from the client's own nonce.
async fn scram(challenge: impl Fn(&str) -> String, last: &[u8]) -> Option<(Stage, &'static str)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let message = |kind: u32, text: &[u8]| {
        let length = u32::try_from(text.len() + 8).unwrap();
        [b"R", &length.to_be_bytes()[..], &kind.to_be_bytes(), text].concat()
    };
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut said = Vec::with_capacity(READ);
        stream.read_buf(&mut said).await.unwrap();
        stream.write_all(&message(10, b"SCRAM-SHA-256\0\0")).await.unwrap();
        said.clear();
        stream.read_buf(&mut said).await.unwrap();
        let said = String::from_utf8_lossy(&said).into_owned();
        let nonce = said.rsplit_once(",r=").unwrap().1;
        stream.write_all(&message(11, challenge(nonce).as_bytes())).await.unwrap();
        let mut proof = Vec::new();
        if stream.read_buf(&mut proof).await.unwrap_or(0) > 0 {
            stream.write_all(last).await.unwrap();
            let _ = stream.read_to_end(&mut proof).await;
        }
    };
    let mut stages = Stages::start();
    let (descriptor, credentials) = (descriptor(port, TlsMode::Disable), credentials());
    let client = async { DRIVERS.open("acme", &descriptor, &credentials, &mut stages).await.map(drop) };
    let ((), opened) = tokio::join!(server, client);
    opened.unwrap_err();
    stages.fault().map(|(stage, fault)| (stage, fault.code))
}

#[tokio::test]
async fn has_the_server_prove_itself() {
    let good = |nonce: &str| format!("r={nonce}more,s=c2FsdA==,i=4096");
    let wrong_signature = b"R\0\0\0\x0e\0\0\0\x0cv=AAAA";
    let not_proven = Some((Stage::Authenticate, "server_not_proven"));
    let violation = Some((Stage::Authenticate, "protocol_violation"));
    assert_eq!(scram(good, wrong_signature).await, not_proven);
    assert_eq!(scram(good, b"R\0\0\0\x08\0\0\0\0").await, not_proven);
    assert_eq!(scram(|_| "r=foreign,s=c2FsdA==,i=4096".to_owned(), b"").await, violation);
    assert_eq!(scram(|nonce| format!("r={nonce},s=c2FsdA==,i=4096"), b"").await, violation);
    assert_eq!(scram(|_| "nonsense".to_owned(), b"").await, violation);
}

#[tokio::test]
async fn proves_nothing_to_a_server_that_hashes_weakly_or_for_ever() {
    for (tail, code) in [
        ("x,s=c2FsdA==,i=4000000000", "costly_hashing"),
        ("x,s=c2FsdA==,i=200001", "costly_hashing"),
        ("x,s=c2FsdA==,i=4095", "weak_hashing"),
        ("x,s=c2FsdA==,i=0", "weak_hashing"),
        ("x,s=,i=4096", "weak_hashing"),
    ] {
        let fault = scram(|nonce| format!("r={nonce}{tail}"), b"").await;
        assert_eq!(fault, Some((Stage::Authenticate, code)), "{tail}");
    }
}
