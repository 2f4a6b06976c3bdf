//! A connector's statement, run so that it can do no harm: one query, read-only, with limits of time and size.

use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::future::{join, try_join};
use tokio_postgres::types::Type;
use tokio_postgres::{Column, Error, RowStream};

use super::Session;
use super::server_error::ServerError;
use crate::connectors::contract::Statement;
use crate::diagnosis::{Fault, ServerText, code};
use crate::drivers::Row;
use crate::egress::guard::Limits;

/// The server stops the statement after this long.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15);

/// We stop waiting for it a little later.
const TIMEOUT: Duration = Duration::from_secs(17);

/// What the server may send for one statement.
const LIMITS: Limits = Limits {
    message_bytes: 1024 * 1024,
    messages: 100_000,
    bytes: 8 * 1024 * 1024,
    grace: super::GRACE,
    settings: false,
};

/// All values of the rows together, after cutting.
const MAX_ROWS_BYTES: usize = 1024 * 1024;

/// One value is cut to this.
const MAX_VALUE_BYTES: usize = 4 * 1024;

/// Classes of errors that are a statement's own.
const STATEMENT_CLASSES: [&str; 5] = ["0A", "21", "22", "25", "42"];

/// Why rows are not handed out.
enum Failure {
    Driver(Error),
    Fault(Fault),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Driver(error)
    }
}

impl Session {
    /// Runs a statement and returns its rows.
    pub(in crate::drivers) async fn fetch(
        &mut self,
        statement: &Statement,
        columns: &[&str],
        max_rows: usize,
    ) -> Result<Vec<Row>, Fault> {
        if statement.language != "sql" || !is_query(&statement.text) {
            return Err(Fault::new(&code::STATEMENT_REFUSED)
                .message("The connector's statement is not an SQL query: SELECT, VALUES, TABLE or WITH."));
        }
        let work = async { Ok(self.run(statement, columns, max_rows).await) };
        match self.bounded(LIMITS, TIMEOUT, &code::DISCOVER_TIMEOUT, work).await? {
            Ok(rows) => Ok(rows),
            Err(Failure::Fault(fault)) => Err(fault),
            Err(Failure::Driver(error)) => {
                let texts = self.texts.clone();
                Err(of_statement(self.fault(error, |error| refused(error, &texts)).await))
            }
        }
    }

    /// Two round trips: open the transaction and prepare; then run and roll back.
    async fn run(&self, statement: &Statement, columns: &[&str], max_rows: usize) -> Result<Vec<Row>, Failure> {
        let begin = format!("begin read only; set local statement_timeout = {}", STATEMENT_TIMEOUT.as_millis());
        let types = vec![Type::TEXT; statement.parameters.len()];
        let ((), prepared) =
            try_join(self.client.batch_execute(&begin), self.client.prepare_typed(&statement.text, &types)).await?;
        let checked = check_columns(prepared.columns(), columns);
        if prepared.params() != types {
            return Err(Failure::Fault(
                Fault::new(&code::STATEMENT_REFUSED)
                    .message("The connector's statement takes other parameters than it gives."),
            ));
        }
        checked.map_err(Failure::Fault)?;
        let rows = async {
            let stream = self.client.query_raw(&prepared, &statement.parameters).await?;
            collect(stream, columns.len(), max_rows).await
        };
        let (rows, ended) = join(rows, self.client.batch_execute("rollback")).await;
        let rows = rows?;
        ended?;
        Ok(rows)
    }
}

