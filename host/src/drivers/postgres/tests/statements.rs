//! Servers that misbehave when a statement is run.

use std::sync::LazyLock;

use tokio::net::TcpListener;

use super::{DRIVERS, LOGIN, Then, credentials, descriptor, serve};
use crate::descriptor::TlsMode;
use crate::diagnosis::{Fault, Stage, Stages};
use crate::drivers::{Row, Session};
use crate::statement::Statement;

const TEXT: u32 = 25;

/// As any statement of a connector, with two columns.
static STATEMENT: LazyLock<Statement> = LazyLock::new(|| Statement {
    language: "sql".to_owned(),
    text: "select a, b from t where c = $1".to_owned(),
    parameters: vec!["c".to_owned()],
});

const MAX_ROWS: usize = 3;

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind], &length.to_be_bytes()[..], body].concat()
}

fn complete() -> Vec<u8> {
    message(b'C', b"OK\0")
}

fn ready(status: u8) -> Vec<u8> {
    message(b'Z', &[status])
}

fn row(values: &[Option<&[u8]>]) -> Vec<u8> {
    let mut body = u16::try_from(values.len()).unwrap().to_be_bytes().to_vec();
    for value in values {
        let length = value.map_or(-1, |value| i32::try_from(value.len()).unwrap());
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(value.unwrap_or_default());
    }
    message(b'D', &body)
}

fn columns(names: &[&str], type_oid: u32) -> Vec<u8> {
    let mut body = u16::try_from(names.len()).unwrap().to_be_bytes().to_vec();
    for name in names {
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(&[0; 7]);
        body.extend_from_slice(&type_oid.to_be_bytes());
        body.extend_from_slice(&[0; 8]);
    }
    message(b'T', &body)
}

fn parameters(types: &[u32]) -> Vec<u8> {
    let body = types.iter().flat_map(|oid| oid.to_be_bytes());
    message(b't', &u16::try_from(types.len()).unwrap().to_be_bytes().into_iter().chain(body).collect::<Vec<_>>())
}

fn error(sqlstate: &str) -> Vec<u8> {
    message(b'E', format!("SERROR\0C{sqlstate}\0Mno\0\0").as_bytes())
}

/// A whole answer: what opens the transaction, then `middle`, then the end of it.
fn answer(middle: &[Vec<u8>]) -> Vec<u8> {
    [&opened()[..], &middle.concat(), &complete(), &ended(), &ready(b'I')].concat()
}

/// The answer to the end of the transaction.
fn ended() -> Vec<u8> {
    [message(b'1', b""), message(b'2', b""), complete()].concat()
}

/// A refusal in a transaction, and the answer to what ends it then.
fn refusal(before: &[u8], sqlstate: &str) -> Vec<Vec<u8>> {
    vec![[before, &error(sqlstate), &ready(b'E')].concat(), [complete(), ready(b'I')].concat()]
}

fn opened() -> Vec<u8> {
    let bound = [message(b'1', b""), message(b'2', b"")].concat();
    [&bound[..], &complete(), &bound, &row(&[Some(b"1"), Some(b"x")]), &complete()].concat()
}

/// The parts of the answer to the host's own look at the privileges.
fn own(rows: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let described = columns(&["means", "what", "holder"], TEXT);
    [vec![message(b'1', b""), parameters(&[TEXT]), described, message(b'2', b"")], rows.to_vec()].concat()
}

fn own_row() -> Vec<u8> {
    [row(&[Some(b"schema"), Some(b"open"), None]), last_row()].concat()
}

/// Without it the answer is not whole.
fn last_row() -> Vec<u8> {
    row(&[Some(b"definers"), Some(b"0"), None])
}

/// The parts of the answer to `STATEMENT`.
fn listing(described: Vec<u8>, rows: &[Vec<u8>]) -> Vec<Vec<u8>> {
    [vec![message(b'1', b""), parameters(&[TEXT]), described, message(b'2', b"")], rows.to_vec()].concat()
}

/// A session with a server that answers so.
async fn open(answers: Vec<Vec<u8>>, then: Then) -> (Box<dyn Session>, Stages, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers = [vec![LOGIN.to_vec()], answers].concat();
    let server = tokio::spawn(async move { serve(listener.accept().await.unwrap().0, answers, then).await });
    let mut stages = Stages::start();
    let session = DRIVERS.open("acme", &descriptor(port, TlsMode::Disable), &credentials(), &mut stages).await.unwrap();
    (session, stages, server)
}

async fn privileges(answers: Vec<Vec<u8>>, then: Then) -> Option<(&'static str, Option<String>)> {
    let (mut session, mut stages, _server) = open(answers, then).await;
    let outcome = session.privileges(&mut stages).unwrap().await;
    let fault = stages.fault().map(|(stage, fault)| {
        assert_eq!(stage, Stage::Privileges);
        (fault.code, fault.native_code.clone())
    });
    assert_eq!(outcome.is_err(), fault.is_some());
    session.close().await;
    fault
}

