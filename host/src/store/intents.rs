//! Rows of intents: secret versions that are about to be put, so that none is lost when the process dies in between. Each
//! has an owner, the process that works on it, and a heartbeat, by which others see that it still does.

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
    /// When it was made.
    pub created_at: i64,
    /// The id of the process that works on it; empty in rows of before intents had owners.
    pub owner: String,
    /// When its owner said last that it works on it; 0 when it is known that it does so no more.
    pub heartbeat_at: i64,
}

/// Inserts a row.
pub async fn insert(connection: &mut Connection, row: &IntentRow) -> Result<(), Error> {
    sqlx::query(
        "insert into secret_intents (id, store, organization, key, version, created_at, owner, heartbeat_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&row.id)
    .bind(&row.store)
    .bind(&row.reference.organization)
    .bind(&row.reference.key)
    .bind(row.reference.version)
    .bind(row.created_at)
    .bind(&row.owner)
    .bind(row.heartbeat_at)
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

/// Deletes a row that nobody works on; false when it is not there any more, or its owner has said since that it does.
pub async fn abandon(connection: &mut Connection, row: &IntentRow) -> Result<bool, Error> {
    let deleted = sqlx::query("delete from secret_intents where id = $1 and heartbeat_at = $2 returning id")
        .bind(&row.id)
        .bind(row.heartbeat_at)
        .fetch_optional(connection)
        .await?;
    Ok(deleted.is_some())
}

/// Says of all intents of an owner that it works on them.
pub async fn beat(connection: &mut Connection, owner: &str, now: i64) -> Result<(), Error> {
    sqlx::query("update secret_intents set heartbeat_at = $2 where owner = $1")
        .bind(owner)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Says of all intents that nobody works on them: whoever has just locked the store knows that no other process is there.
pub(super) async fn expire(connection: &mut Connection) -> Result<(), Error> {
    sqlx::query("update secret_intents set heartbeat_at = 0 where heartbeat_at <> 0").execute(connection).await?;
    Ok(())
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
            owner: row.try_get("owner")?,
            heartbeat_at: row.try_get("heartbeat_at")?,
        })
    }
}
