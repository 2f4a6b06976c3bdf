//! Rows of intents: secret versions that are about to be put, so that none is lost when the process dies in between.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Connection, Error};
use crate::secrets::Reference;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentRow {
    /// A UUID.
    pub id: String,
    /// The secret store's name.
    pub store: String,
    /// The version that is about to be put.
    pub reference: Reference,
    /// When.
    pub created_at: i64,
}

/// Inserts a row.
pub async fn insert(connection: &mut Connection, row: &IntentRow) -> Result<(), Error> {
    sqlx::query(
        "insert into secret_intents (id, store, organization, key, version, created_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&row.id)
    .bind(&row.store)
    .bind(&row.reference.organization)
    .bind(&row.reference.key)
    .bind(row.reference.version)
    .bind(row.created_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes a row; false when it is not there.
pub async fn delete(connection: &mut Connection, id: &str) -> Result<bool, Error> {
    let deleted = sqlx::query("delete from secret_intents where id = $1 returning id")
        .bind(id)
        .fetch_optional(connection)
        .await?;
    Ok(deleted.is_some())
}

/// All rows. There are as many as secrets are being put right now, and those that a crash left.
pub async fn list(connection: &mut Connection) -> Result<Vec<IntentRow>, Error> {
    sqlx::query("select * from secret_intents order by created_at, id")
        .fetch_all(connection)
        .await?
        .iter()
        .map(IntentRow::try_from)
        .collect()
}

impl TryFrom<&AnyRow> for IntentRow {
    type Error = Error;

    fn try_from(row: &AnyRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            store: row.try_get("store")?,
            reference: row.try_into()?,
            created_at: row.try_get("created_at")?,
        })
    }
}
