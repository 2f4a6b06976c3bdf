//! The answer to a statement, read message by message.

use std::ops::ControlFlow;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{Message, ParameterDescriptionBody, RowDescriptionBody};
use postgres_protocol::message::frontend;

use super::series::ROLLBACK;
use super::{Column, Encoding, Failure, Sink, Statement, TEXT, Values};
use crate::drivers::postgres::messages::{Messages, violation};
use crate::drivers::postgres::server_error::ServerError;

/// The format of a value that is text.
const FORMAT_TEXT: i16 = 0;

/// The answers to the first two, and to the last one, by the first bytes of their messages.
const OPENED: &[u8] = b"12C12DC";
const ENDED: &[u8] = b"12C";

/// The answers to what has the results come raw.
const SET_TO_RAW: &[u8] = b"12DC";

/// Reads up to the end of the statement, or to the server's refusal.
pub(super) async fn read(
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
pub(super) async fn end(messages: &mut Messages) -> Result<(), Failure> {
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
