//! Servers that know PostgreSQL's messages and break their rules: lengths, order, numbers, time.

use std::sync::Arc;
use std::time::Duration;

use test_support::hostile_postgres::mischief::{
    before, behind, cut, drip, edit, flood, flood_behind, hang_up, instead, reset, silence,
};
use test_support::hostile_postgres::{Conversation, Mischief, Moment, Session, data_row, error, message};

use super::row::{Codes, Outcome, PASSWORD, Row};

/// Where nothing can be understood.
const VIOLATED: [&str; 7] = [
    "not_postgres|protocol_violation",
    "protocol_violation",
    "protocol_violation",
    "protocol_violation",
    "protocol_violation",
    "protocol_violation",
    "protocol_violation",
];

const TOO_MUCH: [&str; 7] = [
    "response_too_large",
    "response_too_large",
    "response_too_large",
    "response_too_large",
    "response_too_large",
    "response_too_large",
    "listing_too_large",
];

/// The same where the first message is so large that it need not be PostgreSQL's.
const TOO_LARGE: [&str; 7] = [
    "not_postgres",
    "response_too_large",
    "response_too_large",
    "response_too_large",
    "response_too_large",
    "response_too_large",
    "listing_too_large",
];

const LATE: [&str; 7] = [
    "authenticate_timeout",
    "authenticate_timeout",
    "authenticate_timeout",
    "authenticate_timeout",
    "session_timeout",
    "privileges_timeout|response_too_slow",
    "discover_timeout",
];

const LOST: [&str; 7] = ["connection_lost"; 7];

/// An error within a server.
const FAILING: [&str; 7] = ["server_failing"; 7];

/// What a length becomes.
type Length = fn(u32) -> u32;

type Make = fn() -> Mischief;
type Bytes = fn() -> Vec<u8>;

/// How many messages are said at a moment.
fn messages(moment: Moment) -> usize {
    match moment {
        Moment::Tls | Moment::Greeting | Moment::Challenge | Moment::Verifier | Moment::Admission => 1,
        Moment::Session => 3,
        Moment::Privileges | Moment::Listing => 17,
    }
}

/// The message with this number says that it has another length.
fn lie(number: usize, length: Length) -> Mischief {
    edit(move |honest| {
        let (mut bytes, mut at) = (honest.to_vec(), 0);
        let read =
            |at: usize| honest.get(at + 1..at + 5).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        for _ in 0..number {
            at += 1 + read(at).unwrap_or_default() as usize;
        }
        if let Some(honest) = read(at) {
            bytes[at + 1..at + 5].copy_from_slice(&length(honest).to_be_bytes());
        }
        bytes
    })
}

fn lies(length: Length) -> impl Fn(Moment) -> Vec<Mischief> {
    move |moment| (0..messages(moment)).map(|number| lie(number, length)).collect()
}

fn once(make: impl Fn() -> Mischief) -> impl Fn(Moment) -> Vec<Mischief> {
    move |_| vec![make()]
}

/// `happy` is how many bytes an honest server sends.
pub(crate) fn rows(happy: usize) -> Vec<Row> {
    [lengths(), timing(happy), floods(), strays(), queued(), keys()].into_iter().flatten().collect()
}

fn lengths() -> Vec<Row> {
    let mut rows = Vec::new();
    let malformed: [(&str, Length); 4] =
        [("0", |_| 0), ("3", |_| 3), ("-1", |_| u32::MAX), ("-2147483648", |_| 0x8000_0000)];
    for (name, length) in malformed {
        rows.extend(Row::at_each(&format!("length {name}"), lies(length), VIOLATED));
    }
    rows.extend(Row::at_each("length 2147483647", lies(|_| i32::MAX as u32), TOO_LARGE));
    let short = [
        "protocol_violation",
        "protocol_violation|weak_hashing",
        "protocol_violation|server_not_proven",
        // Of a kind of authentication that nobody knows, as long as that is what unreadable ones are taken for.
        "protocol_violation|authentication_unsupported",
        "protocol_violation",
        "protocol_violation",
        "protocol_violation",
    ];
    rows.extend(Row::at_each("a byte too short", lies(|length| length - 1), short));
    let long = [
        "authenticate_timeout",
        "authenticate_timeout",
        "server_not_proven",
        "protocol_violation|authentication_unsupported",
        "protocol_violation|session_timeout",
        "protocol_violation|privileges_timeout|response_too_slow",
        "protocol_violation|discover_timeout|unexpected_columns|statement_refused",
    ];
    rows.extend(waiting(Row::at_each("a byte too long", lies(|length| length + 1), long)));
    rows
}

