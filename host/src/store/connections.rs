//! Rows of connections. A project sees its own and its organization's own. The organization finds those of every project
//! too, and lists its own. Each is written as the tenant that it belongs to.

mod list;
pub(super) mod rendition;
mod row;
mod status;
mod tags;

use sqlx::{AssertSqlSafe, Row as _};

use super::usage::{self, Difference};
use super::{Change, Connection, Error, Record, columns, project};
use crate::auth::Tenant;
use row::{bytes, changing_columns, lasting_columns, secret, tags_of};

pub use list::{Column, Key, Page, Position, Selection, list};
pub use rendition::Rendition;
pub use row::{ConnectionRow, ConnectorFacts, SecretLocation, UpgradeRow};
pub use status::Status;

/// The outcome of a test, to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct TestOutcome<'a> {
    /// Whether it was good.
    pub status: Status,
    /// Why.
    pub status_reason: Option<&'a str>,
    /// When.
    pub tested_at: i64,
}

/// Enough of a connection to delete it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub id: String,
    /// The tenant that it belongs to.
    pub owner: Tenant,
    /// Its revision; none if that is damaged.
    pub revision: Option<i64>,
}

/// A connection that has been deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Where its credentials were, if it had any.
    pub secret: Option<SecretLocation>,
}

/// Inserts a row; false when its resource URI is taken. Refused when the tenant has as much as it may have.
pub async fn insert(change: &mut Change, row: &ConnectionRow) -> Result<bool, Error> {
    let columns = [lasting_columns(row), changing_columns(row)].concat();
    let insert =
        columns::insert("connections", &columns, "on conflict (organization, resource_uri) do nothing returning id");
    let inserted = columns::bind(sqlx::query(insert), &columns).fetch_optional(&mut ***change).await?;
    if inserted.is_none() {
        return Ok(false);
    }
    let tags = tags::add(change, row, &tags::different(&row.tags)).await?;
    let added = Difference { connections: 1, tags, bytes: bytes(row), ..Difference::default() };
    usage::add(change, &owner(row), added).await?;
    Ok(true)
}

/// The resource URI of a connection that has this slug where the tenant's would be seen beside it: in its project or in the
/// whole organization; for the whole organization, in any of its projects. In a [`Change`] it holds until that commits.
pub async fn with_slug(connection: &mut Connection, tenant: &Tenant, slug: &str) -> Result<Option<String>, Error> {
    Ok(sqlx::query_scalar(
        "select resource_uri from connections
         where organization = $1 and slug = $2 and ($3 = '' or project = $3 or project = '')
         order by project, id limit 1",
    )
    .bind(&tenant.organization)
    .bind(slug)
    .bind(project(tenant))
    .fetch_optional(connection)
    .await?)
}

