//! One statement, run read-only in a transaction of its own: sent in one write, its rows handed on as they come.

use std::iter;
use std::ops::ControlFlow;
use std::time::Duration;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::IsNull;
use postgres_protocol::message::backend::{DataRowBody, Message, ParameterDescriptionBody, RowDescriptionBody};
use postgres_protocol::message::frontend;

use super::messages::{Messages, violation};
use super::server_error::ServerError;
use crate::diagnosis::{Fault, code};

/// The OID of `text`, which all parameters are (PostgreSQL's `pg_type.dat`).
pub(super) const TEXT: u32 = 25;

/// The format of a value that is text.
const FORMAT_TEXT: i16 = 0;

/// Opens the transaction.
const BEGIN: &str = "begin read only";

/// Sets what holds for the transaction, whatever the user, the database or the server have set. Names that the statement
/// does not qualify are the catalog's, and temporary objects come last (PostgreSQL manual, "Schemas", `search_path`). One
/// time-out counts, which is the first. A statement is not compiled for a server's estimate of its work. What comes in
/// quotes after `current_setting` is not known to every version.
const SET: &str = "\
select pg_catalog.set_config('statement_timeout', $1, true), \
pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), \
pg_catalog.set_config('client_encoding', 'UTF8', true), \
pg_catalog.set_config('lock_timeout', '0', true), \
pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true), \
case when pg_catalog.current_setting('transaction_timeout', true) is not null \
then pg_catalog.set_config('transaction_timeout', '0', true) end, \
case when pg_catalog.current_setting('jit', true) is not null \
then pg_catalog.set_config('jit', 'off', true) end";

/// From here on texts come as the server has them (PostgreSQL manual, "Character Set Support").
const SET_RAW: &str = "select pg_catalog.set_config('client_encoding', 'SQL_ASCII', true)";

/// Ends it.
const ROLLBACK: &str = "rollback";

/// The answers to the first two, and to the last one, by the first bytes of their messages.
const OPENED: &[u8] = b"12C12DC";
const ENDED: &[u8] = b"12C";

/// The answers to what has the results come raw.
const SET_TO_RAW: &[u8] = b"12DC";

/// A statement to run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement<'a> {
    /// With `$1`, `$2` … for the parameters.
    pub(super) text: &'a str,
    /// All are `text`.
    pub(super) parameters: &'a [String],
    /// When the server stops it.
    pub(super) timeout: Duration,
}

/// How the texts of the result come. Those of the parameters go as UTF-8, which the server converts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// The server converts to UTF-8.
    Utf8,
    /// Bytes as the server has them: for what it cannot convert.
    Raw,
}

impl Encoding {
    /// The name of the statement's portal. It lasts over another statement only if it has one. It is gone with the
    /// transaction, so that behind a pooler too it meets no other.
    fn portal(self) -> &'static str {
        match self {
            Self::Utf8 => "",
            Self::Raw => "raw",
        }
    }
}