/// Those of which some wait for what never comes.
fn waiting(rows: Vec<Row>) -> impl Iterator<Item = Row> {
    rows.into_iter().zip(super::row::MOMENTS).map(|(row, moment)| row.waits_in_vain(moment))
}

fn timing(happy: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let head = || cut(|honest| honest[..honest.len().min(5)].to_vec());
    let half = || cut(|honest| honest[..honest.len() / 2].to_vec());
    let cases: [(&str, Make); 2] = [("silence", silence), ("a byte a second", drip)];
    for (name, make) in cases {
        rows.extend(waiting(Row::at_each(name, once(make), LATE)));
    }
    rows.extend(waiting(Row::at_each("a head without a body", once(head), LATE)));
    rows.extend(waiting(Row::at_each("half of it", once(half), LATE)));
    rows.extend(Row::at_each("hanging up", once(hang_up), LOST));
    rows.extend(Row::at_each("a reset", once(reset), LOST));
    let slow = Outcome::fails(Moment::Greeting, &["response_too_slow"]);
    rows.push(
        Row::at(Moment::Greeting, "a byte a second, for the patient", vec![drip()], slow)
            .connect_timeout(Duration::from_secs(20)),
    );
    rows.push(hanging_up_after_each_byte(happy));
    rows
}

fn hanging_up_after_each_byte(happy: usize) -> Row {
    let conversation = Conversation::new(PASSWORD);
    let script = move |session: &mut Session, turn: usize| {
        session.end_after(turn % happy)?;
        conversation.hold(session)
    };
    let stages = vec!["authenticate", "session", "privileges", "discover"];
    let outcome = Outcome::Fails(stages, vec!["connection_lost"]);
    Row { variants: happy, ..Row::new("hanging up after each byte", Arc::new(script), outcome) }
}

fn notice() -> Vec<u8> {
    message(b'N', b"SNOTICE\0C00000\0Mthere is more\0\0")
}

fn setting() -> Vec<u8> {
    message(b'S', b"application_name\0somebody\0")
}

fn notification() -> Vec<u8> {
    message(b'A', b"\0\0\0\x01channel\0payload\0")
}

fn row_of_data() -> Vec<u8> {
    data_row(&[Some(&[b'x'; 60]), None])
}

fn internal_error() -> Vec<u8> {
    error("XX000", "there is more")
}

fn floods() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(Row::at_each("a flood of notices", once(|| flood(notice())), TOO_MUCH));
    rows.extend(Row::at_each("a flood of notifications", once(|| flood(notification())), TOO_MUCH));
    let settings = [
        "not_postgres|protocol_violation",
        "protocol_violation",
        "protocol_violation",
        "protocol_violation",
        "response_too_large",
        "response_too_large",
        "listing_too_large",
    ];
    rows.extend(Row::at_each("a flood of settings", once(|| flood(setting())), settings));
    rows.extend(Row::at_each("a flood of rows", once(|| flood(row_of_data())), VIOLATED));
    rows.extend(Row::at_each("a flood of errors", once(|| flood(internal_error())), FAILING));
    rows.extend(Row::at_each("a flood of readiness", once(|| flood(message(b'Z', b"I"))), VIOLATED));
    rows.extend(Row::at_each("a flood of zeros", once(|| flood(vec![0; 64])), VIOLATED));
    rows.extend(Row::at_each("a large notice", once(|| instead(message(b'N', &vec![b'x'; 10 << 20]))), TOO_LARGE));
    // Settings may come at any time, and the next question has a budget of its own.
    let stages = vec!["session", "privileges"];
    let cases: [(&str, Bytes, Codes); 5] = [
        ("notices", notice, &["response_too_large"]),
        ("notifications", notification, &["response_too_large"]),
        ("settings", setting, &["response_too_large"]),
        ("rows", row_of_data, &["protocol_violation"]),
        ("errors", internal_error, &["protocol_violation", "server_failing"]),
    ];
    for (name, make, codes) in cases {
        let outcome = Outcome::Fails(stages.clone(), codes.to_vec());
        let mischief = flood_behind(make());
        rows.push(Row::at(Moment::Session, format!("a flood of {name} behind ReadyForQuery"), vec![mischief], outcome));
    }
    rows
}

