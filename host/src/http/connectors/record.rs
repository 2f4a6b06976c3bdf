//! The record of a connector version, as every endpoint answers it.

use serde::Serialize;
use utoipa::ToSchema;

use super::digest::Digest;
use crate::connectors::admission::Reason;
use crate::http::data::record::{DescriptorDifference, time};
use crate::http::vocabulary::ShadowOutcome;
use crate::rollout::{Detail, Shadow, Standing, VersionRecord};

/// A connector version.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectorVersion {
    /// Names the version.
    #[schema(value_type = Digest)]
    digest: String,
    /// The type of the connections that it is for; null until it has been admitted, as are the next two.
    #[schema(example = "postgres")]
    connection_type: Option<String>,
    /// The connector's semantic version.
    version: Option<String>,
    /// The version of the contract that it was built for.
    #[schema(example = "1.0.0")]
    contract: Option<String>,
    /// Where the version stands.
    #[schema(value_type = Standing)]
    state: &'static str,
    /// Why it is refused, was rolled back or did not become active.
    reasons: Vec<RefusalReason>,
    /// What the version made of the stored connections when it was last tried; null before.
    shadow: Option<ShadowReport>,
    /// How many connections it serves.
    connections: u64,
    /// The file of the watched directory that it came from; null for an upload.
    file: Option<String>,
    /// The size of the component.
    bytes: u64,
    /// Who brought it.
    created_by: String,
    /// When the version came to the host.
    #[schema(format = DateTime)]
    created_at: String,
    /// When the version's state changed last.
    #[schema(format = DateTime)]
    changed_at: String,
    /// When the version became active last.
    #[schema(format = DateTime)]
    activated_at: Option<String>,
}

/// One reason against a connector version.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefusalReason {
    /// Stable, such as `unexpected_import`.
    code: String,
    /// What is wrong.
    message: String,
    /// What the connector's author or the operator can do.
    remedy: String,
}

/// What a connector version makes of the stored connections that other versions serve.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShadowReport {
    /// When the version was tried.
    #[schema(format = DateTime)]
    tried_at: String,
    /// How many it was tried against.
    connections: u64,
    /// Connections that the version describes as the one that serves them does.
    unchanged: u64,
    /// Connections that the version describes otherwise, but leads to the same place with the same credentials.
    differing: u64,
    /// Connections that the version would lead elsewhere, or their credentials: they stay with the one that serves them
    /// until their tenant agrees.
    held: u64,
    /// Connections that the version does not accept, and the one that serves them does.
    failing: u64,
    /// Connections that neither this version nor the one that serves them accepts.
    failing_already: u64,
    /// The connections that are not unchanged, at most 100: first those that fail, then those that are held.
    details: Vec<ShadowDetail>,
    /// Whether there are more of them.
    truncated: bool,
    /// Whether the version itself failed so often that the rest was not tried.
    stopped_early: bool,
}

/// What a connector version makes of one connection.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShadowDetail {
    /// The organization.
    organization_id: String,
    /// The connection.
    resource_uri: String,
    /// What becomes of the connection.
    #[schema(value_type = ShadowOutcome)]
    outcome: String,
    /// What of the descriptor differs; never a credential.
    differences: Vec<DescriptorDifference>,
    /// What the version finds wrong with the configuration.
    findings: Vec<String>,
}

impl From<VersionRecord> for ConnectorVersion {
    fn from(record: VersionRecord) -> Self {
        Self {
            digest: record.digest,
            connection_type: record.connection_type,
            version: record.version,
            contract: record.contract,
            state: record.state.name(),
            reasons: record.reasons.into_iter().map(Into::into).collect(),
            shadow: record.shadow.map(Into::into),
            connections: record.connections,
            file: record.file,
            bytes: record.bytes,
            created_by: record.created_by,
            created_at: time(record.created_at),
            changed_at: time(record.changed_at),
            activated_at: record.activated_at.map(time),
        }
    }
}

impl From<Reason> for RefusalReason {
    fn from(reason: Reason) -> Self {
        Self { code: reason.code.into_owned(), message: reason.message, remedy: reason.remedy }
    }
}

impl From<Shadow> for ShadowReport {
    fn from(shadow: Shadow) -> Self {
        Self {
            tried_at: time(shadow.tried_at),
            connections: shadow.connections,
            unchanged: shadow.unchanged,
            differing: shadow.differing,
            held: shadow.held,
            failing: shadow.failing,
            failing_already: shadow.failing_already,
            details: shadow.details.into_iter().map(Into::into).collect(),
            truncated: shadow.truncated,
            stopped_early: shadow.stopped_early,
        }
    }
}

impl From<Detail> for ShadowDetail {
    fn from(detail: Detail) -> Self {
        Self {
            organization_id: detail.organization,
            resource_uri: detail.resource_uri,
            outcome: detail.outcome,
            differences: detail.differences.into_iter().map(Into::into).collect(),
            findings: detail.findings,
        }
    }
}
