//! Rows of connector versions, and of the files that they came from. They belong to the platform, not to a tenant.

mod state;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Change, Connection, Damaged, Error, Record, Transaction};

pub use state::State;

/// One row. JSON is text; times are microseconds since 1970 in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorVersionRow {
    /// `sha256:` and 64 hex digits of its bytes.
    pub digest: String,
    /// The type; empty until it has been admitted, as are the next two.
    pub connection_type: String,
    /// A semantic version.
    pub version: String,
    /// The version of the contract.
    pub contract: String,
    /// Where it stands.
    pub state: State,
    /// JSON: why it is not active.
    pub reasons: String,
    /// JSON: what it makes of the stored connections.
    pub shadow: Option<String>,
    /// The file of the watched directory; none when it was uploaded.
    pub file: Option<String>,
    /// The component's size.
    pub bytes: i64,
    /// Who uploaded it.
    pub created_by: String,
    /// When it came.
    pub created_at: i64,
    /// When its state changed last.
    pub changed_at: i64,
    /// When it became active last.
    pub activated_at: Option<i64>,
}

/// Inserts a row; false when the version is there already.
pub async fn insert(change: &mut Change, row: &ConnectorVersionRow) -> Result<bool, Error> {
    let inserted = sqlx::query(
        "insert into connector_versions (digest, connection_type, version, contract, state, reasons, shadow, file, bytes,
             created_by, created_at, changed_at, activated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (digest) do nothing returning digest",
    )
    .bind(&row.digest)
    .bind(&row.connection_type)
    .bind(&row.version)
    .bind(&row.contract)
    .bind(row.state.name())
    .bind(&row.reasons)
    .bind(row.shadow.as_deref())
    .bind(row.file.as_deref())
    .bind(row.bytes)
    .bind(&row.created_by)
    .bind(row.created_at)
    .bind(row.changed_at)
    .bind(row.activated_at)
    .fetch_optional(&mut ***change)
    .await?;
    Ok(inserted.is_some())
}

/// Writes all but digest, size and origin; false when the row is gone. A state that cannot follow the one that is there is
/// an error. Within a transaction, so that nobody writes between the look and the write.
pub async fn update(transaction: &mut Transaction, row: &ConnectorVersionRow) -> Result<bool, Error> {
    let now = sqlx::query_scalar::<_, String>("select state from connector_versions where digest = $1")
        .bind(&row.digest)
        .fetch_optional(&mut **transaction)
        .await?;
    let Some(now) = now else { return Ok(false) };
    State::stored(&now)?.check_next(row.state)?;
    let updated = sqlx::query(
        "update connector_versions set connection_type = $2, version = $3, contract = $4, state = $5, reasons = $6,
             shadow = $7, file = $8, changed_at = $9, activated_at = $10
         where digest = $1 returning digest",
    )
    .bind(&row.digest)
    .bind(&row.connection_type)
    .bind(&row.version)
    .bind(&row.contract)
    .bind(row.state.name())
    .bind(&row.reasons)
    .bind(row.shadow.as_deref())
    .bind(row.file.as_deref())
    .bind(row.changed_at)
    .bind(row.activated_at)
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(updated.is_some())
}

/// Finds one.
pub async fn find(connection: &mut Connection, digest: &str) -> Result<Option<ConnectorVersionRow>, Error> {
    sqlx::query("select * from connector_versions where digest = $1")
        .bind(digest)
        .fetch_optional(connection)
        .await?
        .map(|row| Ok(Record::ConnectorVersion.read(&row)?))
        .transpose()
}

/// All of them, the newest first.
pub async fn list(connection: &mut Connection) -> Result<Vec<Result<ConnectorVersionRow, Damaged>>, Error> {
    let rows =
        sqlx::query("select * from connector_versions order by created_at desc, digest").fetch_all(connection).await?;
    Ok(rows.iter().map(|row| Record::ConnectorVersion.read(row)).collect())
}

/// A type's active version.
pub async fn active(connection: &mut Connection, connection_type: &str) -> Result<Option<ConnectorVersionRow>, Error> {
    sqlx::query("select * from connector_versions where connection_type = $1 and state = 'ACTIVE'")
        .bind(connection_type)
        .fetch_optional(connection)
        .await?
        .map(|row| Ok(Record::ConnectorVersion.read(&row)?))
        .transpose()
}

/// Whether a version is the active one. What one that has been replaced would write into a connection must not be
/// written.
pub async fn is_active(connection: &mut Connection, digest: &str) -> Result<bool, Error> {
    let found: Option<String> =
        sqlx::query_scalar("select digest from connector_versions where digest = $1 and state = 'ACTIVE'")
            .bind(digest)
            .fetch_optional(connection)
            .await?;
    Ok(found.is_some())
}

/// The version of a type that was active before the present one, and has not been rolled back.
pub async fn last_good(
    connection: &mut Connection,
    connection_type: &str,
) -> Result<Option<ConnectorVersionRow>, Error> {
    sqlx::query(
        "select * from connector_versions where connection_type = $1 and state = 'RETIRED' and activated_at is not null
         order by activated_at desc limit 1",
    )
    .bind(connection_type)
    .fetch_optional(connection)
    .await?
    .map(|row| Ok(Record::ConnectorVersion.read(&row)?))
    .transpose()
}

/// The digests of a type's versions that are neither pending nor active and that no file of the watched directory holds,
/// the one whose state changed last first.
pub async fn spent(connection: &mut Connection, connection_type: &str) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar(
        "select digest from connector_versions where connection_type = $1 and state not in ('PENDING', 'ACTIVE')
             and digest not in (select digest from connector_files)
         order by changed_at desc",
    )
    .bind(connection_type)
    .fetch_all(connection)
    .await?)
}

/// Deletes a row; false when it is gone.
pub async fn delete(change: &mut Change, digest: &str) -> Result<bool, Error> {
    let deleted = sqlx::query("delete from connector_versions where digest = $1 returning digest")
        .bind(digest)
        .fetch_optional(&mut ***change)
        .await?;
    Ok(deleted.is_some())
}

/// The files that were last seen in the watched directory, each with the digest of what it held.
pub async fn files(connection: &mut Connection) -> Result<Vec<(String, String)>, Error> {
    Ok(sqlx::query_as("select name, digest from connector_files order by name").fetch_all(connection).await?)
}

/// Remembers what a file holds.
pub async fn record_file(connection: &mut Connection, name: &str, digest: &str) -> Result<(), Error> {
    sqlx::query(
        "insert into connector_files (name, digest) values ($1, $2)
         on conflict (name) do update set digest = excluded.digest",
    )
    .bind(name)
    .bind(digest)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets a file that is gone.
pub async fn forget_file(connection: &mut Connection, name: &str) -> Result<(), Error> {
    sqlx::query("delete from connector_files where name = $1").bind(name).execute(connection).await?;
    Ok(())
}

impl TryFrom<&AnyRow> for ConnectorVersionRow {
    type Error = Error;

    fn try_from(row: &AnyRow) -> Result<Self, Error> {
        Ok(Self {
            digest: row.try_get("digest")?,
            connection_type: row.try_get("connection_type")?,
            version: row.try_get("version")?,
            contract: row.try_get("contract")?,
            state: State::stored(row.try_get("state")?)?,
            reasons: row.try_get("reasons")?,
            shadow: row.try_get("shadow")?,
            file: row.try_get("file")?,
            bytes: row.try_get("bytes")?,
            created_by: row.try_get("created_by")?,
            created_at: row.try_get("created_at")?,
            changed_at: row.try_get("changed_at")?,
            activated_at: row.try_get("activated_at")?,
        })
    }
}
