//! Connections as the rest of the host sees them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::auth::Tenant;
use crate::connectors::change::compare::Difference;
use crate::connectors::{Accepted, Binding, VersionInUse};
use crate::store::connections::{ConnectionRow, Rendition};
use crate::store::{self, Damaged};

pub use crate::store::connections::Status;

/// A registered connection; no credential, ever. Times are microseconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// `data:<org>:<project>:<slug>`.
    pub resource_uri: String,
    /// Its last segment, which is unique among what a project sees.
    pub slug: String,
    /// The tenant that it belongs to.
    pub tenant: Tenant,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The connection type.
    pub connection_type: String,
    /// The member that holds the configuration.
    pub config_member: String,
    /// The normalised configuration.
    pub config: Value,
    /// Every credential of its method, and whether it is set.
    pub credentials_set: Vec<(String, bool)>,
    /// Where those that are set may be sent.
    pub bindings: Vec<Binding>,
    /// Its status.
    pub status: Status,
    /// Why, for people.
    pub status_reason: Option<String>,
    /// The connector version that serves it.
    pub connector_version: String,
    /// Its digest.
    pub connector_digest: String,
    /// The version of the contract that it was built for; none when the version is gone.
    pub connector_contract: Option<String>,
    /// A version that waits for the tenant's agreement.
    pub upgrade: Option<Upgrade>,
    /// Who registered it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was registered.
    pub created_at: i64,
    /// When somebody changed it last; a test is no change.
    pub updated_at: i64,
    /// When it was tested last.
    pub last_tested_at: Option<i64>,
    /// Grows by one with every change that somebody makes. What a client edits depends on it alone: `If-Match` is
    /// about this number, so that a test in between does not break an edit.
    pub revision: i64,
    /// Grows by one with every recorded test. It is a part of the `ETag`, because the record looks different after a
    /// test, and no part of `If-Match`.
    pub test_revision: i64,
}

/// A connector version that would lead a connection elsewhere, or does not accept it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgrade {
    /// Its digest.
    pub digest: String,
    /// Its semantic version.
    pub version: String,
    /// Why it has not taken the connection over, for people.
    pub reason: String,
    /// What of the descriptor would differ.
    pub differences: Vec<Difference>,
}

impl Connection {
    /// The text of the `ETag` without its quotes, such as `3.7`: revision and test revision.
    pub fn etag(&self) -> String {
        format!("{}.{}", self.revision, self.test_revision)
    }

    /// The revision in the text of an `ETag`, for `If-Match`; none when it is not one of ours.
    pub fn revision_of(etag: &str) -> Option<i64> {
        let (revision, test_revision) = etag.split_once('.')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits(revision) && digits(test_revision) { revision.parse().ok() } else { None }
    }
}

impl TryFrom<ConnectionRow> for Connection {
    type Error = Damaged;

    fn try_from(row: ConnectionRow) -> Result<Self, Damaged> {
        let tenant = super::owner(&row);
        let credentials_set = credentials_set(&row)?;
        let bindings = bindings(&row)?;
        let config = parse(&row, &row.serving.config, "configuration")?;
        let upgrade = row.upgrade.as_ref().map(|it| parse(&row, &it.upgrade, "connector upgrade")).transpose()?;
        Ok(Self {
            tenant,
            bindings,
            resource_uri: row.resource_uri,
            slug: row.slug,
            name: row.name,
            description: row.description,
            tags: row.tags,
            connection_type: row.connection_type,
            config_member: row.config_member,
            config,
            credentials_set,
            status: row.status,
            status_reason: row.status_reason,
            connector_version: row.connector.as_ref().map_or(row.serving.written_by, |it| it.version.clone()),
            connector_digest: row.serving.digest,
            connector_contract: row.connector.map(|it| it.contract),
            upgrade,
            created_by: row.created_by,
            updated_by: row.updated_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_tested_at: row.last_tested_at,
            revision: row.revision,
            test_revision: row.test_revision,
        })
    }
}

/// What the connector accepted when the connection was registered or changed, as the version that serves it has it.
pub(crate) fn accepted(row: &ConnectionRow) -> Result<Accepted, Damaged> {
    let credentials = credentials_set(row)?.into_iter();
    let mut credentials_set: Vec<_> = credentials.filter_map(|(name, set)| set.then_some(name)).collect();
    credentials_set.sort();
    Ok(Accepted {
        sent: parse(row, &row.config_sent, "configuration")?,
        normalised: parse(row, &row.serving.config, "configuration")?,
        auth_method: row.serving.auth_method.clone(),
        credentials_set,
        written_by: row.serving.written_by.clone(),
    })
}

/// What its stored credentials were accepted for.
pub(crate) fn bindings(row: &ConnectionRow) -> Result<Vec<Binding>, Damaged> {
    parse(row, &row.bindings, "list of bindings")
}

/// What a version has accepted, as it is stored.
pub(crate) fn rendition(connector: &VersionInUse, accepted: Accepted) -> Rendition {
    let names = schema_properties(connector, &accepted.auth_method);
    // Each credential of the method, in the order of its schema.
    let credentials_set: Map<String, Value> =
        names.map(|name| (name.clone(), accepted.credentials_set.contains(name).into())).collect();
    Rendition {
        digest: connector.digest().to_owned(),
        config: accepted.normalised.to_string(),
        written_by: accepted.written_by,
        credentials_set: Value::Object(credentials_set).to_string(),
        auth_method: accepted.auth_method,
    }
}

/// What credentials were accepted for, as it is stored.
pub(super) fn bindings_to_json(bindings: &[Binding]) -> Result<String, store::Error> {
    serde_json::to_string(bindings).map_err(|_| store::Error::Damaged("list of bindings"))
}

/// The names of the method's credentials, in the order of its schema.
pub(super) fn schema_properties<'a>(
    connector: &'a VersionInUse,
    auth_method: &'a str,
) -> impl Iterator<Item = &'a String> {
    let method = connector.manifest().auth_methods.iter().find(move |method| method.name == auth_method);
    let properties = method.and_then(|method| method.credential_schema.get("properties")?.as_object());
    properties.into_iter().flat_map(Map::keys)
}

/// JSON out of a row.
pub(super) fn parse<T: serde::de::DeserializeOwned>(row: &ConnectionRow, json: &str, what: &str) -> Result<T, Damaged> {
    serde_json::from_str(json).map_err(|_| row.damaged(what))
}

/// Every credential of the row's method, in the order of its schema, and whether it is set.
pub(super) fn credentials_set(row: &ConnectionRow) -> Result<Vec<(String, bool)>, Damaged> {
    let members: Map<String, Value> = parse(row, &row.serving.credentials_set, "list of credentials")?;
    members
        .into_iter()
        .map(|(name, set)| Ok((name, set.as_bool().ok_or_else(|| row.damaged("list of credentials"))?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_revision_is_read_from_our_etags_alone() {
        for (etag, revision) in [
            ("3.7", Some(3)),
            ("3", None),
            ("3.", None),
            (".7", None),
            ("+3.7", None),
            ("3.7.1", None),
            ("99999999999999999999.1", None),
            ("", None),
        ] {
            assert_eq!(Connection::revision_of(etag), revision, "{etag}");
        }
    }
}
