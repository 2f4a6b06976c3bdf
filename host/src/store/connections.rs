//! Rows of connections. A tenant sees its project's own and its organization's own; it writes only the former, or, as
//! the organization, only the latter.

mod list;
mod tags;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::usage::{self, Difference};
use super::{Connection, Error, Transaction, project};
use crate::auth::Tenant;

pub use list::{Column, Selection, list};

/// One row. JSON is text; times are microseconds since 1970 in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionRow {
    /// A UUID, version 7.
    pub id: String,
    /// The organization.
    pub organization: String,
    /// The project; empty for the organization's own.
    pub project: String,
    /// Unique within the organization; never changes.
    pub resource_uri: String,
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// The tags in the tenant's order.
    pub tags: Vec<String>,
    /// The connector's type name; never changes.
    pub connection_type: String,
    /// The member of a request's body that holds the configuration.
    pub config_member: String,
    /// One of the connector's authentication methods.
    pub auth_method: String,
    /// JSON: the configuration as the tenant sent it.
    pub config_sent: String,
    /// JSON: the configuration as the connector normalised it.
    pub config: String,
    /// JSON: credential name → whether it is set.
    pub credentials_set: String,
    /// JSON: `connectors::Binding`s.
    pub bindings: String,
    /// Where the credentials are, if there are any.
    pub secret: Option<SecretLocation>,
    /// What shows that id, project, secret and bindings are as the host has written them; see
    /// [`RowFacts`](crate::secrets::RowFacts).
    pub signature: Option<String>,
    /// The last secret version that was given out.
    pub secret_sequence: i64,
    /// `PENDING`, `ACTIVE`, `ERROR` or `DISABLED`.
    pub status: String,
    /// Why.
    pub status_reason: Option<String>,
    /// The connector version that wrote the configuration, as its manifest has it.
    pub written_by: String,
    /// The digest of the connector version that serves it.
    pub connector_digest: String,
    /// What that version says of itself; none when it is gone.
    pub connector: Option<ConnectorFacts>,
    /// What it was before that version took it over; none once somebody has changed it.
    pub before: Option<Before>,
    /// The connector version that waits for its tenant's agreement.
    pub upgrade: Option<UpgradeRow>,
    /// Who registered it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was registered.
    pub created_at: i64,
    /// When somebody changed it last.
    pub updated_at: i64,
    /// When it was tested last.
    pub last_tested_at: Option<i64>,
    /// Grows by one with every change that somebody makes.
    pub revision: i64,
    /// Grows by one with every recorded test.
    pub test_revision: i64,
}

/// What a connector version says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorFacts {
    /// A semantic version.
    pub version: String,
    /// The version of the contract.
    pub contract: String,
}

/// What a connection was before another connector version took it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// The digest of the version that served it.
    pub digest: String,
    /// The configuration.
    pub config: String,
    /// The version that wrote the configuration.
    pub written_by: String,
    /// The authentication method.
    pub auth_method: String,
    /// JSON: credential name → whether it is set.
    pub credentials_set: String,
}

/// A connector version that would lead a connection elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpgradeRow {
    /// Its digest.
    pub digest: String,
    /// JSON: what would change.
    pub upgrade: String,
}

/// Where a secret version is; whose it is goes without saying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretLocation {
    /// The secret store's name.
    pub store: String,
    /// The key within the organization.
    pub key: String,
    /// The version.
    pub version: i64,
    /// How large the secret is.
    pub bytes: i64,
}

/// The outcome of a test, to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct TestOutcome<'a> {
    /// `ACTIVE` or `ERROR`.
    pub status: &'a str,
    /// Why.
    pub status_reason: Option<&'a str>,
    /// When.
    pub tested_at: i64,
}

/// Inserts a row; false when its resource URI is taken. Refused when the tenant has as much as it may have.
pub async fn insert(transaction: &mut Transaction, row: &ConnectionRow) -> Result<bool, Error> {
    let inserted = sqlx::query(
        "insert into connections (id, organization, project, resource_uri, name, description, search_text, tags,
             connection_type, config_member, auth_method, config_sent, config, credentials_set, bindings, secret_store,
             secret_key, secret_version, secret_sequence, status, status_reason, written_by, connector_digest,
             created_by, updated_by, created_at, updated_at, last_tested_at, revision, test_revision, secret_bytes,
             bytes, signature)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
             $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)
         on conflict (organization, resource_uri) do nothing returning id",
    )
    .bind(&row.id)
    .bind(&row.organization)
    .bind(&row.project)
    .bind(&row.resource_uri)
    .bind(&row.name)
    .bind(&row.description)
    .bind(search_text(row))
    .bind(to_json(&row.tags))
    .bind(&row.connection_type)
    .bind(&row.config_member)
    .bind(&row.auth_method)
    .bind(&row.config_sent)
    .bind(&row.config)
    .bind(&row.credentials_set)
    .bind(&row.bindings)
    .bind(row.secret.as_ref().map(|secret| &*secret.store))
    .bind(row.secret.as_ref().map(|secret| &*secret.key))
    .bind(row.secret.as_ref().map(|secret| secret.version))
    .bind(row.secret_sequence)
    .bind(&row.status)
    .bind(row.status_reason.as_deref())
    .bind(&row.written_by)
    .bind(&row.connector_digest)
    .bind(&row.created_by)
    .bind(&row.updated_by)
    .bind(row.created_at)
    .bind(row.updated_at)
    .bind(row.last_tested_at)
    .bind(row.revision)
    .bind(row.test_revision)
    .bind(row.secret.as_ref().map_or(0, |secret| secret.bytes))
    .bind(bytes(row))
    .bind(row.signature.as_deref())
    .fetch_optional(&mut **transaction)
    .await?;
    if inserted.is_none() {
        return Ok(false);
    }
    let tags = tags::add(transaction, row, &tags::different(&row.tags)).await?;
    let added = Difference { connections: 1, tags, bytes: bytes(row), ..Difference::default() };
    usage::add(transaction, &owner(row), added).await?;
    Ok(true)
}

