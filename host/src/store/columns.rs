//! Columns and what is written into them, side by side: nobody counts the placeholders of a wide table.

use std::borrow::Cow;

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

/// What is written into a column.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Text(Option<Cow<'a, str>>),
    Number(Option<i64>),
}

/// A column's name, and what is written into it. Names are this program's own words.
pub(super) type Column<'a> = (&'static str, Value<'a>);

/// A statement that inserts a row of these columns; `tail` is what follows the values.
pub(super) fn insert(table: &'static str, columns: &[Column<'_>], tail: &'static str) -> AssertSqlSafe<String> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let values = crate::sqlite::placeholders(1, columns.len());
    AssertSqlSafe(format!("insert into {table} ({}) values {values} {tail}", names.join(", ")))
}

/// `name = $7, description = $8, …`: what an `update` sets, where the statement has used so many placeholders itself.
pub(super) fn assignments(columns: &[Column<'_>], used: usize) -> String {
    let numbered = columns.iter().zip(used + 1..);
    let assignments: Vec<String> = numbered.map(|((name, _), number)| format!("{name} = ${number}")).collect();
    assignments.join(", ")
}

/// Binds the values, each to the next placeholder.
pub(super) fn bind<'q>(
    mut query: Query<'q, Any, AnyArguments>,
    columns: &[Column<'_>],
) -> Query<'q, Any, AnyArguments> {
    for (_, value) in columns {
        query = match value {
            Value::Text(text) => query.bind(text.as_deref().map(str::to_owned)),
            Value::Number(number) => query.bind(*number),
        };
    }
    query
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(Cow::Borrowed(text)))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Some(Cow::Owned(text)))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text.map(Cow::Borrowed))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}