/// Finds one by its name: of the tenant's project or of the whole organization; for the whole organization, of any of its
/// projects.
pub async fn find(
    connection: &mut Connection,
    tenant: &Tenant,
    resource_uri: &str,
) -> Result<Option<ConnectionRow>, Error> {
    sqlx::query(
        "select * from connection_records
         where organization = $1 and ($2 = '' or project = $2 or project = '') and resource_uri = $3",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(resource_uri)
    .fetch_optional(connection)
    .await?
    .map(|row| Ok(Record::Connection.read(&row)?))
    .transpose()
}

/// Writes all that a change may change, and the next revision; false when the tenant's own connection of this id no
/// longer has the revision and the test revision of `row`: the status is written too, and would undo that of a test
/// recorded since. Type, resource URI, secret sequence and the time of the last test stay. Refused when the tenant has as
/// much as it may have.
pub async fn update(change: &mut Change, tenant: &Tenant, row: &ConnectionRow) -> Result<bool, Error> {
    let before = sqlx::query(
        "select tags, bytes, status from connections
         where organization = $1 and project = $2 and id = $3 and revision = $4 and test_revision = $5",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(&row.id)
    .bind(row.revision)
    .bind(row.test_revision)
    .fetch_optional(&mut ***change)
    .await?;
    let Some(before) = before else { return Ok(false) };
    Status::stored(before.try_get("status")?)?.check_next(row.status)?;
    let columns = changing_columns(row);
    let update = format!(
        "update connections set {}, revision = revision + 1
         where organization = $1 and project = $2 and id = $3 and revision = $4 and test_revision = $5 returning id",
        columns::assignments(&columns, 5)
    );
    let query = sqlx::query(AssertSqlSafe(update))
        .bind(&tenant.organization)
        .bind(project(tenant))
        .bind(&row.id)
        .bind(row.revision)
        .bind(row.test_revision);
    let updated = columns::bind(query, &columns).fetch_optional(&mut ***change).await?;
    if updated.is_none() {
        return Ok(false);
    }
    let had: i64 = before.try_get("bytes")?;
    let tags = tags::replace(change, row, &tags_of(&before)?).await?;
    usage::add(change, tenant, Difference { tags, bytes: bytes(row) - had, ..Difference::default() }).await?;
    Ok(true)
}

/// Records a test of `row`; false when the connection has been disabled or deleted since, or no longer has the
/// configuration and the credentials that were tested, or may take these elsewhere by now.
pub async fn record_test(
    connection: &mut Connection,
    tenant: &Tenant,
    row: &ConnectionRow,
    outcome: TestOutcome<'_>,
) -> Result<bool, Error> {
    let testable: Vec<_> = Status::that_may_become(outcome.status).map(|it| format!("'{}'", it.name())).collect();
    let update = format!(
        "update connections set status = $6, status_reason = $7, last_tested_at = $8, test_revision = test_revision + 1
         where organization = $1 and project = $2 and id = $3 and config_sent = $4
             and coalesce(secret_version, 0) = $5 and bindings = $9 and status in ({})",
        testable.join(", ")
    );
    let updated = sqlx::query(AssertSqlSafe(update))
        .bind(&tenant.organization)
        .bind(project(tenant))
        .bind(&row.id)
        .bind(&row.config_sent)
        .bind(row.secret.as_ref().map_or(0, |secret| secret.version))
        .bind(outcome.status.name())
        .bind(outcome.status_reason)
        .bind(outcome.tested_at)
        .bind(&row.bindings)
        .execute(connection)
        .await?;
    Ok(updated.rows_affected() > 0)
}

/// As [`find`], even if the rest of its row is damaged.
pub async fn identify(
    connection: &mut Connection,
    tenant: &Tenant,
    resource_uri: &str,
) -> Result<Option<Identity>, Error> {
    let row = sqlx::query(
        "select id, organization, project, revision from connections
         where organization = $1 and ($2 = '' or project = $2 or project = '') and resource_uri = $3",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(resource_uri)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let owner = super::tenant(row.try_get("organization")?, row.try_get("project")?);
    Ok(Some(Identity { id: row.try_get("id")?, owner, revision: row.try_get("revision").ok() }))
}

/// Deletes a row, whatever is damaged in it; where its credentials were. None when the tenant has no connection of this id,
/// or, if a revision is given, has it with another one.
pub async fn delete(
    change: &mut Change,
    tenant: &Tenant,
    id: &str,
    revision: Option<i64>,
) -> Result<Option<Deleted>, Error> {
    let tags = tags::of(change, id).await?;
    let deleted = sqlx::query(
        "delete from connections where organization = $1 and project = $2 and id = $3 and ($4 = 0 or revision = $4)
         returning bytes, secret_store, secret_key, secret_version, secret_bytes",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(id)
    .bind(revision.unwrap_or(0))
    .fetch_optional(&mut ***change)
    .await?;
    let Some(deleted) = deleted else { return Ok(None) };
    let had: i64 = deleted.try_get("bytes").unwrap_or_default();
    let tags = tags::forget(change, tenant, &tags::different(&tags)).await?;
    usage::add(change, tenant, Difference { connections: -1, tags, bytes: -had, ..Difference::default() }).await?;
    // What a damaged reference pointed at is an orphan.
    Ok(Some(Deleted { secret: secret(&deleted).unwrap_or_default() }))
}

/// Gives out the next secret version of the tenant's own connection; none when it is gone. A version is given out
/// once, whatever becomes of it.
pub async fn next_secret_version(connection: &mut Connection, tenant: &Tenant, id: &str) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar(
        "update connections set secret_sequence = secret_sequence + 1
         where organization = $1 and project = $2 and id = $3 returning secret_sequence",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(id)
    .fetch_optional(connection)
    .await?)
}

/// The tenant that a row belongs to.
pub fn owner(row: &ConnectionRow) -> Tenant {
    super::tenant(row.organization.clone(), row.project.clone())
}