async fn fetch(answers: Vec<Vec<u8>>, then: Then) -> Result<Vec<Row>, Fault> {
    let (mut session, _stages, _server) = open(answers, then).await;
    let rows = session.sql().unwrap().fetch(&STATEMENT, &["a", "b"], MAX_ROWS).await;
    session.close().await;
    rows
}

#[tokio::test]
async fn names_what_is_wrong_with_an_answer() {
    use Then::{HangUp, StayOpen};
    let good = || answer(&own(&[own_row()]));
    let rows = |rows: &[Vec<u8>]| answer(&own(rows));
    let until = |middle: &[Vec<u8>], last: &[u8]| [&opened()[..], &middle.concat(), last].concat();
    let setting = message(b'S', b"TimeZone\0UTC\0");
    let many_fields = columns(&vec!["a"; 2_000], TEXT);
    let not_rolled_back = [&good()[..good().len() - 6], &ready(b'T')].concat();
    for (name, answer, then, expected) in [
        ("all is well", good(), StayOpen, None),
        ("settings in between", answer(&own(&[own_row(), setting.clone()])), StayOpen, None),
        ("COPY to us", message(b'H', b"\0\0\0"), StayOpen, Some("protocol_violation")),
        ("COPY from us", until(&own(&[]), &message(b'G', b"\0\0\0")), StayOpen, Some("protocol_violation")),
        ("COPY both ways", until(&own(&[]), &message(b'W', b"\0\0\0")), StayOpen, Some("protocol_violation")),
        ("no row", rows(&[]), StayOpen, Some("protocol_violation")),
        ("two rows", rows(&[own_row(), own_row()]), StayOpen, Some("protocol_violation")),
        ("a value too few", rows(&[row(&[None, None])]), StayOpen, Some("protocol_violation")),
        ("a value too many", rows(&[row(&[None; 4])]), StayOpen, Some("protocol_violation")),
        (
            "nothing that is asked",
            rows(&[row(&[Some(b"1"), None, None]), own_row()]),
            StayOpen,
            Some("protocol_violation"),
        ),
        ("no number", rows(&[row(&[Some(b"definers"), Some(b"x"), None])]), StayOpen, Some("protocol_violation")),
        ("a row behind the last", rows(&[last_row(), last_row()]), StayOpen, Some("protocol_violation")),
        ("length that lies", rows(&[message(b'D', b"\0\x03\0\0\0\x09f")]), StayOpen, Some("protocol_violation")),
        (
            "bytes behind the values",
            rows(&[message(b'D', b"\0\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff!")]),
            StayOpen,
            Some("protocol_violation"),
        ),
        (
            "many columns",
            until(&[message(b'1', b""), parameters(&[TEXT])], &many_fields),
            StayOpen,
            Some("response_too_large"),
        ),
        (
            "columns that are not there",
            until(&[message(b'1', b""), parameters(&[TEXT])], &message(b'T', b"\xff\xff")),
            StayOpen,
            Some("protocol_violation"),
        ),
        ("a large row", until(&own(&[]), b"D\x3f\xff\xff\xff"), StayOpen, Some("response_too_large")),
        ("a large error", b"E\0\x98\x96\x80".to_vec(), StayOpen, Some("response_too_large")),
        ("rows", own_row().repeat(1_000), StayOpen, Some("protocol_violation")),
        ("notices", message(b'N', b"\0").repeat(20_000), StayOpen, Some("response_too_large")),
        ("more settings", setting.repeat(9_000), StayOpen, Some("response_too_large")),
        ("empty query", until(&own(&[]), &message(b'I', b"")), StayOpen, Some("protocol_violation")),
        ("suspended", until(&own(&[own_row()]), &message(b's', b"")), StayOpen, Some("protocol_violation")),
        ("ready at once", ready(b'I'), StayOpen, Some("protocol_violation")),
        ("ready too early", until(&own(&[own_row()]), &ready(b'T')), StayOpen, Some("protocol_violation")),
        ("authentication again", message(b'R', b"\0\0\0\x63"), StayOpen, Some("protocol_violation")),
        ("nothing that is known", message(b'!', b""), StayOpen, Some("protocol_violation")),
        ("cut inside", message(b'T', b"\0"), StayOpen, Some("protocol_violation")),
        ("no end of the transaction", not_rolled_back, StayOpen, Some("protocol_violation")),
        ("hangs up", until(&own(&[]), b"D\0\0"), HangUp, Some("connection_lost")),
        ("half a row, slowly", until(&own(&[]), b"D\0\0\0\x40"), StayOpen, Some("response_too_slow")),
    ] {
        let fault = privileges(vec![answer], then).await.map(|(code, _)| code);
        assert_eq!(fault, expected, "{name}");
    }
}

#[tokio::test]
async fn hears_the_servers_error_wherever_it_comes() {
    use Then::{HangUp, StayOpen};
    let in_rows = [&opened()[..], &own(&[own_row()]).concat()].concat();
    let no_transaction = vec![[error("55P03"), ready(b'I')].concat()];
    for (name, answers, then) in [
        ("instead of a transaction", no_transaction, StayOpen),
        ("instead of the statement", refusal(&opened(), "55P03"), StayOpen),
        ("among the rows", refusal(&in_rows, "55P03"), StayOpen),
        ("after the end", refusal(&[&in_rows[..], &complete()].concat(), "55P03"), StayOpen),
        ("as the last word", vec![[in_rows, error("55P03")].concat()], HangUp),
    ] {
        assert_eq!(privileges(answers, then).await, Some(("interrupted", Some("55P03".to_owned()))), "{name}");
    }
}

