//! The life of a connection: verify, register, test, change, delete.

use serde_json::Value;

use crate::auth::{Caller, Permission, Tenant};
use crate::connectors::CallError;
use crate::connectors::contract::Finding;
use crate::diagnosis::Report;
use crate::secrets::Credentials;

/// The connections of all tenants. Every operation checks the caller's permission itself.
#[derive(Debug)]
pub struct Connections {}

/// What is needed to try a connection.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The connector's type name.
    pub connection_type: String,
    /// The member that held the configuration, such as `database_config`.
    pub config_member: String,
    /// The configuration, as the tenant sent it.
    pub config: Value,
    /// The credentials.
    pub credentials: Credentials,
}

/// What is needed to register one.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// What to connect to.
    pub candidate: Candidate,
    /// 1 to 255 characters.
    pub name: String,
    /// At most 1000 characters.
    pub description: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Chosen by the client instead of being made from the name.
    pub resource_uri: Option<String>,
}

/// A change: absent members keep their value.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The new name.
    pub name: Option<String>,
    /// The new description.
    pub description: Option<String>,
    /// The new tags.
    pub tags: Option<Vec<String>>,
    /// Must be the connection's type when sent.
    pub connection_type: Option<String>,
    /// Member and configuration; replaced whole.
    pub config: Option<(String, Value)>,
    /// Per field: a value sets, none clears.
    pub credentials: Vec<(String, Option<crate::secrets::Secret>)>,
}

/// A connection's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Registered, never tested.
    Pending,
    /// The last test was good.
    Active,
    /// The last test was bad.
    Error,
    /// Not to be used until an operator enables it.
    Disabled,
}

/// A registered connection; no credential, ever. Times are microseconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// `data:<org>:<project>:<slug>`.
    pub resource_uri: String,
    /// The tenant that it belongs to.
    pub tenant: Tenant,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The connector's type name.
    pub connection_type: String,
    /// The member that holds the configuration.
    pub config_member: String,
    /// The normalised configuration.
    pub config: Value,
    /// Every credential of its method, and whether it is set.
    pub credentials_set: Vec<(String, bool)>,
    /// Its status.
    pub status: Status,
    /// Why, for people.
    pub status_reason: Option<String>,
    /// The connector version that normalised the configuration.
    pub connector_version: String,
    /// Who registered it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When.
    pub created_at: i64,
    /// When.
    pub updated_at: i64,
    /// When.
    pub last_tested_at: Option<i64>,
    /// Grows by one with every change; the ETag.
    pub revision: i64,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In name and description.
    pub search: Option<String>,
    /// All of them.
    pub tags: Vec<String>,
    /// `user:<id>`.
    pub created_by: Option<String>,
    /// The type name.
    pub connection_type: Option<String>,
    /// The status.
    pub status: Option<Status>,
    /// Field and whether descending: `name`, `created_at`, `updated_at`, `status`, `connection_type`.
    pub sort: Vec<(String, bool)>,
    /// From 1.
    pub page: u32,
    /// 1 to 100.
    pub limit: u32,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The connections.
    pub connections: Vec<Connection>,
    /// Of all pages.
    pub total: u64,
}

/// Why an operation was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Absent, or not the caller's to know.
    #[error("no such connection, or not yours to see")]
    NotFound,
    /// The caller's roles do not allow it.
    #[error("your roles do not allow this; it needs the permission {0:?}")]
    Forbidden(Permission),
    /// One with that resource URI is there.
    #[error("a connection with the resource URI {0} exists")]
    AlreadyExists(String),
    /// The input is wrong; pointers start at the request's body.
    #[error("the request is not valid")]
    Invalid(Vec<Finding>),
    /// The change would send stored credentials somewhere else.
    #[error("the change needs these credentials to be sent again: {0:?}")]
    CredentialsRequired(Vec<String>),
    /// `If-Match` does not hold.
    #[error("the connection has changed since; its revision is {0}")]
    RevisionMismatch(i64),
    /// It is disabled.
    #[error("the connection is disabled")]
    Disabled,
    /// The connector did not do its part.
    #[error(transparent)]
    Connector(#[from] CallError),
}

/// Who asks, about which tenant.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The caller.
    pub caller: &'a Caller,
    /// The tenant.
    pub tenant: &'a Tenant,
}

impl Connections {
    /// Tries a connection without storing anything.
    pub async fn verify(&self, request: Request<'_>, candidate: Candidate) -> Result<Report, Error> {
        let _ = (request, candidate);
        todo!()
    }
    /// Checks a candidate's configuration and credentials: every finding, with pointers into the request's body.
    pub async fn check(&self, request: Request<'_>, candidate: &Candidate) -> Result<Vec<Finding>, Error> {
        let _ = (request, candidate);
        todo!()
    }
    /// Registers a connection.
    pub async fn register(&self, request: Request<'_>, new: NewConnection) -> Result<Connection, Error> {
        let _ = (request, new);
        todo!()
    }
    /// Lists the connections that the tenant sees: the project's and the organisation's.
    pub async fn list(&self, request: Request<'_>, filter: &Filter) -> Result<Listed, Error> {
        let _ = (request, filter);
        todo!()
    }
    /// Finds one.
    pub async fn find(&self, request: Request<'_>, resource_uri: &str) -> Result<Connection, Error> {
        let _ = (request, resource_uri);
        todo!()
    }
    /// Changes one; `revision` is what the caller saw, if it said so.
    pub async fn change(
        &self,
        request: Request<'_>,
        resource_uri: &str,
        revision: Option<i64>,
        change: Change,
    ) -> Result<Connection, Error> {
        let _ = (request, resource_uri, revision, change);
        todo!()
    }
    /// Deletes one.
    pub async fn delete(&self, request: Request<'_>, resource_uri: &str, revision: Option<i64>) -> Result<(), Error> {
        let _ = (request, resource_uri, revision);
        todo!()
    }
    /// Tests one with its stored credentials and records the outcome as its status.
    pub async fn test(&self, request: Request<'_>, resource_uri: &str) -> Result<Report, Error> {
        let _ = (request, resource_uri);
        todo!()
    }
    /// Disables one (`true`), or enables it.
    pub async fn set_disabled(
        &self,
        request: Request<'_>,
        resource_uri: &str,
        revision: Option<i64>,
        disabled: bool,
    ) -> Result<Connection, Error> {
        let _ = (request, resource_uri, revision, disabled);
        todo!()
    }
}
