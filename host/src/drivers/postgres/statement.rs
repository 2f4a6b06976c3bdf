//! One statement, run read-only in a transaction of its own: sent in one write (`statement/series.rs`), its rows handed on as
//! they come (`statement/answer.rs`).

mod answer;
mod series;
mod values;

use std::ops::ControlFlow;
use std::time::Duration;

use super::messages::Messages;
use super::server_error::ServerError;
use crate::diagnosis::{Fault, code};
pub(super) use values::Values;

/// The OID of `text`, which all parameters are (PostgreSQL's `pg_type.dat`).
pub(super) const TEXT: u32 = 25;

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
    let series = series::encode(statement, encoding).map_err(|_| Fault::new(&code::STATEMENT_REFUSED))?;
    messages.ask(&series).await?;
    let answered = answer::read(messages, statement, encoding, sink).await;
    if let Err(Failure::Fault(_) | Failure::OtherParameters) = answered {
        return answered;
    }
    // An error that ends the session says more than that it has ended.
    let ended = answer::end(messages).await;
    answered.and(ended)
}