/// What takes the rows of a statement. A fault of it ends the statement, and the session with it.
pub(super) trait Sink {
    /// Takes the columns; before any row, and once.
    fn columns(&mut self, columns: &[Column<'_>]) -> Result<(), Fault>;

    /// Takes a row. After a break no more are handed on.
    fn row(&mut self, values: Values<'_>) -> Result<ControlFlow<()>, Fault>;
}

/// A column of a result, as the server describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column<'a> {
    pub(super) name: &'a str,
    /// Of `pg_type`. What it stands for is known for PostgreSQL's own types alone; the server is never asked.
    pub(super) type_oid: u32,
}

/// The values of a row in their order, each as the server's text, none where it is null. There are as many as columns.
pub(super) struct Values<'a> {
    /// For each value its length, and so many bytes.
    rest: &'a [u8],
    left: usize,
}

/// Why a statement gave no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// The sink's fault, or one of the conversation.
    Fault(Fault),
    /// The statement takes other parameters than it was given.
    OtherParameters,
    /// The server refused what the host itself puts around the statement.
    Around(ServerError),
    /// The server refused the values of the parameters.
    Values(ServerError),
    /// The server refused the statement.
    Refused(ServerError),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Runs a statement and hands its rows to the sink. Until the server is ready again the messages have an answer
/// outstanding, which stays so when this is dropped or fails in the middle.
pub(super) async fn run(
    messages: &mut Messages,
    statement: Statement<'_>,
    encoding: Encoding,
    sink: &mut impl Sink,
) -> Result<(), Failure> {
    // It fails for texts with zero characters and for more parameters than the protocol can count.
    let series = encode(statement, encoding).map_err(|_| Fault::new(&code::STATEMENT_REFUSED))?;
    messages.ask(&series).await?;
    let answered = answer(messages, statement, encoding, sink).await;
    if let Err(Failure::Fault(_) | Failure::OtherParameters) = answered {
        return answered;
    }
    // An error that ends the session says more than that it has ended.
    let ended = end(messages).await;
    answered.and(ended)
}

/// Everything in one write. An error anywhere skips what is left up to the one `Sync` (PostgreSQL manual, "Extended
/// Query"), so the statement runs inside the transaction or not at all. Opened by a simple query it would run all the
/// same where that was refused. No statement has a name: behind a pooler names belong to others as well.
fn encode(statement: Statement<'_>, encoding: Encoding) -> std::io::Result<BytesMut> {
    let mut messages = BytesMut::with_capacity(512 + statement.text.len());
    run_unnamed(BEGIN, &[], &mut messages)?;
    run_unnamed(SET, &[statement.timeout.as_millis().to_string()], &mut messages)?;
    let portal = encoding.portal();
    parse(statement.text, statement.parameters.len(), &mut messages)?;
    frontend::describe(b'S', "", &mut messages)?;
    bind(portal, statement.parameters, &mut messages)?;
    if encoding == Encoding::Raw {
        run_unnamed(SET_RAW, &[], &mut messages)?;
    }
    frontend::execute(portal, 0, &mut messages)?;
    run_unnamed(ROLLBACK, &[], &mut messages)?;
    frontend::sync(&mut messages);
    Ok(messages)
}

fn run_unnamed(text: &str, parameters: &[String], messages: &mut BytesMut) -> std::io::Result<()> {
    parse(text, parameters.len(), messages)?;
    bind("", parameters, messages)?;
    frontend::execute("", 0, messages)
}

fn parse(text: &str, parameters: usize, messages: &mut BytesMut) -> std::io::Result<()> {
    frontend::parse("", text, iter::repeat_n(TEXT, parameters), messages)
}

fn bind(portal: &str, parameters: &[String], messages: &mut BytesMut) -> std::io::Result<()> {
    let value = |parameter: &String, message: &mut BytesMut| {
        message.extend_from_slice(parameter.as_bytes());
        Ok(IsNull::No)
    };
    // No formats at all: everything is text.
    frontend::bind(portal, "", [], parameters, value, [], messages).map_err(|error| match error {
        frontend::BindError::Serialization(error) => error,
        frontend::BindError::Conversion(error) => std::io::Error::other(error),
    })
}

/// Reads up to the end of the statement, or to the server's refusal.
async fn answer(
    messages: &mut Messages,
    statement: Statement<'_>,
    encoding: Encoding,
    sink: &mut impl Sink,
) -> Result<(), Failure> {
    expect(messages, OPENED).await?;
    let Message::ParseComplete = next(messages, Failure::Refused).await? else { return Err(violation().into()) };
    match next(messages, Failure::Refused).await? {
        Message::ParameterDescription(described) => check_parameters(&described, statement.parameters.len())?,
        _ => return Err(violation().into()),
    }
    let width = match next(messages, Failure::Refused).await? {
        Message::RowDescription(described) => hand_on_columns(&described, sink)?,
        Message::NoData => {
            sink.columns(&[])?;
            0
        }
        _ => return Err(violation().into()),
    };
    let Message::BindComplete = next(messages, Failure::Values).await? else { return Err(violation().into()) };
    if encoding == Encoding::Raw {
        expect(messages, SET_TO_RAW).await?;
    }
    let mut wanted = ControlFlow::Continue(());
    loop {
        match next(messages, Failure::Refused).await? {
            // What nobody wants any more is read and dropped, within the budget.
            Message::DataRow(row) => {
                let values = Values::new(&row, width)?;
                if wanted.is_continue() {
                    wanted = sink.row(values)?;
                }
            }
            Message::CommandComplete(_) => return expect(messages, ENDED).await,
            _ => return Err(violation().into()),
        }
    }
}

/// Reads the answers to what the host itself puts around the statement.
async fn expect(messages: &mut Messages, kinds: &[u8]) -> Result<(), Failure> {
    for kind in kinds {
        match (kind, next(messages, Failure::Around).await?) {
            (b'1', Message::ParseComplete)
            | (b'2', Message::BindComplete)
            | (b'D', Message::DataRow(_))
            | (b'C', Message::CommandComplete(_)) => {}
            _ => return Err(violation().into()),
        }
    }
    Ok(())
}

/// Reads until the server is ready for the next statement, with the transaction behind it.
async fn end(messages: &mut Messages) -> Result<(), Failure> {
    match ready(messages).await? {
        b'I' => {}
        // An error has had the server skip the end of the transaction.
        b'E' => {
            let mut rollback = BytesMut::new();
            frontend::query(ROLLBACK, &mut rollback).map_err(|_| violation())?;
            messages.send(&rollback).await?;
            expect(messages, b"C").await?;
            if ready(messages).await? != b'I' {
                return Err(violation().into());
            }
        }
        _ => return Err(violation().into()),
    }
    messages.answered();
    Ok(())
}

/// Reads that the server is ready, and what it says of a transaction.
async fn ready(messages: &mut Messages) -> Result<u8, Failure> {
    match next(messages, Failure::Around).await? {
        Message::ReadyForQuery(ready) => Ok(ready.status()),
        _ => Err(violation().into()),
    }
}

/// The next message that is no setting and no error.
async fn next(messages: &mut Messages, refused: fn(ServerError) -> Failure) -> Result<Message, Failure> {
    loop {
        match messages.next().await? {
            Message::ParameterStatus(_) => {}
            Message::ErrorResponse(error) => return Err(refused(ServerError::from(&error))),
            message => return Ok(message),
        }
    }
}

fn check_parameters(described: &ParameterDescriptionBody, given: usize) -> Result<(), Failure> {
    let types: Vec<u32> = described.parameters().collect().map_err(|_| violation())?;
    if types == vec![TEXT; given] { Ok(()) } else { Err(Failure::OtherParameters) }
}

/// Answers how many there are.
fn hand_on_columns(described: &RowDescriptionBody, sink: &mut impl Sink) -> Result<usize, Failure> {
    let mut columns = Vec::new();
    let mut fields = described.fields();
    while let Some(field) = fields.next().map_err(|_| violation())? {
        if field.format() != FORMAT_TEXT {
            return Err(violation().into());
        }
        columns.push(Column { name: field.name(), type_oid: field.type_oid() });
    }
    sink.columns(&columns)?;
    Ok(columns.len())
}

impl<'a> Values<'a> {
    fn new(row: &'a DataRowBody, width: usize) -> Result<Self, Fault> {
        let (left, rest) = (row.ranges().size_hint().0, row.buffer());
        if left == width { Ok(Self { rest, left }) } else { Err(violation()) }
    }
}

impl<'a> Values<'a> {
    /// The next value; null has the length -1 and no bytes. Each must be as long as it says, and nothing may stand behind
    /// the last one.
    fn take(&mut self) -> Result<Option<&'a [u8]>, Fault> {
        let (length, rest) = self.rest.split_first_chunk().ok_or_else(violation)?;
        let (value, rest) = match i32::from_be_bytes(*length) {
            -1 => (None, rest),
            length => {
                let length = usize::try_from(length).map_err(|_| violation())?;
                let (value, rest) = rest.split_at_checked(length).ok_or_else(violation)?;
                (Some(value), rest)
            }
        };
        self.rest = rest;
        if self.left == 0 && !rest.is_empty() { Err(violation()) } else { Ok(value) }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Result<Option<&'a [u8]>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some(self.take())
    }
}

