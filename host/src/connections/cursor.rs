//! Where a walk through a list stands: right behind a connection. It is opaque to whoever has it, and harmless when it is
//! altered: it says from where on to list what the tenant sees, and nothing of what that is.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::store::connections::{Column, Key, Position};

/// Longer texts are none, in bytes: a name of 255 characters makes some 1,500, so that the API documents 4,096. There may be
/// names in a store that have three times as many, since their characters were once counted before they were composed.
const MAX_BYTES: usize = 8192;

/// Columns with whether they are descending.
pub(super) type Order = [(Column, bool)];

/// A place in a list, and what is needed to go on from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Which page of its walk it leads to, from 1.
    pub page: u32,
    /// The list's order, as `name:asc,created_at:desc`.
    order: String,
    position: Position,
}

/// It is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no cursor")]
pub struct Malformed;

impl Cursor {
    /// The cursor that leads to a page of a list in this order.
    pub(super) fn new(page: u32, order: &Order, position: Position) -> Self {
        Self { page, order: text_of(order), position }
    }

    /// Its position, if it is in a list of this order.
    pub(super) fn position_in(&self, order: &Order) -> Option<&Position> {
        (self.order == text_of(order)).then_some(&self.position)
    }
}

fn text_of(order: &Order) -> String {
    let fields = order.iter().map(|(column, descending)| {
        let direction = if *descending { "desc" } else { "asc" };
        format!("{}:{direction}", column.name())
    });
    fields.collect::<Vec<_>>().join(",")
}

/// The columns of an order.
fn columns(order: &str) -> Option<Vec<Column>> {
    order.split(',').map(|field| Column::from_name(field.split_once(':')?.0)).collect()
}

/// JSON in the URL-safe alphabet: page, order, id, and a value for each column.
impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.position.key.iter().map(|key| match key {
            Key::Text(text) => json!(text),
            Key::Number(number) => json!(number),
        });
        let key: Vec<Value> = key.collect();
        let text = json!([self.page, self.order, self.position.id, key]).to_string();
        formatter.write_str(&BASE64_URL_SAFE_NO_PAD.encode(text))
    }
}

impl FromStr for Cursor {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        parse(text).ok_or(Malformed)
    }
}

fn parse(text: &str) -> Option<Cursor> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let json = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (page, order, id, key): (u32, String, String, Vec<Value>) = serde_json::from_slice(&json).ok()?;
    let columns = columns(&order)?;
    if page == 0 || key.len() != columns.len() || id.chars().any(char::is_control) {
        return None;
    }
    let key: Option<Vec<Key>> = columns.into_iter().zip(key).map(|(column, value)| key_of(column, value)).collect();
    Some(Cursor { page, order, position: Position { key: key?, id } })
}

/// A value of a column. No text of a record has control characters, which databases do not all take.
fn key_of(column: Column, value: Value) -> Option<Key> {
    match value {
        Value::Number(number) if column.is_number() => number.as_i64().map(Key::Number),
        Value::String(text) if !column.is_number() && !text.chars().any(char::is_control) => Some(Key::Text(text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &Order = &[(Column::Name, false), (Column::CreatedAt, true)];

    fn cursor() -> Cursor {
        let key = vec![Key::Text("Größe \"1\"".to_owned()), Key::Number(-5)];
        Cursor::new(7, ORDER, Position { key, id: "0192-x".to_owned() })
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = cursor().to_string();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{text}");
        assert_eq!(text.parse(), Ok(cursor()));
        assert!(cursor().position_in(ORDER).is_some());
        for other in [&ORDER[..1], &[ORDER[1], ORDER[0]], &[ORDER[0], (Column::CreatedAt, false)], &[]] {
            assert!(cursor().position_in(other).is_none(), "{other:?}");
        }
        for characters in [255, 3 * 255] {
            let long = Position { key: vec![Key::Text("𝔸".repeat(characters))], id: "i".repeat(36) };
            let long = Cursor::new(u32::MAX, &ORDER[..1], long);
            assert_eq!(long.to_string().parse(), Ok(long));
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let encoded = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        for text in [
            "x".to_owned(),
            "=".to_owned(),
            "a".repeat(MAX_BYTES + 1),
            encoded(""),
            encoded("[]"),
            encoded(r#"[0,"name:asc","i",["n"]]"#),
            encoded(r#"[-1,"name:asc","i",["n"]]"#),
            encoded(r#"[4294967296,"name:asc","i",["n"]]"#),
            encoded(r#"[1,"","i",[]]"#),
            encoded(r#"[1,"name","i",["n"]]"#),
            encoded(r#"[1,"config:asc","i",["n"]]"#),
            encoded(r#"[1,"name:asc","i",[]]"#),
            encoded(r#"[1,"name:asc","i",["n","m"]]"#),
            encoded(r#"[1,"name:asc","i",[1]]"#),
            encoded(r#"[1,"name:asc","i",[null]]"#),
            encoded(r#"[1,"name:asc","i",["\u0000"]]"#),
            encoded(r#"[1,"name:asc","i\u0000",["n"]]"#),
            encoded(r#"[1,"created_at:asc","i",["1"]]"#),
            encoded(r#"[1,"created_at:asc","i",[1.5]]"#),
            encoded(r#"[1,"name:asc","i",["n"],1]"#),
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(Malformed), "{text}");
        }
        // Another place, and no harm.
        assert!(encoded(r#"[1,"name:asc","' or 1=1 --",["' or 1=1 --"]]"#).parse::<Cursor>().is_ok());
    }
}