/// Messages that have no place there.
fn strays() -> Vec<Row> {
    let kinds: [(&str, &[u8]); 12] = [
        ("CopyInResponse", &[b'G', 0, 0, 0, 7, 0, 0, 0]),
        ("CopyOutResponse", &[b'H', 0, 0, 0, 7, 0, 0, 0]),
        ("CopyBothResponse", &[b'W', 0, 0, 0, 7, 0, 0, 0]),
        ("CopyData", b"d\0\0\0\x09hello"),
        ("CopyDone", b"c\0\0\0\x04"),
        ("FunctionCallResponse", b"V\0\0\0\x08\xff\xff\xff\xff"),
        ("NegotiateProtocolVersion", b"v\0\0\0\x0c\0\0\0\0\0\0\0\0"),
        ("NegotiateProtocolVersion of many options", b"v\0\0\0\x0c\0\x03\0\0\x7f\xff\xff\xff"),
        ("PortalSuspended", b"s\0\0\0\x04"),
        ("ReadyForQuery", b"Z\0\0\0\x05I"),
        ("CommandComplete", b"C\0\0\0\x09DONE\0"),
        ("an unknown kind", b"\xff\0\0\0\x04"),
    ];
    let mut rows = Vec::new();
    for (name, bytes) in kinds {
        // A server that is ready before its settings has sent these before any question.
        rows.extend(Row::at_each(&format!("{name} first"), once(|| before(bytes.to_vec())), VIOLATED));
    }
    rows
}

/// What is sent before it has been asked for.
fn queued() -> Vec<Row> {
    let answer = [&b"1\0\0\0\x04"[..], b"2\0\0\0\x04", b"C\0\0\0\x0aBEGIN\0"].concat();
    let row = |moment, outcome| {
        Row::at(moment, format!("an answer to the next question, at {moment:?}"), vec![behind(answer.clone())], outcome)
    };
    vec![
        row(Moment::Session, Outcome::fails(Moment::Session, &["protocol_violation"])),
        row(Moment::Privileges, Outcome::fails(Moment::Listing, &["protocol_violation"])),
        // Nobody asks anything any more.
        row(Moment::Listing, Outcome::Works(vec![])),
    ]
}

fn keys() -> Vec<Row> {
    let mut rows = Vec::new();
    for length in [0, 4, 7, 9, 256, 30_000] {
        let key = message(b'K', &vec![1; length]);
        let outcome = Outcome::fails(Moment::Session, &["protocol_violation"]);
        rows.push(Row::at(Moment::Session, format!("a key of {length} bytes"), vec![before(key)], outcome));
    }
    let works = || Outcome::Works(vec![]);
    let two = before(message(b'K', &[1; 8]));
    rows.push(Row::at(Moment::Session, "two keys", vec![two], works()));
    let ready = edit(|_| message(b'Z', b"I"));
    rows.push(Row::at(Moment::Session, "no settings and no key", vec![ready], works()));
    let version = before(message(b'S', b"server_version\0\x1b[31m\xe2\x80\xae\xff<b>15</b>\0"));
    rows.push(Row::at(Moment::Session, "a version that writes to terminals", vec![version], works()));
    let early = flood_after_silence();
    rows.push(
        Row::at(
            Moment::Session,
            "settings that begin and never end",
            vec![early],
            Outcome::fails(Moment::Privileges, &["response_too_slow", "privileges_timeout"]),
        )
        .waits_in_vain(Moment::Privileges),
    );
    rows
}

/// The kind of a setting, and nothing behind it.
fn flood_after_silence() -> Mischief {
    Box::new(|session, honest| {
        session.send(&[honest, b"S"].concat())?;
        session.fall_silent()
    })
}