/// Whether the statement can only be a query. `COPY … TO PROGRAM`, for one, runs in a read-only transaction too.
fn is_query(text: &str) -> bool {
    let word: String = skip_comments(text)
        .trim_start_matches(|character: char| character == '(' || character.is_whitespace())
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    ["select", "values", "table", "with"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// The text without comments and white space in front of it. Comments nest (PostgreSQL manual, "Comments").
fn skip_comments(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        rest = if let Some(line) = rest.strip_prefix("--") {
            line.split_once('\n').map_or("", |(_, after)| after).trim_start()
        } else if let Some(inside) = rest.strip_prefix("/*") {
            skip_block(inside).trim_start()
        } else {
            return rest;
        };
    }
}

fn skip_block(mut rest: &str) -> &str {
    let mut depth = 1;
    while depth > 0 {
        let Some(at) = rest.find(['*', '/']) else { return "" };
        rest = &rest[at..];
        let (step, length) = match rest.get(..2) {
            Some("/*") => (1, 2),
            Some("*/") => (-1, 2),
            _ => (0, 1),
        };
        depth += step;
        rest = &rest[length..];
    }
    rest
}

/// The contract's result columns: these names, and text.
fn check_columns(got: &[Column], expected: &[&str]) -> Result<(), Fault> {
    let wrong = |message: String| Err(Fault::new(&code::UNEXPECTED_COLUMNS).message(message));
    if !got.iter().map(Column::name).eq(expected.iter().copied()) {
        return wrong(format!("The connector's statement does not give the columns {}.", expected.join(", ")));
    }
    let text = [Type::TEXT, Type::VARCHAR, Type::NAME, Type::BPCHAR];
    match got.iter().find(|column| !text.contains(column.type_())) {
        // The name is one of those expected.
        Some(column) => {
            wrong(format!("The connector's statement gives the column {} in another type than text.", column.name()))
        }
        None => Ok(()),
    }
}

async fn collect(stream: RowStream, width: usize, max_rows: usize) -> Result<Vec<Row>, Failure> {
    let mut stream = pin!(stream);
    let mut rows = Vec::new();
    let mut bytes = 0;
    while let Some(row) = stream.try_next().await? {
        if rows.len() == max_rows {
            // The statement had a limit of its own. What is left is read and dropped, within the budget.
            break;
        }
        let mut texts = Vec::with_capacity(width);
        for column in 0..width {
            let value = row
                .try_get::<_, Option<&str>>(column)
                .map_err(|_| Failure::Fault(Fault::new(&code::PROTOCOL_VIOLATION)))?;
            let value = value.map(|value| value[..value.floor_char_boundary(MAX_VALUE_BYTES)].to_owned());
            bytes += value.as_ref().map_or(0, String::len);
            texts.push(value);
        }
        if bytes > MAX_ROWS_BYTES {
            return Err(Failure::Fault(
                Fault::new(&code::LISTING_TOO_LARGE).message(format!(
                    "The server's list is longer than {MAX_ROWS_BYTES} bytes, which is not accepted."
                )),
            ));
        }
        rows.push(texts);
    }
    Ok(rows)
}

/// A server that sends too much or too slowly may be doing what the statement asks for.
fn of_statement(fault: Fault) -> Fault {
    if fault.code == code::RESPONSE_TOO_LARGE.name {
        Fault::new(&code::LISTING_TOO_LARGE).message(fault.message)
    } else if fault.code == code::RESPONSE_TOO_SLOW.name {
        Fault::new(&code::DISCOVER_TIMEOUT)
    } else {
        fault
    }
}

fn refused(error: &ServerError, texts: &ServerText) -> Fault {
    let class = error.sqlstate.get(..2).unwrap_or_default();
    match error.sqlstate.as_str() {
        "57014" => Fault::new(&code::DISCOVER_TIMEOUT).sqlstate(&error.sqlstate),
        // The user's rights, not the statement's.
        "42501" => error.fault(&code::DISCOVERY_FAILED, texts),
        // What only a statement can do wrong (PostgreSQL manual, "PostgreSQL Error Codes"): a feature that is not there,
        // cardinality, values, the transaction, syntax. The server's words repeat parts of it.
        _ if STATEMENT_CLASSES.contains(&class) => Fault::new(&code::STATEMENT_REFUSED).sqlstate(&error.sqlstate),
        _ => error.fault(&code::DISCOVERY_FAILED, texts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_queries_only() {
        for (text, expected) in [
            ("select 1", true),
            ("  SELECT\n1", true),
            ("-- a\n/* b /* c */ d */ with x as (select 1) table x", true),
            ("((select 1) union select 2)", true),
            ("values ('a')", true),
            ("table t", true),
            ("", false),
            ("-- select", false),
            ("/* select", false),
            ("/* */ */ select", false),
            ("copy (select 1) to program 'x'", false),
            ("/* select */ copy t to program 'x'", false),
            ("set transaction read write", false),
            ("commit", false),
            ("do $$ begin end $$", false),
            ("selectx", false),
            ("explain analyze select 1", false),
            ("é", false),
            ("/*é*/select 1", true),
        ] {
            assert_eq!(is_query(text), expected, "{text}");
        }
    }
}
