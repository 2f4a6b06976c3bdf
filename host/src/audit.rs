//! The audit trail's vocabulary: who has done what to which resource, with which outcome. Rows are written by
//! [`Store::change`](crate::store::Store::change) and [`Store::release`](crate::store::Store::release) alone.

use crate::auth::{Caller, Tenant};
use crate::secrets::Reference;

/// Who has done something. What is stored of it is [`Actor::name`] and [`Actor::organization`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A caller of the API.
    Principal {
        /// `user:<id>`, as in [`Caller::principal`].
        name: String,
        /// The caller's organization.
        organization: String,
    },
    /// The watched directory of connectors, on behalf of whoever can write to it.
    Directory,
    /// The host itself, unasked.
    Host,
    /// Whoever runs commands beside the data directory.
    Operator,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A connection was registered.
    ConnectionRegister,
    /// A connection was changed; as a release: the credentials that stay were read, to be stored with the new ones.
    ConnectionChange,
    /// A connection was disabled.
    ConnectionDisable,
    /// A connection was enabled.
    ConnectionEnable,
    /// A connection was deleted.
    ConnectionDelete,
    /// A connection was given to the connector version that waited for its tenant's agreement.
    ConnectionUpgrade,
    /// A connection was tested with its stored credentials.
    ConnectionTest,
    /// A connector version came; whether it is admitted is seen afterwards.
    ConnectorUpload,
    /// A connector version became the active one of its type.
    ConnectorActivate,
    /// An active connector version was put back, and the one before became active again.
    ConnectorRollBack,
    /// A type's active connector version was taken away, without another in its place.
    ConnectorRetire,
    /// A connector version was deleted.
    ConnectorDelete,
    /// A secret that no connection pointed at was removed.
    SecretRemove,
}

/// To what something was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// A connection.
    Connection {
        /// Whose it is.
        owner: Tenant,
        /// Its resource URI, which never changes. After it was deleted, another connection can have it.
        resource_uri: String,
    },
    /// A connector version, by its digest: `sha256:` and 64 hex digits.
    ConnectorVersion(String),
    /// A version of a secret.
    Secret(Reference),
}

/// How it ended. What did not come to be has no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The change was made: its row was committed with it.
    Done,
    /// Stored credentials were let out of the secret store, to be used. The row is there before they are: it says that
    /// nothing kept them back, not that they still were there, nor how the use of them ended.
    Released,
}

/// What happened, as it is told before it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// To what.
    pub resource: Resource,
}

impl Actor {
    /// The name of the actor in the trail. No principal begins with `system:`.
    pub fn name(&self) -> &str {
        match self {
            Self::Principal { name, .. } => name,
            Self::Directory => "system:directory",
            Self::Host => "system:host",
            Self::Operator => "system:operator",
        }
    }

    /// The organization that the actor belongs to; empty for those of the system.
    pub fn organization(&self) -> &str {
        match self {
            Self::Principal { organization, .. } => organization,
            Self::Directory | Self::Host | Self::Operator => "",
        }
    }
}

impl From<&Caller> for Actor {
    fn from(caller: &Caller) -> Self {
        Self::Principal { name: caller.principal.clone(), organization: caller.organization.clone() }
    }
}

impl Action {
    /// The name of the action in the trail, as `connection.register`; it never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::ConnectionRegister => "connection.register",
            Self::ConnectionChange => "connection.change",
            Self::ConnectionDisable => "connection.disable",
            Self::ConnectionEnable => "connection.enable",
            Self::ConnectionDelete => "connection.delete",
            Self::ConnectionUpgrade => "connection.upgrade",
            Self::ConnectionTest => "connection.test",
            Self::ConnectorUpload => "connector.upload",
            Self::ConnectorActivate => "connector.activate",
            Self::ConnectorRollBack => "connector.roll_back",
            Self::ConnectorRetire => "connector.retire",
            Self::ConnectorDelete => "connector.delete",
            Self::SecretRemove => "secret.remove",
        }
    }
}

impl Resource {
    /// The organization that the resource belongs to; empty for the platform's own.
    pub fn organization(&self) -> &str {
        match self {
            Self::Connection { owner, .. } => &owner.organization,
            Self::ConnectorVersion(_) => "",
            Self::Secret(reference) => &reference.organization,
        }
    }

    /// The project that the resource belongs to; empty for an organization's or the platform's own.
    pub fn project(&self) -> &str {
        match self {
            Self::Connection { owner, .. } => owner.project.as_deref().unwrap_or_default(),
            Self::ConnectorVersion(_) | Self::Secret(_) => "",
        }
    }

    /// The name of the resource in the trail: a resource URI, a digest, or a secret's `key/version`.
    pub fn name(&self) -> String {
        match self {
            Self::Connection { resource_uri, .. } => resource_uri.clone(),
            Self::ConnectorVersion(digest) => digest.clone(),
            Self::Secret(reference) => format!("{}/{}", reference.key, reference.version),
        }
    }
}

impl Outcome {
    /// The name of the outcome in the trail; it never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Released => "released",
        }
    }
}
