//! What each tenant has stored: kept in the transaction that changes it, so that a list knows its total and a quota holds
//! without anything being counted.

use sqlx::Row as _;

use super::{Connection, Error, Transaction, project};
use crate::auth::Tenant;

/// What a row of a connection takes beside its texts: columns, indexes. An estimate.
const BYTES_PER_CONNECTION: usize = 1024;

/// What a tag of a connection takes beside its text. An estimate.
const BYTES_PER_TAG: usize = 256;

/// What an idempotency key takes. An estimate.
pub(super) const BYTES_PER_KEY: i64 = 1024;

/// How much a tenant may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Connections of a project, or of what belongs to the whole organization.
    pub connections_per_project: i64,
    /// Different tags in a project.
    pub tags_per_project: i64,
    /// Idempotency keys of a project that are remembered.
    pub idempotency_keys_per_project: i64,
    /// Bytes of an organization's connections, their credentials included.
    pub bytes_per_organization: i64,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// [`Quotas::connections_per_project`]
    Connections,
    /// [`Quotas::tags_per_project`]
    Tags,
    /// [`Quotas::idempotency_keys_per_project`]
    IdempotencyKeys,
    /// [`Quotas::bytes_per_organization`]
    Bytes,
}

/// A tenant has as much as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} may have at most {most} {}", quota.whose(), quota.what())]
pub struct Exceeded {
    /// Of what.
    pub quota: Quota,
    /// How many there may be.
    pub most: i64,
}

/// What a write adds, or takes away where it is negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) connections: i64,
    pub(super) tags: i64,
    pub(super) idempotency_keys: i64,
    pub(super) bytes: i64,
}

impl Quota {
    /// For programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections_per_project",
            Self::Tags => "tags_per_project",
            Self::IdempotencyKeys => "idempotency_keys_per_project",
            Self::Bytes => "stored_bytes_per_organization",
        }
    }

    /// Whose it is.
    pub fn whose(self) -> &'static str {
        match self {
            Self::Connections | Self::Tags | Self::IdempotencyKeys => "project",
            Self::Bytes => "organization",
        }
    }

    /// What is counted.
    pub fn what(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Tags => "different tags",
            Self::IdempotencyKeys => "idempotency keys within 24 hours",
            Self::Bytes => "bytes of connections",
        }
    }

    /// The operator's setting.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Connections => "--max-connections-per-project",
            Self::Tags => "--max-tags-per-project",
            Self::IdempotencyKeys => "--max-idempotency-keys-per-project",
            Self::Bytes => "--max-stored-per-organization-mib",
        }
    }

    /// What the tenant can do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Connections | Self::Bytes => "delete connections that nobody needs",
            Self::Tags => "use tags that are there, or take some from the connections that have them",
            Self::IdempotencyKeys => "leave Idempotency-Key out, or wait until earlier ones are 24 hours old",
        }
    }
}

impl Quotas {
    /// What a write that adds this must not exceed, once it is done.
    fn check(&self, added: Difference, total: Difference) -> Result<(), Exceeded> {
        for (quota, added, total, most) in [
            (Quota::Connections, added.connections, total.connections, self.connections_per_project),
            (Quota::Tags, added.tags, total.tags, self.tags_per_project),
            (Quota::IdempotencyKeys, added.idempotency_keys, total.idempotency_keys, self.idempotency_keys_per_project),
            (Quota::Bytes, added.bytes, total.bytes, self.bytes_per_organization),
        ] {
            // Whoever has too much already may have less.
            if added > 0 && total > most {
                return Err(Exceeded { quota, most });
            }
        }
        Ok(())
    }
}

/// The estimate of what a connection takes, from its texts and its tags.
pub(super) fn bytes<'a>(texts: impl IntoIterator<Item = &'a str>, tags: &[String]) -> usize {
    let texts: usize = texts.into_iter().map(str::len).sum();
    let tags: usize = tags.iter().map(|tag| BYTES_PER_TAG + tag.len()).sum();
    BYTES_PER_CONNECTION + texts + tags
}

/// Counts what the transaction adds to the tenant's, and refuses what its quotas do not allow.
pub(super) async fn add(transaction: &mut Transaction, tenant: &Tenant, added: Difference) -> Result<(), Error> {
    let row = sqlx::query(
        "insert into project_usage (organization, project, connections, tags, idempotency_keys)
         values ($1, $2, $3, $4, $5)
         on conflict (organization, project) do update set connections = project_usage.connections + $3,
             tags = project_usage.tags + $4, idempotency_keys = project_usage.idempotency_keys + $5
         returning connections, tags, idempotency_keys",
    )
    .bind(&tenant.organization)
    .bind(project(tenant))
    .bind(added.connections)
    .bind(added.tags)
    .bind(added.idempotency_keys)
    .fetch_one(&mut **transaction)
    .await?;
    let bytes: i64 = sqlx::query_scalar(
        "insert into organization_usage (organization, bytes) values ($1, $2)
         on conflict (organization) do update set bytes = organization_usage.bytes + $2 returning bytes",
    )
    .bind(&tenant.organization)
    .bind(added.bytes)
    .fetch_one(&mut **transaction)
    .await?;
    let total = Difference {
        connections: row.try_get("connections")?,
        tags: row.try_get("tags")?,
        idempotency_keys: row.try_get("idempotency_keys")?,
        bytes,
    };
    if total == (Difference { bytes, ..Difference::default() }) {
        // Projects are whatever callers name, so that those with nothing must leave nothing.
        sqlx::query("delete from project_usage where organization = $1 and project = $2")
            .bind(&tenant.organization)
            .bind(project(tenant))
            .execute(&mut **transaction)
            .await?;
    }
    Ok(transaction.quotas().check(added, total)?)
}

/// Refuses what would be refused anyway when it is written, while nothing has been done for it: one connection more.
pub async fn check_room(connection: &mut Connection, tenant: &Tenant, quotas: &Quotas) -> Result<(), Error> {
    let count: Option<i64> =
        sqlx::query_scalar("select connections from project_usage where organization = $1 and project = $2")
            .bind(&tenant.organization)
            .bind(project(tenant))
            .fetch_optional(connection)
            .await?;
    let added = Difference { connections: 1, ..Difference::default() };
    let total = Difference { connections: count.unwrap_or_default() + 1, ..Difference::default() };
    Ok(quotas.check(added, total)?)
}
