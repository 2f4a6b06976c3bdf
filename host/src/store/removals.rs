//! Rows of removals: secret versions that nothing points at any more.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Connection, Error};
use crate::secrets::Reference;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovalRow {
    /// The secret store's name.
    pub store: String,
    /// The version to remove.
    pub reference: Reference,
    /// Since when.
    pub created_at: i64,
}

/// Inserts a row; one that is there is fine.
pub async fn insert(connection: &mut Connection, row: &RemovalRow) -> Result<(), Error> {
    sqlx::query(
        "insert into secret_removals (store, organization, key, version, created_at) values ($1, $2, $3, $4, $5)
         on conflict (store, organization, key, version) do nothing",
    )
    .bind(&row.store)
    .bind(&row.reference.organization)
    .bind(&row.reference.key)
    .bind(row.reference.version)
    .bind(row.created_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes a row.
pub async fn delete(connection: &mut Connection, row: &RemovalRow) -> Result<(), Error> {
    sqlx::query("delete from secret_removals where store = $1 and organization = $2 and key = $3 and version = $4")
        .bind(&row.store)
        .bind(&row.reference.organization)
        .bind(&row.reference.key)
        .bind(row.reference.version)
        .execute(connection)
        .await?;
    Ok(())
}

/// The oldest rows of one secret store behind `after` (all when none), but none that a connection points at after all.
pub async fn list(
    connection: &mut Connection,
    store: &str,
    after: Option<&RemovalRow>,
    limit: u32,
) -> Result<Vec<RemovalRow>, Error> {
    let (created_at, organization, key, version) = after.map_or((i64::MIN, "", "", i64::MIN), |row| {
        (row.created_at, &*row.reference.organization, &*row.reference.key, row.reference.version)
    });
    sqlx::query(
        "select * from secret_removals where store = $1 and not exists (
             select 1 from connections where secret_store = secret_removals.store and secret_key = key
                 and secret_version = version and connections.organization = secret_removals.organization)
             and (created_at, organization, key, version) > ($2, $3, $4, $5)
         order by created_at, organization, key, version limit $6",
    )
    .bind(store)
    .bind(created_at)
    .bind(organization)
    .bind(key)
    .bind(version)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(RemovalRow::try_from)
    .collect()
}

impl TryFrom<&AnyRow> for RemovalRow {
    type Error = Error;

    fn try_from(row: &AnyRow) -> Result<Self, Error> {
        Ok(Self { store: row.try_get("store")?, reference: row.try_into()?, created_at: row.try_get("created_at")? })
    }
}
