//! A connection's row, out of its columns and into them.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::rendition::{self, Rendition, Which};
use super::{Status, owner};
use crate::audit::Resource;
use crate::store::columns::Column;
use crate::store::usage;
use crate::store::{Damaged, Error, Record};

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
    /// Unique among what a project sees; never changes.
    pub slug: String,
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// The tags in the tenant's order.
    pub tags: Vec<String>,
    /// The connection type; never changes.
    pub connection_type: String,
    /// The member of a request's body that holds the configuration.
    pub config_member: String,
    /// JSON: the configuration as the tenant sent it.
    pub config_sent: String,
    /// JSON: `connectors::Binding`s, which say what the credentials were accepted for. They are the host's decision, and
    /// stay when another version takes the connection over.
    pub bindings: String,
    /// Where the credentials are, if there are any.
    pub secret: Option<SecretLocation>,
    /// What shows that id, project, secret and bindings are as the host has written them; see
    /// [`RowFacts`](crate::secrets::RowFacts).
    pub signature: Option<String>,
    /// The last secret version that was given out.
    pub secret_sequence: i64,
    /// What its last test has said, or that it is not to be used.
    pub status: Status,
    /// Why.
    pub status_reason: Option<String>,
    /// What the connector version that serves it has made of it.
    pub serving: Rendition,
    /// What that version says of itself; none when it is gone.
    pub connector: Option<ConnectorFacts>,
    /// What it was before that version took it over; none once somebody has changed it.
    pub before: Option<Rendition>,
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

impl ConnectionRow {
    /// That this row is damaged.
    pub fn damaged(&self, what: &str) -> Damaged {
        Damaged { record: Record::Connection, id: self.id.clone(), what: what.to_owned() }
    }
}

/// What is written once, when a connection is registered.
pub(super) fn lasting_columns(row: &ConnectionRow) -> Vec<Column<'_>> {
    vec![
        ("id", (&row.id).into()),
        ("organization", (&row.organization).into()),
        ("project", (&row.project).into()),
        ("resource_uri", (&row.resource_uri).into()),
        ("slug", (&row.slug).into()),
        ("connection_type", (&row.connection_type).into()),
        ("secret_sequence", row.secret_sequence.into()),
        ("created_by", (&row.created_by).into()),
        ("created_at", row.created_at.into()),
        ("last_tested_at", row.last_tested_at.into()),
        ("revision", row.revision.into()),
        ("test_revision", row.test_revision.into()),
    ]
}

/// All that a change may change.
pub(super) fn changing_columns(row: &ConnectionRow) -> Vec<Column<'_>> {
    let (secret, upgrade) = (row.secret.as_ref(), row.upgrade.as_ref());
    let mut columns = vec![
        ("name", (&row.name).into()),
        ("description", (&row.description).into()),
        ("search_text", search_text(row).into()),
        ("tags", to_json(&row.tags).into()),
        ("config_member", (&row.config_member).into()),
        ("config_sent", (&row.config_sent).into()),
        ("bindings", (&row.bindings).into()),
        ("secret_store", secret.map(|secret| &*secret.store).into()),
        ("secret_key", secret.map(|secret| &*secret.key).into()),
        ("secret_version", secret.map(|secret| secret.version).into()),
        ("secret_bytes", secret.map_or(0, |secret| secret.bytes).into()),
        ("bytes", bytes(row).into()),
        ("signature", row.signature.as_deref().into()),
        ("status", row.status.name().into()),
        ("status_reason", row.status_reason.as_deref().into()),
        ("upgrade_digest", upgrade.map(|upgrade| &*upgrade.digest).into()),
        ("upgrade", upgrade.map(|upgrade| &*upgrade.upgrade).into()),
        ("updated_by", (&row.updated_by).into()),
        ("updated_at", row.updated_at.into()),
    ];
    columns.extend(rendition::columns(Some(&row.serving), Which::Serving));
    columns.extend(rendition::columns(row.before.as_ref(), Which::Before));
    columns
}

/// What it takes of its organization's.
pub(super) fn bytes(row: &ConnectionRow) -> i64 {
    let texts = [&row.name, &row.description, &row.config_sent, &row.serving.config, &row.bindings];
    let bytes = usage::bytes(texts.map(String::as_str), &row.tags);
    i64::try_from(bytes).unwrap_or(i64::MAX) + row.secret.as_ref().map_or(0, |secret| secret.bytes)
}

fn search_text(row: &ConnectionRow) -> String {
    format!("{}\n{}", row.name, row.description).to_lowercase()
}

fn to_json(tags: &[String]) -> String {
    serde_json::Value::from(tags).to_string()
}

impl From<&ConnectionRow> for Resource {
    fn from(row: &ConnectionRow) -> Self {
        Self::Connection { owner: owner(row), resource_uri: row.resource_uri.clone() }
    }
}

impl TryFrom<&AnyRow> for ConnectionRow {
    type Error = Error;

    fn try_from(row: &AnyRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            organization: row.try_get("organization")?,
            project: row.try_get("project")?,
            resource_uri: row.try_get("resource_uri")?,
            slug: row.try_get("slug")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            tags: tags_of(row)?,
            connection_type: row.try_get("connection_type")?,
            config_member: row.try_get("config_member")?,
            config_sent: row.try_get("config_sent")?,
            bindings: row.try_get("bindings")?,
            secret: secret(row)?,
            signature: row.try_get("signature")?,
            secret_sequence: row.try_get("secret_sequence")?,
            status: Status::stored(row.try_get("status")?)?,
            status_reason: row.try_get("status_reason")?,
            serving: Rendition::read(row, Which::Serving)?
                .ok_or(Error::Damaged("connector version of a connection"))?,
            connector: connector_facts(row)?,
            before: Rendition::read(row, Which::Before)?,
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

/// Where the credentials are.
pub(super) fn secret(row: &AnyRow) -> Result<Option<SecretLocation>, Error> {
    let (store, key) = (row.try_get("secret_store")?, row.try_get("secret_key")?);
    match (store, key, row.try_get("secret_version")?) {
        (Some(store), Some(key), Some(version)) => {
            Ok(Some(SecretLocation { store, key, version, bytes: row.try_get("secret_bytes")? }))
        }
        (None, None, None) => Ok(None),
        _ => Err(Error::Damaged("secret reference")),
    }
}

pub(super) fn tags_of(row: &AnyRow) -> Result<Vec<String>, Error> {
    let tags: String = row.try_get("tags")?;
    serde_json::from_str(&tags).map_err(|_| Error::Damaged("list of tags"))
}

fn connector_facts(row: &AnyRow) -> Result<Option<ConnectorFacts>, Error> {
    let facts = (row.try_get("connector_version")?, row.try_get("connector_contract")?);
    Ok(if let (Some(version), Some(contract)) = facts { Some(ConnectorFacts { version, contract }) } else { None })
}

fn upgrade(row: &AnyRow) -> Result<Option<UpgradeRow>, Error> {
    match (row.try_get("upgrade_digest")?, row.try_get("upgrade")?) {
        (Some(digest), Some(upgrade)) => Ok(Some(UpgradeRow { digest, upgrade })),
        (None, None) => Ok(None),
        _ => Err(Error::Damaged("connector upgrade")),
    }
}
