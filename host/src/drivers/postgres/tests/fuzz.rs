//! Mutations of what honest servers have sent: whatever comes, it ends in a result or in a fault of its stage, in time, and
//! without the password on the wire. Recorded from PostgreSQL 15; what the client says differs each time only where its
//! nonce is, which stands there as `N`, and the server's proof as `V`.

mod guard;

use std::ops::Range;
use std::time::{Duration, Instant as Clock};

use test_support::hostile_postgres::Scram;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::super::Session;
use super::super::login::{Login, stage_of};
use super::super::target::Target;
use super::{PASSWORD, READ, credentials, descriptor, hashing};
use crate::descriptor::{Parameter, TlsMode, Value};
use crate::diagnosis::{Fault, Server, ServerText, Stage, Stages, code};
use crate::drivers::Session as _;
use crate::egress::{Deadline, Stream};
use crate::fairness::Shares;
use crate::fuzz;
use crate::statement::Statement;

/// Between what the server says and what it says when the client has said something more.
const SEPARATOR: &[u8] = b"\n--\n";

/// The password of the recorded sessions.
const RECORDED_PASSWORD: &str = "reader-throw-away-password";

const COLUMNS: [&str; 5] = ["schema_name", "table_name", "table_kind", "comment", "estimated_rows"];

/// How long opening a session may take; then the two statements have 12 and 17 seconds, and good-bye has one.
const OPENING: Duration = Duration::from_secs(10);
const ALL: Duration = Duration::from_secs(10 + 12 + 17 + 1);

/// How long one session may really take, however busy the machine is.
const REALLY: Duration = Duration::from_secs(20);

/// A fault's message has what a server says, cut, and words around it.
const MAX_MESSAGE_BYTES: usize = 2_048;

const DICTIONARY: &[&[u8]] = &[
    SEPARATOR,
    b"Z\0\0\0\x05I",
    b"Z\0\0\0\x05E",
    b"Z\0\0\0\x05T",
    b"R\0\0\0\x08\0\0\0\0",
    b"R\0\0\0\x08\0\0\0\x03",
    b"R\0\0\0\x0c\0\0\0\x05salt",
    b"E\0\0\0\x1cSERROR\0C42501\0Mno\x1b[31m\0\0",
    b"N\0\0\0\x09Mx\0\0",
    b"A\0\0\0\x0b\0\0\0\x01a\0b\0",
    b"S\0\0\0\x08a\0b\0",
    b"K\0\0\0\x0c\0\0\0\x01\0\0\0\x02",
    b"D\0\0\0\x0a\0\x01\xff\xff\xff\xff",
    b"T\0\0\0\x06\0\0",
    b"t\0\0\0\x06\0\0",
    b"1\0\0\0\x04",
    b"2\0\0\0\x04",
    b"C\0\0\0\x05\0",
    b"n\0\0\0\x04",
    b"I\0\0\0\x04",
    b"s\0\0\0\x04",
    b"G\0\0\0\x07\0\0\0",
    b"v\0\0\0\x0c\0\x03\0\0\0\0\0\0",
    b",i=4096",
    b"e=other-error",
];

#[test]
fn protocol() {
    let runtime = runtime();
    let target = fuzz::Target { name: "protocol", dictionary: DICTIONARY, parts: messages, rounds: 3_000 };
    target.run(|input| runtime.block_on(check(input)));
}

/// With a clock that jumps to the next thing that waits for it.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// The messages of an input, as far as they are whole, and the separators.
fn messages(input: &[u8]) -> Vec<Range<usize>> {
    let (mut parts, mut at) = (Vec::new(), 0);
    while at < input.len() {
        let length = if input[at..].starts_with(SEPARATOR) {
            SEPARATOR.len()
        } else {
            let length = input.get(at + 1..at + 5).and_then(|length| length.try_into().ok());
            length.map_or(input.len(), |length| u32::from_be_bytes(length) as usize + 1)
        };
        let end = at.saturating_add(length).min(input.len());
        parts.push(at..end);
        at = end;
    }
    parts
}

async fn check(input: &[u8]) {
    let (started, begun) = (Instant::now(), Clock::now());
    let (client, server) = tokio::io::duplex(256 * 1024);
    let (stages, said) = tokio::join!(talk(client), serve(server, input));
    assert!(started.elapsed() <= ALL, "it took {:?}", started.elapsed());
    assert!(begun.elapsed() <= REALLY, "it really took {:?}", begun.elapsed());
    for password in [PASSWORD, RECORDED_PASSWORD] {
        assert!(!said.windows(password.len()).any(|bytes| bytes == password.as_bytes()), "the password was sent");
    }
    if let Some((stage, fault)) = stages.fault() {
        let is_known = fault.code != code::UNCLASSIFIED.name && code::occurs(fault.code, stage);
        assert!(is_known, "{stage:?}: {fault:?}");
        assert!(fault.message.len() <= MAX_MESSAGE_BYTES, "{fault:?}");
        assert!(!fault.message.chars().any(char::is_control), "{fault:?}");
        assert!(!fault.message.contains(RECORDED_PASSWORD), "{fault:?}");
    }
}

