//! Which connector version serves which connection. A row names its version, so that a request that has read one is
//! served by that version from start to end, whatever is activated meanwhile.
//!
//! These functions are about the connections of all tenants: only the rollout of a connector calls them.

use std::borrow::Cow;

use sqlx::AssertSqlSafe;

use super::connections::rendition::COLUMNS;
use super::connections::{ConnectionRow, Rendition, UpgradeRow};
use super::{Connection, Damaged, Error, Record};
use crate::sqlite::placeholders;

/// The connections of a type that another version than this one serves.
#[derive(Debug, Clone, Copy)]
pub struct Others<'a> {
    /// The type.
    pub connection_type: &'a str,
    /// The version's digest.
    pub digest: &'a str,
    /// Whether those count that wait for their tenant because of it.
    pub with_held: bool,
}

/// The digests of the versions that connections or types need: those that serve a connection, the active ones, and what
/// each of these would be rolled back to (see [`last_good`](super::connector_versions::last_good)).
pub async fn needed(connection: &mut Connection) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar(
        "select connector_digest from connections
         union select digest from connector_versions where state = 'ACTIVE'
         union select digest from connector_versions as good where state = 'RETIRED' and activated_at is not null
             and exists (select 1 from connector_versions as active
                 where active.connection_type = good.connection_type and active.state = 'ACTIVE')
             and not exists (select 1 from connector_versions as later
                 where later.connection_type = good.connection_type and later.state = 'RETIRED'
                     and later.activated_at > good.activated_at)",
    )
    .fetch_all(connection)
    .await?)
}

/// How many connections each version serves, by digest.
pub async fn counts(connection: &mut Connection) -> Result<Vec<(String, i64)>, Error> {
    Ok(sqlx::query_as("select connector_digest, count(*) from connections group by connector_digest")
        .fetch_all(connection)
        .await?)
}

/// How many connections this version serves.
pub async fn served_by(connection: &mut Connection, digest: &str) -> Result<u64, Error> {
    let count: i64 = sqlx::query_scalar("select count(*) from connections where connector_digest = $1")
        .bind(digest)
        .fetch_one(connection)
        .await?;
    Ok(count.unsigned_abs())
}

/// The digests of active versions whose types have connections that other versions serve and that wait for nobody.
pub async fn missed_by(connection: &mut Connection) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar(
        "select digest from connector_versions where state = 'ACTIVE' and exists (
             select 1 from connections where connections.connection_type = connector_versions.connection_type
                 and connector_digest <> digest and coalesce(upgrade_digest, '') <> digest)",
    )
    .fetch_all(connection)
    .await?)
}

/// How many there are.
pub async fn count(connection: &mut Connection, others: Others<'_>) -> Result<u64, Error> {
    let count: i64 = sqlx::query_scalar(
        "select count(*) from connections where connection_type = $1 and connector_digest <> $2
             and ($3 = 1 or coalesce(upgrade_digest, '') <> $2)",
    )
    .bind(others.connection_type)
    .bind(others.digest)
    .bind(i64::from(others.with_held))
    .fetch_one(connection)
    .await?;
    Ok(count.unsigned_abs())
}

/// The next of them after this id, in the order of their ids.
pub async fn page(
    connection: &mut Connection,
    others: Others<'_>,
    after: &str,
    limit: u32,
) -> Result<Vec<Result<ConnectionRow, Damaged>>, Error> {
    let rows = sqlx::query(
        "select * from connection_records where connection_type = $1 and connector_digest <> $2
             and ($3 = 1 or coalesce(upgrade_digest, '') <> $2) and id > $4
         order by id limit $5",
    )
    .bind(others.connection_type)
    .bind(others.digest)
    .bind(i64::from(others.with_held))
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().map(|row| Record::Connection.read(row)).collect())
}

/// Leaves a connection with the version that serves it, and says what waits for its tenant. How many it was: none if
/// somebody has changed it since, or if that version is active no more.
pub async fn hold(connection: &mut Connection, row: &ConnectionRow, upgrade: &UpgradeRow) -> Result<u64, Error> {
    let held = sqlx::query(
        "update connections set upgrade_digest = $4, upgrade = $5, test_revision = test_revision + 1
         where id = $1 and revision = $2 and connector_digest = $3
             and exists (select 1 from connector_versions where digest = $4 and state = 'ACTIVE')",
    )
    .bind(&row.id)
    .bind(row.revision)
    .bind(&row.serving.digest)
    .bind(&upgrade.digest)
    .bind(&upgrade.upgrade)
    .execute(connection)
    .await?;
    Ok(held.rows_affected())
}

/// Gives connections to the version that has made these renditions of them, in one statement: others that write wait for
/// no more. How many it was; those that somebody has changed since stay as they are, and so do those whose version is
/// active no more.
pub async fn hand_over(
    connection: &mut Connection,
    rows: &[(&ConnectionRow, Cow<'_, Rendition>)],
) -> Result<u64, Error> {
    let keep = COLUMNS.map(|[serving, before]| format!("{before} = {serving}"));
    // SQLite and PostgreSQL name the columns of `values` alike (SQLite and PostgreSQL manuals, "SELECT" and "VALUES").
    let take = (4..).zip(COLUMNS).map(|(column, [serving, _])| format!("{serving} = column{column}"));
    let update = format!(
        "update connections set {}, {}, upgrade_digest = null, upgrade = null, test_revision = test_revision + 1
         from (values {}) as taken_over
         where id = column1 and revision = cast(column2 as bigint) and connector_digest = column3
             and exists (select 1 from connector_versions where digest = column4 and state = 'ACTIVE')",
        keep.join(", "),
        take.collect::<Vec<_>>().join(", "),
        placeholders(rows.len(), 3 + COLUMNS.len())
    );
    let mut query = sqlx::query(AssertSqlSafe(update));
    for (row, rendition) in rows {
        query = query.bind(&row.id).bind(row.revision).bind(&row.serving.digest);
        for member in rendition.members() {
            query = query.bind(member);
        }
    }
    Ok(query.execute(connection).await?.rows_affected())
}

/// Gives connections that `from` serves back to `to` as they were, where nobody has changed them since.
pub async fn give_back(connection: &mut Connection, from: &str, to: &str) -> Result<(), Error> {
    let take = COLUMNS.map(|[serving, before]| format!("{serving} = {before}, {before} = null"));
    let update = format!(
        "update connections set {}, upgrade_digest = null, upgrade = null, test_revision = test_revision + 1
         where connector_digest = $1 and before_digest = $2",
        take.join(", ")
    );
    sqlx::query(AssertSqlSafe(update)).bind(from).bind(to).execute(connection).await?;
    Ok(())
}

/// Forgets that connections wait for this version.
pub async fn withdraw(connection: &mut Connection, digest: &str) -> Result<(), Error> {
    sqlx::query(
        "update connections set upgrade_digest = null, upgrade = null, test_revision = test_revision + 1
         where upgrade_digest = $1",
    )
    .bind(digest)
    .execute(connection)
    .await?;
    Ok(())
}
