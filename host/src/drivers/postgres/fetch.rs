//! A connector's statement, run so that it can do no harm: one query, read-only, with limits of time and size.

use std::ops::ControlFlow;
use std::time::Duration;

use super::messages::violation;
use super::server_error::ServerError;
use super::statement::{self, Column, Encoding, Failure, Sink, Values};
use super::{Bounds, Session};
use crate::diagnosis::{Fault, Stage, code};
use crate::drivers::Row;
use crate::egress::Deadline;
use crate::egress::guard::Limits;
use crate::statement::Statement;

/// The server stops the statement after this long.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15);

/// We stop waiting for it a little later.
const BOUNDS: Bounds = Bounds { limits: LIMITS, time: Duration::from_secs(17), late: &code::DISCOVER_TIMEOUT };

/// What the server may send for one statement.
const LIMITS: Limits = Limits {
    message_bytes: 1024 * 1024,
    messages: 20_000,
    bytes: 4 * 1024 * 1024,
    grace: super::GRACE,
    settings: false,
};

/// All values of the rows together, after cutting.
const MAX_ROWS_BYTES: usize = 1024 * 1024;

/// One value is cut to this.
const MAX_VALUE_BYTES: usize = 4 * 1024;

/// So many names are told of which one is not possible in the database's encoding.
const MAX_SUSPECTS: usize = 20;

/// OIDs of the types that are text: `text`, `varchar`, `name`, `bpchar` (PostgreSQL's `pg_type.dat`). Any other is another
/// type; what it stands for does not matter and is never looked up, since a hostile server would lead the look-up on for
/// ever.
const TEXT_TYPES: [u32; 4] = [statement::TEXT, 1043, 19, 1042];

/// Takes the rows of a listing, bounded.
#[derive(Clone)]
struct Listing<'a> {
    expected: &'a [&'a str],
    max_rows: usize,
    rows: Vec<Row>,
    bytes: usize,
}

impl Session {
    /// Runs a statement and returns its rows.
    pub(super) async fn fetch(
        &mut self,
        statement: &Statement,
        columns: &[&str],
        max_rows: usize,
    ) -> Result<Vec<Row>, Fault> {
        if statement.language != "sql" || !is_query(&statement.text) {
            return Err(Fault::new(&code::STATEMENT_REFUSED)
                .message("The connector's statement is not an SQL query: SELECT, VALUES, TABLE or WITH."));
        }
        let listing = Listing { expected: columns, max_rows, rows: Vec::new(), bytes: 0 };
        let statement = statement::Statement {
            text: &statement.text,
            parameters: &statement.parameters,
            timeout: STATEMENT_TIMEOUT,
        };
        match self.run(statement, listing, BOUNDS).await {
            Ok(listing) => Ok(listing.rows),
            Err(Failure::Fault(fault)) => Err(of_statement(fault)),
            Err(Failure::OtherParameters) => Err(Fault::new(&code::STATEMENT_REFUSED)
                .message("The connector's statement takes other parameters than it gives.")),
            Err(Failure::Around(error)) => Err(error.fault_in(Stage::Discover, &self.texts)),
            Err(Failure::Values(error)) if error.is_of_encoding() => Err(self.unwritable(&error)),
            Err(Failure::Values(error) | Failure::Refused(error)) => {
                Err(error.name_setting(error.fault_of_statement(&self.texts)))
            }
        }
    }

