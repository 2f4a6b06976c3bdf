//! The honest half: each series of statements is answered at its end, in the right messages and in the right order,
//! whatever is in them.

use std::collections::HashMap;
use std::io;

use super::{Message, Session, complete, data_row, message, row_description};

/// A statement that a client has sent.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What it says.
    pub text: String,
    /// Its parameters, as they came; empty while it is only described.
    pub parameters: Vec<Vec<u8>>,
    /// Whether its results are wanted in binary.
    pub binary: bool,
}

/// What a statement gives.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// OIDs of its parameters' types.
    pub parameters: Vec<u32>,
    /// Names and OIDs of types.
    pub columns: Vec<(String, u32)>,
    /// The values, in the form that is wanted.
    pub rows: Vec<Vec<Option<Vec<u8>>>>,
}

impl Session {
    /// Answers every statement with what `look_up` has for it, until the client says good-bye.
    pub fn serve(&mut self, look_up: impl FnMut(&Asked) -> Table) -> io::Result<()> {
        self.serve_until("", look_up)
    }

    /// The same, until it has answered everything up to the end of a series in which this statement is run.
    pub fn serve_until(&mut self, last: &str, look_up: impl FnMut(&Asked) -> Table) -> io::Result<()> {
        self.serve_by(last, |session, _, answer| session.send(answer), look_up)
    }

    /// The same by something else than `send`, which is also told the statements of the series.
    pub(super) fn serve_by(
        &mut self,
        last: &str,
        mut say: impl FnMut(&mut Self, &str, &[u8]) -> io::Result<()>,
        mut look_up: impl FnMut(&Asked) -> Table,
    ) -> io::Result<()> {
        let mut prepared: HashMap<Vec<u8>, Asked> = HashMap::new();
        let mut bound = Asked::default();
        let mut status = b'I';
        let (mut series, mut answers) = (String::new(), Vec::new());
        loop {
            let Message { kind, body } = self.next_message()?;
            let answer = match kind {
                b'X' => return Ok(()),
                b'P' => {
                    let mut parts = body.splitn(3, |&byte| byte == 0);
                    let (name, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                    let text = String::from_utf8_lossy(text).into_owned();
                    series.push_str(&text);
                    prepared.insert(name.to_vec(), Asked { text, ..Asked::default() });
                    message(b'1', b"")
                }
                b'D' => {
                    let name = body.get(1..body.len() - 1).unwrap_or_default();
                    let asked = if body[0] == b'S' { prepared.get(name) } else { Some(&bound) };
                    describe(&look_up(asked.ok_or(io::ErrorKind::NotFound)?), body[0])
                }
                b'B' => {
                    bound = bind(&body, &prepared).ok_or(io::ErrorKind::InvalidData)?;
                    message(b'2', b"")
                }
                b'E' => {
                    status = status_after(&bound.text, status);
                    execute(&look_up(&bound))
                }
                b'C' => message(b'3', b""),
                b'Q' => {
                    let text = String::from_utf8_lossy(&body);
                    status = status_after(&text, status);
                    [complete("OK"), message(b'Z', &[status])].concat()
                }
                b'S' => message(b'Z', &[status]),
                _ => return Err(io::ErrorKind::InvalidData.into()),
            };
            answers.extend(answer);
            if kind == b'S' || kind == b'Q' {
                say(self, &std::mem::take(&mut series), &std::mem::take(&mut answers))?;
            }
            if kind == b'S' && bound.text == last {
                return Ok(());
            }
        }
    }
}

fn status_after(text: &str, status: u8) -> u8 {
    match text.split([' ', '\0']).next() {
        Some("begin") => b'T',
        Some("rollback") => b'I',
        _ => status,
    }
}

fn describe(table: &Table, what: u8) -> Vec<u8> {
    let columns: Vec<_> = table.columns.iter().map(|(name, oid)| (name.as_str(), *oid)).collect();
    let rows = if columns.is_empty() { message(b'n', b"") } else { row_description(&columns) };
    if what == b'P' {
        return rows;
    }
    let mut parameters = super::wire::count(table.parameters.len());
    parameters.extend(table.parameters.iter().flat_map(|oid| oid.to_be_bytes()));
    [message(b't', &parameters), rows].concat()
}

fn execute(table: &Table) -> Vec<u8> {
    let row = |row: &Vec<Option<Vec<u8>>>| data_row(&row.iter().map(Option::as_deref).collect::<Vec<_>>());
    let rows: Vec<u8> = table.rows.iter().flat_map(row).collect();
    [rows, complete("OK")].concat()
}

/// Portal, statement, formats of parameters, parameters, formats of results; none for a message that is cut.
fn bind(body: &[u8], prepared: &HashMap<Vec<u8>, Asked>) -> Option<Asked> {
    let mut parts = body.splitn(3, |&byte| byte == 0);
    let (_portal, name, mut rest) = (parts.next()?, parts.next()?, parts.next()?);
    let mut take = |length: usize| {
        let (taken, left) = rest.split_at_checked(length)?;
        rest = left;
        Some(taken)
    };
    let number = |bytes: &[u8]| bytes.iter().fold(0_usize, |number, &byte| number << 8 | usize::from(byte));
    let formats = number(take(2)?);
    take(2 * formats)?;
    let mut asked = prepared.get(name)?.clone();
    for _ in 0..number(take(2)?) {
        let length = number(take(4)?);
        asked.parameters.push(take(length)?.to_vec());
    }
    let formats = number(take(2)?);
    asked.binary = formats > 0 && number(take(2)?) == 1;
    Some(asked)
}