/// What the driver does with a server that it has reached.
async fn talk(stream: DuplexStream) -> Stages {
    let mut credentials = credentials();
    credentials.set("password".to_owned(), crate::secrets::Secret::new(RECORDED_PASSWORD));
    let mut descriptor = descriptor(1, TlsMode::Disable);
    // One that has to be there.
    let schema = Parameter { name: "schema".to_owned(), value: Value::Text("sales".to_owned()) };
    descriptor.parameters.push(schema);
    let target = Target::read(&descriptor, &credentials).unwrap();
    let texts = ServerText::hiding(&credentials, &[]);
    let mut stages = Stages::start();
    // Where it halts, the stages say why.
    let _ = async {
        let deadline = Deadline::after(OPENING);
        let mut login = Login::new(Stream::Memory(stream), None, false, &target, &texts);
        let turns = Shares::new(1, 1);
        let authenticated = login.authenticate(hashing(&turns));
        stages.run(Stage::Authenticate, deadline.bound(&code::AUTHENTICATE_TIMEOUT, authenticated)).await?;
        let opened = deadline.bound(&code::SESSION_TIMEOUT, login.open_session()).await;
        let opened = stages.settle(stage_of(&opened), opened)?;
        let server = Server {
            version: opened.version,
            tls_version: None,
            tls_cipher: None,
            address: String::new(),
            authentication: String::new(),
        };
        assert!(!server.version.chars().any(char::is_control), "{server:?}");
        let messages = Some(opened.messages);
        let mut session = Session {
            messages,
            cancel: None,
            texts: texts.clone(),
            server,
            schema: target.schema.clone(),
            tables: target.tables.clone(),
        };
        session.privileges(&mut stages).await?;
        let listing = Statement { language: "sql".to_owned(), text: "select 1".to_owned(), parameters: vec![] };
        let listed = async { session.fetch(&listing, &COLUMNS, 200).await };
        let rows = stages.run(Stage::Discover, listed).await?;
        assert!(rows.len() <= 200 && rows.iter().all(|row| row.len() == COLUMNS.len()), "{rows:?}");
        Box::new(session).close().await;
        Ok::<_, crate::diagnosis::Halted>(())
    }
    .await;
    stages
}

/// Says the next part whenever the client has said something, and gives back all that the client has said.
async fn serve(mut stream: DuplexStream, input: &[u8]) -> Vec<u8> {
    let mut said = Vec::new();
    let mut scram = None;
    for part in split(input) {
        let before = said.len();
        // Whatever the client says at once is read at once.
        said.reserve(READ);
        if stream.read_buf(&mut said).await.unwrap_or(0) == 0 {
            return said;
        }
        let part = complete(part, &said[before..], &mut scram);
        if stream.write_all(&part).await.is_err() {
            return said;
        }
    }
    // Some stay, and say nothing more.
    if input.len().is_multiple_of(2) {
        let _ = stream.read_to_end(&mut said).await;
    }
    said
}

fn split(input: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut rest) = (Vec::new(), input);
    while let Some(at) = rest.windows(SEPARATOR.len()).position(|part| part == SEPARATOR) {
        parts.push(&rest[..at]);
        rest = &rest[at + SEPARATOR.len()..];
    }
    parts.push(rest);
    parts
}

/// The part with the client's nonce and the server's proof in their places.
fn complete(part: &[u8], heard: &[u8], scram: &mut Option<Scram>) -> Vec<u8> {
    let mut part = part.to_vec();
    if let Some(begun) = Scram::begin(heard) {
        put(&mut part, b'N', begun.nonce().as_bytes());
        let at = part.windows(2).position(|bytes| bytes == b"r=").unwrap_or_default();
        // Up to the end of its message.
        *scram = str::from_utf8(&part[at..]).ok().map(|challenge| begun.challenged(challenge));
    } else if let Some(verifier) = scram.as_ref().and_then(|scram| scram.verifier(RECORDED_PASSWORD, last(heard))) {
        put(&mut part, b'V', &verifier.as_bytes()[2..]);
    }
    part
}

/// The client's last message of SCRAM in its own message.
fn last(heard: &[u8]) -> &[u8] {
    heard.get(5..).unwrap_or_default()
}

fn put(part: &mut [u8], placeholder: u8, value: &[u8]) {
    let placeholder = vec![placeholder; value.len()];
    if let Some(at) = part.windows(value.len()).position(|bytes| bytes == placeholder) {
        part[at..at + value.len()].copy_from_slice(value);
    }
}

/// The recorded sessions themselves come to their end, so that their mutations begin beyond the login.
#[test]
fn what_was_recorded_is_understood() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/protocol");
    for (name, expected) in [
        ("scram", None),
        ("trust", None),
        ("no-database", Some((Stage::Session, "unknown_database"))),
        ("no-schema", Some((Stage::Privileges, "unknown_schema"))),
        ("wrong-password", Some((Stage::Authenticate, "password_rejected"))),
        ("late-rejection", Some((Stage::Authenticate, "password_rejected"))),
    ] {
        let input = std::fs::read(corpus.join(name)).unwrap();
        let stages = runtime().block_on(async {
            let (client, server) = tokio::io::duplex(256 * 1024);
            tokio::join!(talk(client), serve(server, &input)).0
        });
        let fault = stages.fault().map(|(stage, fault): (_, &Fault)| (stage, fault.code));
        assert_eq!(fault, expected, "{name}: {:?}", stages.fault());
    }
}