    /// The name of the schema as a listing has it that the server could not convert: the database's own bytes, where they
    /// are UTF-8, and U+FFFD.
    pub(super) async fn raw_schema(&mut self) -> Result<String, Fault> {
        let parameters = [self.schema.clone()];
        let text = "select $1 as schema_name";
        let statement = statement::Statement { text, parameters: &parameters, timeout: STATEMENT_TIMEOUT };
        let mut listing = Listing { expected: &["schema_name"], max_rows: 1, rows: Vec::new(), bytes: 0 };
        let messages = self.messages.as_mut().ok_or_else(|| Fault::new(&code::CONNECTION_LOST))?;
        messages.renew(LIMITS);
        let asked = async { Ok(statement::run(messages, statement, Encoding::Raw, &mut listing).await) };
        match Deadline::after(BOUNDS.time).bound(BOUNDS.late, asked).await? {
            Ok(()) => listing.rows.pop().and_then(|row| row.into_iter().next().flatten()).ok_or_else(violation),
            Err(Failure::Fault(fault)) => Err(fault),
            Err(Failure::OtherParameters) => Err(violation()),
            Err(Failure::Around(error) | Failure::Values(error) | Failure::Refused(error)) => {
                Err(error.fault_in(Stage::Discover, &self.texts))
            }
        }
    }

    /// What is not possible in the database's encoding is the name of nothing in it.
    pub(super) fn unwritable(&self, error: &ServerError) -> Fault {
        let suspects: Vec<_> = self.tables.iter().filter(|name| !name.is_ascii()).cloned().collect();
        let fault = error.fault(&code::NAME_NOT_IN_ENCODING, &self.texts);
        if suspects.is_empty() {
            return fault;
        }
        let message = format!("{} It is among these: {}.", fault.message, self.list(&suspects, MAX_SUSPECTS));
        fault.message(message)
    }
}

impl Sink for Listing<'_> {
    /// The contract's result columns: these names, and text.
    fn columns(&mut self, columns: &[Column<'_>]) -> Result<(), Fault> {
        let wrong = |message: String| Err(Fault::new(&code::UNEXPECTED_COLUMNS).message(message));
        if !columns.iter().map(|column| column.name).eq(self.expected.iter().copied()) {
            return wrong(format!("The connector's statement does not give the columns {}.", self.expected.join(", ")));
        }
        match columns.iter().find(|column| !TEXT_TYPES.contains(&column.type_oid)) {
            // The name is one of those expected.
            Some(Column { name, .. }) => {
                wrong(format!("The connector's statement gives the column {name} in another type than text."))
            }
            None => Ok(()),
        }
    }

    fn row(&mut self, values: Values<'_>) -> Result<ControlFlow<()>, Fault> {
        if self.rows.len() == self.max_rows {
            // The statement had a limit of its own.
            return Ok(ControlFlow::Break(()));
        }
        let row = values.map(|value| Ok(value?.map(text))).collect::<Result<Row, Fault>>()?;
        self.bytes += row.iter().flatten().map(String::len).sum::<usize>();
        if self.bytes > MAX_ROWS_BYTES {
            return Err(Fault::new(&code::LISTING_TOO_LARGE)
                .message(format!("The server's list is longer than {MAX_ROWS_BYTES} bytes, which is not accepted.")));
        }
        self.rows.push(row);
        Ok(ControlFlow::Continue(()))
    }
}

/// A value, cut. What is not UTF-8, as a database without an encoding may have it, becomes U+FFFD.
fn text(value: &[u8]) -> String {
    // A character that this cuts in two begins behind the cut that follows.
    let value = &value[..value.len().min(MAX_VALUE_BYTES + 4)];
    let mut text = String::from_utf8_lossy(value).into_owned();
    text.truncate(text.floor_char_boundary(MAX_VALUE_BYTES));
    text
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

    #[test]
    fn cuts_values_between_characters() {
        let long = "a".repeat(MAX_VALUE_BYTES - 1);
        for (value, expected) in [
            (b"plain".to_vec(), "plain".to_owned()),
            (b"caf\xe9".to_vec(), "caf\u{fffd}".to_owned()),
            (format!("{long}bc").into_bytes(), format!("{long}b")),
            (format!("{long}\u{e9}c").into_bytes(), long.clone()),
            (format!("{long}\u{1f600}").into_bytes(), long.clone()),
        ] {
            assert_eq!(text(&value), expected);
        }
    }
}