#[tokio::test]
async fn goes_on_after_an_error_and_not_after_a_violation() {
    let refused = refusal(&opened(), "55P03");
    let good = answer(&listing(columns(&["a", "b"], TEXT), &[row(&[Some(b"x"), None])]));
    let (mut session, mut stages, _server) = open([refused, vec![good.clone()]].concat(), Then::StayOpen).await;
    session.privileges(&mut stages).unwrap().await.unwrap_err();
    let rows = session.sql().unwrap().fetch(&STATEMENT, &["a", "b"], MAX_ROWS).await.unwrap();
    assert_eq!(rows, [[Some("x".to_owned()), None]]);

    let (mut session, mut stages, _server) = open(vec![ready(b'I'), good.clone()], Then::StayOpen).await;
    session.privileges(&mut stages).unwrap().await.unwrap_err();
    let fault = session.sql().unwrap().fetch(&STATEMENT, &["a", "b"], MAX_ROWS).await.unwrap_err();
    assert_eq!(fault.code, "connection_lost");

    // What is queued for the next question is no answer to it.
    let queued = [answer(&own(&[own_row()])), good].concat();
    let (mut session, mut stages, _server) = open(vec![queued], Then::StayOpen).await;
    session.privileges(&mut stages).unwrap().await.unwrap();
    let fault = session.sql().unwrap().fetch(&STATEMENT, &["a", "b"], MAX_ROWS).await.unwrap_err();
    assert_eq!(fault.code, "protocol_violation");
}

#[tokio::test]
async fn takes_no_more_of_a_listing_than_it_wants() {
    let two = || columns(&["a", "b"], TEXT);
    let listed = |rows: &[Vec<u8>]| answer(&listing(two(), rows));
    let short = row(&[Some(b"caf\xe9"), None]);
    let rows = fetch(vec![listed(&vec![short.clone(); 1_000])], Then::StayOpen).await.unwrap();
    assert_eq!(rows, vec![[Some("caf\u{fffd}".to_owned()), None]; MAX_ROWS]);
    for type_oid in [1043, 19, 1042] {
        let rows = fetch(vec![answer(&listing(columns(&["a", "b"], type_oid), &[]))], Then::StayOpen).await.unwrap();
        assert_eq!(rows, [[]; 0], "{type_oid}");
    }

    let no_columns = [message(b'1', b""), parameters(&[TEXT]), message(b'n', b""), message(b'2', b"")];
    let other_parameters = [message(b'1', b""), parameters(&[TEXT, TEXT]), two(), message(b'2', b"")];
    let typed_parameter = [message(b'1', b""), parameters(&[23]), two(), message(b'2', b"")];
    let binary = {
        let mut described = two();
        *described.last_mut().unwrap() = 1;
        described
    };
    for (name, answer, expected) in [
        ("a type that nobody knows", answer(&listing(columns(&["a", "b"], 100_000), &[])), "unexpected_columns"),
        ("numbers", answer(&listing(columns(&["a", "b"], 23), &[])), "unexpected_columns"),
        ("other names", answer(&listing(columns(&["b", "a"], TEXT), &[])), "unexpected_columns"),
        ("one column", answer(&listing(columns(&["a"], TEXT), &[])), "unexpected_columns"),
        ("many columns", answer(&listing(columns(&vec!["a"; 40_000], TEXT), &[])), "unexpected_columns"),
        ("no columns", answer(&no_columns), "unexpected_columns"),
        ("binary", answer(&listing(binary, &[])), "protocol_violation"),
        ("other parameters", answer(&other_parameters), "statement_refused"),
        ("a parameter of another type", answer(&typed_parameter), "statement_refused"),
        ("rows without end", listed(&vec![short; 100_000]), "listing_too_large"),
        ("a large row", listed(&[row(&[Some(&vec![b'a'; 2 << 20]), None])]), "listing_too_large"),
        ("large rows", listed(&vec![row(&[Some(&vec![b'a'; 100_000]), None]); 100]), "listing_too_large"),
    ] {
        assert_eq!(fetch(vec![answer], Then::StayOpen).await.unwrap_err().code, expected, "{name}");
    }
    for (name, answers, expected) in [
        ("a statement of somebody else's", refusal(&opened(), "42P05"), "pooler_mixes_sessions"),
        ("a statement that has gone", refusal(&opened(), "26000"), "pooler_mixes_sessions"),
        ("a statement that is wrong", refusal(&opened(), "42601"), "statement_refused"),
        ("no transaction", vec![[error("42601"), ready(b'I')].concat()], "discovery_failed"),
    ] {
        assert_eq!(fetch(answers, Then::StayOpen).await.unwrap_err().code, expected, "{name}");
    }
}
