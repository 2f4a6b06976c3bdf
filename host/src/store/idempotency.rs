//! Rows of idempotency keys: what a client asked for once and may ask for again without its being done twice.

use std::collections::BTreeMap;

use sqlx::Row;

use super::usage::{self, BYTES_PER_KEY, Difference};
use super::{Connection, Error, Transaction, project};
use crate::auth::Tenant;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRow {
    /// Who asked.
    pub principal: String,
    /// The client's key.
    pub key: String,
    /// Keyed digest of the request.
    pub request_digest: String,
    /// The resource URI of what was made.
    pub resource_uri: String,
    /// And its id: once it is deleted, another can have its resource URI.
    pub connection: String,
    /// When.
    pub created_at: i64,
}

/// Inserts a row; false when the tenant's principal has used the key since then: an older row gives way. Refused when the
/// tenant has as many as it may have.
pub async fn insert(
    transaction: &mut Transaction,
    tenant: &Tenant,
    row: &IdempotencyRow,
    since: i64,
) -> Result<bool, Error> {
    let forgotten = sqlx::query(
        "delete from idempotency_keys
         where organization = $1 and project = $2 and principal = $3 and key = $4 and created_at < $5",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(&row.principal)
    .bind(&row.key)
    .bind(since)
    .execute(&mut **transaction)
    .await?;
    let inserted = sqlx::query(
        "insert into idempotency_keys (organization, project, principal, key, request_digest, resource_uri, connection,
             created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (organization, project, principal, key) do nothing returning key",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(&row.principal)
    .bind(&row.key)
    .bind(&row.request_digest)
    .bind(&row.resource_uri)
    .bind(&row.connection)
    .bind(row.created_at)
    .fetch_optional(&mut **transaction)
    .await?;
    if inserted.is_some() && forgotten.rows_affected() == 0 {
        usage::add(transaction, tenant, keys(1)).await?;
    }
    Ok(inserted.is_some())
}

/// Finds one that is not older than `since`.
pub async fn find(
    connection: &mut Connection,
    tenant: &Tenant,
    principal: &str,
    key: &str,
    since: i64,
) -> Result<Option<IdempotencyRow>, Error> {
    let Some(row) = sqlx::query(
        "select * from idempotency_keys
         where organization = $1 and project = $2 and principal = $3 and key = $4 and created_at >= $5",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(principal)
    .bind(key)
    .bind(since)
    .fetch_optional(connection)
    .await?
    else {
        return Ok(None);
    };
    Ok(Some(IdempotencyRow {
        principal: row.try_get("principal")?,
        key: row.try_get("key")?,
        request_digest: row.try_get("request_digest")?,
        resource_uri: row.try_get("resource_uri")?,
        connection: row.try_get("connection")?,
        created_at: row.try_get("created_at")?,
    }))
}

/// Deletes so many of those that are older than `before`, of all tenants; how many it was.
pub async fn delete_older(transaction: &mut Transaction, before: i64, limit: u32) -> Result<usize, Error> {
    let deleted = sqlx::query(
        "delete from idempotency_keys where (organization, project, principal, key) in (
             select organization, project, principal, key from idempotency_keys where created_at < $1
             order by created_at limit $2)
         returning organization, project",
    )
    .bind(before)
    .bind(i64::from(limit))
    .fetch_all(&mut **transaction)
    .await?;
    let mut counts: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in &deleted {
        *counts.entry((row.try_get("organization")?, row.try_get("project")?)).or_default() += 1;
    }
    for ((organization, project), count) in counts {
        usage::add(transaction, &super::tenant(organization, project), keys(-count)).await?;
    }
    Ok(deleted.len())
}

/// Whether there are any that are older than `before`.
pub async fn any_older(connection: &mut Connection, before: i64) -> Result<bool, Error> {
    let row = sqlx::query("select 1 from idempotency_keys where created_at < $1 limit 1")
        .bind(before)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

fn keys(count: i64) -> Difference {
    Difference { idempotency_keys: count, bytes: count * BYTES_PER_KEY, ..Difference::default() }
}
