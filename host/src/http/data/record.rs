//! The record of a connection, as every endpoint answers it. It has no credential and no mask.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::header::{ETAG, HeaderValue};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::candidate::Configuration;
use crate::connections::record::Upgrade;
use crate::connections::{Connection, Status};
use crate::connectors::Binding;
use crate::connectors::change::compare::Difference;
use crate::descriptor::TlsMode;
use crate::finding::Finding;
use crate::http::connectors::digest::Digest;
use crate::http::error::WireFinding;
use crate::http::preconditions::etag;

/// A registered connection.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Connection)]
pub struct ConnectionRecord {
    /// Names the connection for ever: `data:<organization>:<project>:<slug>`, compared whole.
    #[schema(example = "data:acme:sales:orders")]
    resource_uri: String,
    /// The first segment of fully qualified names, and the last one of `resource_uri`. Unique among what a project sees: its
    /// own connections and those of the whole organization.
    #[schema(example = "orders")]
    slug: String,
    /// For people.
    name: String,
    /// For people.
    description: String,
    /// For filters.
    tags: Vec<String>,
    /// The connection type.
    #[schema(example = "postgres")]
    connection_type: String,
    /// Whether the connection can be used, as far as is known.
    #[schema(value_type = Status)]
    status: &'static str,
    /// Why, for people.
    status_reason: Option<String>,
    /// The project; null for a connection of the whole organization.
    project_id: Option<String>,
    /// The organization.
    organization_id: String,
    /// Who registered it.
    #[schema(example = "user:alice")]
    created_by: String,
    /// Who changed it last.
    updated_by: String,
    /// Who registered the connection: the same as `created_by`.
    #[schema(deprecated)]
    owner_id: String,
    /// When the connection was registered.
    #[schema(format = DateTime)]
    created_at: String,
    /// When the connection was changed last. A test is no change.
    #[schema(format = DateTime)]
    updated_at: String,
    /// When the connection was tested last.
    #[schema(format = DateTime)]
    last_tested_at: Option<String>,
    /// The configuration, normalised by the connector, if the connector's `config_member` is this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Configuration, required = false)]
    database_config: Option<Value>,
    /// The configuration, normalised by the connector, if the connector's `config_member` is this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Configuration, required = false)]
    storage_config: Option<Value>,
    /// The configuration, normalised by the connector, if the connector's `config_member` is this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Configuration, required = false)]
    filesystem_config: Option<Value>,
    /// Every credential of the authentication method, and whether it is set.
    credentials_set: BTreeMap<String, bool>,
    /// Where those that are set are sent, and nowhere else: what is in force, whatever the configuration says. The connector
    /// may be stricter than the configuration, or decide by itself where whoever runs this installation has approved that.
    bindings: Vec<CredentialBinding>,
    /// The connector version that serves the connection.
    connector_version: String,
    /// The digest of the connector version that serves the connection.
    #[schema(value_type = Digest)]
    connector_digest: String,
    /// The version of the contract that it was built for; null when the version is gone.
    #[schema(example = "1.0.0")]
    connector_contract: Option<String>,
    /// A version that has not taken the connection over, because it would lead it elsewhere or does not accept it; null
    /// when there is none. `POST …/upgrade` agrees to it.
    connector_upgrade: Option<ConnectorUpgrade>,
    /// What there is to say of what was sent although it is accepted; only in the answer to a request that registers or
    /// changes, and only where there is something.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<WireFinding>,
}

/// Where credentials are sent, and how the way there is protected.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CredentialBinding {
    /// The names of the credentials.
    #[schema(example = json!(["password", "username"]))]
    credentials: Vec<String>,
    /// What the endpoint is for, such as `data`.
    endpoint_role: String,
    /// The host that the credentials go to.
    #[schema(example = "db.example.com")]
    host: String,
    /// The port that the credentials go to.
    #[schema(example = 5432)]
    port: u16,
    /// How the way there is protected.
    #[schema(value_type = TlsMode)]
    tls_mode: String,
    /// The name that `verify-full` looks for in the server's certificate.
    server_name: String,
    /// Whether the connection has root certificates of its own, and those of the installation do not count.
    own_roots: bool,
}