/// The setting whose time-out an error of the server is, where it is one. They are set to ours for a statement, but what is
/// around it has those of the user, and before PostgreSQL 11 a new `statement_timeout` does not count in the transaction.
fn setting_behind(sqlstate: &str) -> Option<&'static str> {
    match sqlstate {
        "57014" => Some("statement_timeout"),
        "55P03" => Some("lock_timeout"),
        "25P03" => Some("idle_in_transaction_session_timeout"),
        "25P04" => Some("transaction_timeout"),
        "57P05" => Some("idle_session_timeout"),
        _ => None,
    }
}

/// Says in a fault which setting of the user or the database may be behind it.
pub(super) fn name_setting(fault: Fault, error: &ServerError) -> Fault {
    let Some(setting) = setting_behind(&error.sqlstate) else { return fault };
    let remedy = format!("{} A {setting} that is set for the user or the database has this effect too.", fault.remedy);
    fault.remedy(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_stands_before_one_sync_and_no_statement_has_a_name() {
        let parameters = ["a".to_owned(), "b".to_owned()];
        let timeout = Duration::from_secs(15);
        for (encoding, expected) in [(Encoding::Utf8, "PBEPBEPDBEPBES"), (Encoding::Raw, "PBEPBEPDBPBEEPBES")] {
            let statement = Statement { text: "select $1, $2", parameters: &parameters, timeout };
            let series = encode(statement, encoding).unwrap();
            let (mut rest, mut kinds) = (&series[..], String::new());
            while let Some((&kind, length)) = rest.get(..5).and_then(<[u8]>::split_first) {
                kinds.push(char::from(kind));
                let (message, after) = rest.split_at(u32::from_be_bytes(length.try_into().unwrap()) as usize + 1);
                assert!(kind != b'P' || message[5] == 0, "a statement has a name");
                rest = after;
            }
            assert_eq!((kinds.as_str(), rest.len()), (expected, 0));
        }
    }

    /// A database in any encoding can read them, whatever the client's is.
    #[test]
    fn what_stands_around_a_statement_is_ascii() {
        assert!([BEGIN, SET, SET_RAW, ROLLBACK].iter().all(|text| text.is_ascii()));
    }

    #[test]
    fn refuses_what_cannot_be_sent() {
        let timeout = Duration::from_secs(15);
        let many = vec![String::new(); 70_000];
        for statement in [
            Statement { text: "select 1\0", parameters: &[], timeout },
            Statement { text: "select 1", parameters: &many, timeout },
        ] {
            assert!(encode(statement, Encoding::Utf8).is_err());
        }
    }
}
