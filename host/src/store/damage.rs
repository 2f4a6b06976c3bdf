//! Rows that cannot be read, because something else than this program has written into them. One of them is in nobody's
//! way: it is left out where others are with it, and that is told once.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Error;
use crate::once::Once;

/// Of what a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// A connection, by its id.
    Connection,
    /// A connector version, by its digest.
    ConnectorVersion,
}

/// A row that has something which this program does not store there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {what} of the {} {id} is damaged", record.name())]
pub struct Damaged {
    /// Of what it is.
    pub record: Record,
    /// Which one.
    pub id: String,
    /// What of it is damaged: words of this program.
    pub what: String,
}

/// The damaged rows that have been told of. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Damages(Once<String>);

impl Record {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::ConnectorVersion => "connector version",
        }
    }

    /// The column that names it.
    fn key(self) -> &'static str {
        match self {
            Self::Connection => "id",
            Self::ConnectorVersion => "digest",
        }
    }

    /// Reads a row of it. Nothing but damage keeps a row that is here already from being read.
    pub(super) fn read<'r, T: TryFrom<&'r AnyRow, Error = Error>>(self, row: &'r AnyRow) -> Result<T, Damaged> {
        T::try_from(row).map_err(|error| Damaged {
            record: self,
            id: row.try_get(self.key()).unwrap_or_default(),
            what: match error {
                Error::Damaged(what) => what.to_owned(),
                Error::Database(sqlx::Error::ColumnDecode { index, .. }) => {
                    format!("column {}", index.trim_matches('"'))
                }
                _ => "row".to_owned(),
            },
        })
    }
}

/// The id or digest of a row, whether or not it can be read.
pub fn id_of<'a, T>(row: &'a Result<T, Damaged>, id: impl FnOnce(&'a T) -> &'a String) -> &'a String {
    row.as_ref().map_or_else(|damaged| &damaged.id, id)
}

impl Damages {
    /// Logs that a row is damaged, once.
    pub fn tell(&self, damaged: &Damaged) {
        if self.0.is_first(damaged.id.clone()) {
            tracing::error!(
                error = damaged as &dyn std::error::Error,
                "a damaged row is left out; restore it from a backup"
            );
        }
    }

    /// Those of some rows that can be read; the others are told of.
    pub fn readable<T>(&self, rows: impl IntoIterator<Item = Result<T, Damaged>>) -> Vec<T> {
        rows.into_iter().filter_map(|row| row.inspect_err(|damaged| self.tell(damaged)).ok()).collect()
    }
}