/// A connector version that waits for the tenant's agreement.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectorUpgrade {
    /// The digest of the new version: what to agree to.
    #[schema(value_type = Digest)]
    digest: String,
    /// The semantic version of the connector.
    version: String,
    /// Why it has not taken the connection over, for people.
    reason: String,
    /// What of the descriptor would differ; never a credential.
    differences: Vec<DescriptorDifference>,
}

/// One fact of a descriptor that two connector versions see differently.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DescriptorDifference {
    /// Where in the descriptor the change is, such as `endpoints/0/host`.
    path: String,
    /// By the version that serves the connection; null when it is not there.
    before: Option<String>,
    /// By the other one.
    after: Option<String>,
}

/// The bindings of all credentials, those that lead to the same place in one.
fn by_place(bindings: Vec<Binding>) -> Vec<CredentialBinding> {
    let mut places: Vec<CredentialBinding> = Vec::new();
    for Binding { credential, endpoint_role, host, port, tls_mode, server_name, roots_digest, .. } in bindings {
        let own_roots = !roots_digest.is_empty();
        let mut place =
            CredentialBinding { credentials: vec![], endpoint_role, host, port, tls_mode, server_name, own_roots };
        let known = places.iter_mut().find(|known| {
            place.credentials.clone_from(&known.credentials);
            place == **known
        });
        match known {
            Some(known) => known.credentials.push(credential),
            None => places.push(CredentialBinding { credentials: vec![credential], ..place }),
        }
    }
    places
}

impl From<Upgrade> for ConnectorUpgrade {
    fn from(upgrade: Upgrade) -> Self {
        Self {
            digest: upgrade.digest,
            version: upgrade.version,
            reason: upgrade.reason,
            differences: upgrade.differences.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Difference> for DescriptorDifference {
    fn from(difference: Difference) -> Self {
        Self { path: difference.path, before: difference.before, after: difference.after }
    }
}

impl From<Connection> for ConnectionRecord {
    fn from(connection: Connection) -> Self {
        let Connection { config_member, config, .. } = connection;
        let config_of = |member: &str| (config_member == member).then(|| config.clone());
        Self {
            database_config: config_of("database_config"),
            storage_config: config_of("storage_config"),
            filesystem_config: config_of("filesystem_config"),
            resource_uri: connection.resource_uri,
            slug: connection.slug,
            name: connection.name,
            description: connection.description,
            tags: connection.tags,
            connection_type: connection.connection_type,
            status: connection.status.name(),
            status_reason: connection.status_reason,
            project_id: connection.tenant.project,
            organization_id: connection.tenant.organization,
            owner_id: connection.created_by.clone(),
            created_by: connection.created_by,
            updated_by: connection.updated_by,
            created_at: time(connection.created_at),
            updated_at: time(connection.updated_at),
            last_tested_at: connection.last_tested_at.map(time),
            credentials_set: connection.credentials_set.into_iter().collect(),
            bindings: by_place(connection.bindings),
            connector_version: connection.connector_version,
            connector_digest: connection.connector_digest,
            connector_contract: connection.connector_contract,
            connector_upgrade: connection.upgrade.map(Into::into),
            warnings: Vec::new(),
        }
    }
}

/// RFC 3339, UTC, of microseconds since 1970. One out of range, which no clock gives, is shown as 1970.
pub(in crate::http) fn time(microseconds: i64) -> String {
    format!("{:.6}", Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// A single record with its entity tag.
#[derive(Debug)]
pub struct Tagged {
    tag: HeaderValue,
    record: ConnectionRecord,
}

impl From<Connection> for Tagged {
    fn from(connection: Connection) -> Self {
        Self { tag: etag(&connection), record: connection.into() }
    }
}

/// A record that was written, and what there is to say of what was sent.
impl From<(Connection, Vec<Finding>)> for Tagged {
    fn from((connection, warnings): (Connection, Vec<Finding>)) -> Self {
        let mut tagged = Self::from(connection);
        tagged.record.warnings = warnings.iter().map(WireFinding::from).collect();
        tagged
    }
}

impl IntoResponse for Tagged {
    fn into_response(self) -> Response {
        ([(ETAG, self.tag)], Json(self.record)).into_response()
    }
}