/// Finds one that the tenant sees.
pub async fn find(
    connection: &mut Connection,
    tenant: &Tenant,
    resource_uri: &str,
) -> Result<Option<ConnectionRow>, Error> {
    sqlx::query(
        "select * from connection_records
         where organization = $1 and (project = $2 or project = '') and resource_uri = $3",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(resource_uri)
    .fetch_optional(connection)
    .await?
    .as_ref()
    .map(ConnectionRow::try_from)
    .transpose()
}

/// Writes all that a change may change, and the next revision; false when the tenant's own connection of this id no
/// longer has the revision and the test revision of `row`: the status is written too, and would undo that of a test
/// recorded since. Type, resource URI, secret sequence and the time of the last test stay. Refused when the tenant has as
/// much as it may have.
pub async fn update(transaction: &mut Transaction, tenant: &Tenant, row: &ConnectionRow) -> Result<bool, Error> {
    let before =
        sqlx::query("select tags, bytes from connections where organization = $1 and project = $2 and id = $3")
            .bind(&tenant.organization)
            .bind(project(tenant))
            .bind(&row.id)
            .fetch_optional(&mut **transaction)
            .await?;
    let Some(before) = before else { return Ok(false) };
    let updated = sqlx::query(
        "update connections set name = $5, description = $6, search_text = $7, tags = $8, config_member = $9,
             auth_method = $10, config_sent = $11, config = $12, credentials_set = $13, bindings = $14,
             secret_store = $15, secret_key = $16, secret_version = $17, status = $18, status_reason = $19,
             written_by = $20, connector_digest = $21, updated_by = $22, updated_at = $23,
             before_digest = $25, before_config = $26, before_written_by = $27, before_auth_method = $28,
             before_credentials_set = $29, upgrade_digest = $30, upgrade = $31, secret_bytes = $32, bytes = $33,
             signature = $34, revision = revision + 1
         where organization = $1 and project = $2 and id = $3 and revision = $4 and test_revision = $24 returning id",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(&row.id)
    .bind(row.revision)
    .bind(&row.name)
    .bind(&row.description)
    .bind(search_text(row))
    .bind(to_json(&row.tags))
    .bind(&row.config_member)
    .bind(&row.auth_method)
    .bind(&row.config_sent)
    .bind(&row.config)
    .bind(&row.credentials_set)
    .bind(&row.bindings)
    .bind(row.secret.as_ref().map(|secret| &*secret.store))
    .bind(row.secret.as_ref().map(|secret| &*secret.key))
    .bind(row.secret.as_ref().map(|secret| secret.version))
    .bind(&row.status)
    .bind(row.status_reason.as_deref())
    .bind(&row.written_by)
    .bind(&row.connector_digest)
    .bind(&row.updated_by)
    .bind(row.updated_at)
    .bind(row.test_revision)
    .bind(row.before.as_ref().map(|before| &*before.digest))
    .bind(row.before.as_ref().map(|before| &*before.config))
    .bind(row.before.as_ref().map(|before| &*before.written_by))
    .bind(row.before.as_ref().map(|before| &*before.auth_method))
    .bind(row.before.as_ref().map(|before| &*before.credentials_set))
    .bind(row.upgrade.as_ref().map(|upgrade| &*upgrade.digest))
    .bind(row.upgrade.as_ref().map(|upgrade| &*upgrade.upgrade))
    .bind(row.secret.as_ref().map_or(0, |secret| secret.bytes))
    .bind(bytes(row))
    .bind(row.signature.as_deref())
    .fetch_optional(&mut **transaction)
    .await?;
    if updated.is_none() {
        return Ok(false);
    }
    let had: i64 = before.try_get("bytes")?;
    let tags = tags::replace(transaction, row, &tags_of(&before)?).await?;
    usage::add(transaction, tenant, Difference { tags, bytes: bytes(row) - had, ..Difference::default() }).await?;
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
    let updated = sqlx::query(
        "update connections set status = $6, status_reason = $7, last_tested_at = $8, test_revision = test_revision + 1
         where organization = $1 and project = $2 and id = $3 and config_sent = $4
             and coalesce(secret_version, 0) = $5 and bindings = $9 and status <> 'DISABLED'",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(&row.id)
    .bind(&row.config_sent)
    .bind(row.secret.as_ref().map_or(0, |secret| secret.version))
    .bind(outcome.status)
    .bind(outcome.status_reason)
    .bind(outcome.tested_at)
    .bind(&row.bindings)
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() > 0)
}

/// Deletes a row; false when the tenant's own connection of this id no longer has this revision.
pub async fn delete(transaction: &mut Transaction, tenant: &Tenant, id: &str, revision: i64) -> Result<bool, Error> {
    let deleted = sqlx::query(
        "delete from connections where organization = $1 and project = $2 and id = $3 and revision = $4
         returning tags, bytes",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(id)
    .bind(revision)
    .fetch_optional(&mut **transaction)
    .await?;
    let Some(deleted) = deleted else { return Ok(false) };
    let had: i64 = deleted.try_get("bytes")?;
    let tags = tags::forget(transaction, tenant, &tags::different(&tags_of(&deleted)?)).await?;
    usage::add(transaction, tenant, Difference { connections: -1, tags, bytes: -had, ..Difference::default() }).await?;
    Ok(true)
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
    let project = Some(row.project.clone()).filter(|project| !project.is_empty());
    Tenant { organization: row.organization.clone(), project }
}

/// What it takes of its organization's.
fn bytes(row: &ConnectionRow) -> i64 {
    let texts = [&row.name, &row.description, &row.config_sent, &row.config, &row.bindings];
    let bytes = usage::bytes(texts.map(String::as_str), &row.tags);
    i64::try_from(bytes).unwrap_or(i64::MAX) + row.secret.as_ref().map_or(0, |secret| secret.bytes)
}

fn search_text(row: &ConnectionRow) -> String {
    format!("{}\n{}", row.name, row.description).to_lowercase()
}

fn to_json(tags: &[String]) -> String {
    serde_json::Value::from(tags).to_string()
}

impl TryFrom<&AnyRow> for ConnectionRow {
    type Error = Error;

    fn try_from(row: &AnyRow) -> Result<Self, Error> {
        let secret_store: Option<String> = row.try_get("secret_store")?;
        let secret_key: Option<String> = row.try_get("secret_key")?;
        let secret_version: Option<i64> = row.try_get("secret_version")?;
        let bytes = row.try_get("secret_bytes")?;
        let secret = match (secret_store, secret_key, secret_version) {
            (Some(store), Some(key), Some(version)) => Some(SecretLocation { store, key, version, bytes }),
            (None, None, None) => None,
            _ => return Err(Error::Damaged("secret reference")),
        };
        Ok(Self {
            id: row.try_get("id")?,
            organization: row.try_get("organization")?,
            project: row.try_get("project")?,
            resource_uri: row.try_get("resource_uri")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            tags: tags_of(row)?,
            connection_type: row.try_get("connection_type")?,
            config_member: row.try_get("config_member")?,
            auth_method: row.try_get("auth_method")?,
            config_sent: row.try_get("config_sent")?,
            config: row.try_get("config")?,
            credentials_set: row.try_get("credentials_set")?,
            bindings: row.try_get("bindings")?,
            secret,
            signature: row.try_get("signature")?,
            secret_sequence: row.try_get("secret_sequence")?,
            status: row.try_get("status")?,
            status_reason: row.try_get("status_reason")?,
            written_by: row.try_get("written_by")?,
            connector_digest: row.try_get("connector_digest")?,
            connector: connector_facts(row)?,
            before: before(row)?,
            upgrade: upgrade(row)?,
            created_by: row.try_get("created_by")?,
            updated_by: row.try_get("updated_by")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            last_tested_at: row.try_get("last_tested_at")?,
            revision: row.try_get("revision")?,
            test_revision: row.try_get("test_revision")?,
        })
    }
}

fn tags_of(row: &AnyRow) -> Result<Vec<String>, Error> {
    let tags: String = row.try_get("tags")?;
    serde_json::from_str(&tags).map_err(|_| Error::Damaged("list of tags"))
}

fn connector_facts(row: &AnyRow) -> Result<Option<ConnectorFacts>, Error> {
    let facts = (row.try_get("connector_version")?, row.try_get("connector_contract")?);
    Ok(if let (Some(version), Some(contract)) = facts { Some(ConnectorFacts { version, contract }) } else { None })
}

fn before(row: &AnyRow) -> Result<Option<Before>, Error> {
    let Some(digest) = row.try_get("before_digest")? else { return Ok(None) };
    Ok(Some(Before {
        digest,
        config: row.try_get("before_config")?,
        written_by: row.try_get("before_written_by")?,
        auth_method: row.try_get("before_auth_method")?,
        credentials_set: row.try_get("before_credentials_set")?,
    }))
}

fn upgrade(row: &AnyRow) -> Result<Option<UpgradeRow>, Error> {
    match (row.try_get("upgrade_digest")?, row.try_get("upgrade")?) {
        (Some(digest), Some(upgrade)) => Ok(Some(UpgradeRow { digest, upgrade })),
        (None, None) => Ok(None),
        _ => Err(Error::Damaged("connector upgrade")),
    }
}
