//! The life of a connection: register, list, change, disable, delete. Each operation has a file of its own, checks the
//! caller's permission first, and answers with the records of [`record`]. Nothing here dials.
//!
//! Credentials are in a secret store, everything else in the metadata store. There is no transaction over both:
//! `deposit.rs` says how nothing is lost all the same, and the [`reaper`] removes what nothing points at.

pub(crate) mod binding;
mod certificates;
mod change;
mod cursor;
mod delete;
mod deposit;
mod disable;
mod idempotency;
mod list;
mod misplaced;
mod names;
pub(crate) mod orphans;
mod outcome;
pub mod reaper;
mod reconcile;
pub mod record;
mod register;
mod resource_uri;
pub mod review;
pub(crate) mod signing;
mod upgrade;
mod white_space;
mod write;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::audit::{Action, Event};
use crate::auth::{Caller, Permission, Tenant};
use crate::clock::now;
use crate::connectors::contract::Purpose;
use crate::connectors::{Call, CallError, Connectors};
use crate::fairness::{Share, Shares};
use crate::finding::Finding;
use crate::secrets::{self, Credentials, DerivedKeys, Secret, SecretStore};
use crate::store::connections::{ConnectionRow, owner};
use crate::store::{self, Damaged, Store, Turn};
use crate::stranger::shown;

pub use cursor::Cursor;
pub use deposit::Withheld;
pub use idempotency::Idempotency;
pub use list::{Filter, Listed, MAX_LIMIT};
pub use reaper::Reaper;
pub use record::{Connection, Status};
pub use review::{Described, Reviewer};

/// How often a change is tried when the host itself, or another one, changes the connection at the same time.
pub(crate) const ATTEMPTS: usize = 3;

/// How long a change waits for those of the same connection that came before it.
const WAIT: Duration = Duration::from_secs(30);

/// The connections of all tenants. Every operation checks the caller's permission itself.
#[derive(Debug)]
pub struct Connections {
    store: Store,
    depository: deposit::Depository,
    reviewer: Reviewer,
    digest_key: idempotency::DigestKey,
    /// Who changes a connection, by its id: one after the other, in the order in which they came.
    changing: Shares<String>,
}

/// What is needed to try a connection.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The connection type.
    pub connection_type: String,
    /// The member that held the configuration, such as `database_config`.
    pub config_member: String,
    /// The configuration, as the tenant sent it. Shared, since it may be large.
    pub config: Arc<Value>,
    /// The credentials.
    pub credentials: Credentials,
}

/// What is needed to look at a connection without its credentials: their names stand for them.
#[derive(Debug, Clone)]
pub struct Outline {
    /// The connection type.
    pub connection_type: String,
    /// The member that held the configuration, such as `database_config`.
    pub config_member: String,
    /// The configuration, as the tenant sent it. Shared, since it may be large.
    pub config: Arc<Value>,
    /// The names of the credentials that will be set.
    pub credentials_set: Vec<String>,
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
    /// Makes it safe to ask again.
    pub idempotency: Option<Idempotency>,
}

/// A change: absent members keep their value.
#[derive(Debug, Clone, Default, PartialEq)]
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
    pub config: Option<(String, Arc<Value>)>,
    /// Per field: a value sets, none clears.
    pub credentials: Vec<(String, Option<Secret>)>,
}

/// Why an operation was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Absent, or not the caller's to know.
    #[error("no such connection, or not yours to see")]
    NotFound,
    /// The caller's roles do not allow it.
    #[error("your roles do not allow this; it needs the permission {}", .0.name())]
    Forbidden(Permission),
    /// The caller has no role at all where the request is.
    #[error("you have no role in {}; this needs the permission {}", place(project.as_deref()), permission.name())]
    NoRole {
        /// What it needs.
        permission: Permission,
        /// The project; none is the whole organization.
        project: Option<String>,
    },
    /// One is there that a project would see beside it under the same slug: its resource URI.
    #[error("the connection {0} has this slug already; choose another name, or send a resource_uri with another slug")]
    AlreadyExists(String),
    /// The input is wrong; pointers start at the request's body.
    #[error("the request is not valid")]
    Invalid(Vec<Finding>),
    /// The change would send stored credentials somewhere else.
    #[error("the change needs these credentials to be sent again: {}", .0.join(", "))]
    CredentialsRequired(Vec<String>),
    /// Stored credentials cannot be used.
    #[error("{why}; {}", send_again(credentials))]
    Withheld {
        /// Why.
        why: Withheld,
        /// The names of those that are set.
        credentials: Vec<String>,
    },
    /// `If-Match` does not hold.
    #[error("the connection has changed since; its revision is {0}")]
    RevisionMismatch(i64),
    /// Others changed it each time that this change was tried.
    #[error("others keep changing the connection; try again in a moment")]
    Contended,
    /// No version of the connector waits for the tenant, or another one.
    #[error("no connector version of this digest waits for agreement")]
    NoUpgrade,
    /// The list reads more than it may.
    #[error("the list reads more than it may")]
    ListTooLong,
    /// It is disabled.
    #[error("the connection is disabled")]
    Disabled,
    /// The connector did not do its part.
    #[error(transparent)]
    Connector(#[from] CallError),
    /// The metadata store did not do its part.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The secret store did not do its part.
    #[error(transparent)]
    Secrets(#[from] secrets::Error),
}

/// What to do where stored credentials cannot be used. A row that was altered can have lost their names.
pub(crate) fn send_again(credentials: &[String]) -> String {
    if credentials.is_empty() {
        "send all its credentials again".to_owned()
    } else {
        format!("send these credentials again: {}", credentials.join(", "))
    }
}

/// Where a request is, for people.
fn place(project: Option<&str>) -> String {
    project.map_or_else(|| "the whole organization".to_owned(), |project| format!("the project {}", shown(project)))
}

/// Who asks, about which tenant.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The caller.
    pub caller: &'a Caller,
    /// The tenant.
    pub tenant: &'a Tenant,
}

impl From<Damaged> for Error {
    fn from(damaged: Damaged) -> Self {
        Self::Store(damaged.into())
    }
}

impl Connections {
    /// The connections in these stores. [`Connections::reaper`] must run beside them.
    pub fn new(
        store: Store,
        (secrets, keys): (Arc<dyn SecretStore>, DerivedKeys),
        connectors: Arc<Connectors>,
    ) -> Self {
        let depository = deposit::Depository::new(store.clone(), secrets, keys);
        Self {
            store,
            depository,
            reviewer: Reviewer::new(connectors),
            digest_key: idempotency::DigestKey::default(),
            changing: Shares::new(usize::MAX, 1),
        }
    }

    /// What removes the secrets that no connection points at.
    pub fn reaper(&self) -> Reaper {
        Reaper::new(self.depository.clone())
    }

    /// Who has connectors review configurations.
    pub(crate) fn reviewer(&self) -> &Reviewer {
        &self.reviewer
    }

    /// Where credentials are, and come out.
    pub(crate) fn depository(&self) -> &deposit::Depository {
        &self.depository
    }

    /// Checks a candidate's configuration and credentials against the connector's schemas alone: every finding, with
    /// pointers into the request's body.
    pub async fn check(&self, request: Request<'_>, candidate: Candidate) -> Result<Vec<Finding>, Error> {
        request.authorize(Permission::Create)?;
        let call = Call { organization: &request.tenant.organization, purpose: Purpose::Check };
        Ok(self.reviewer.check_schemas(call, candidate).await?)
    }

    /// Checks the resource URI that a new connection would get, from its name or as it was sent.
    pub fn check_resource_uri(&self, request: Request<'_>, name: &str, resource_uri: Option<&str>) -> Option<Finding> {
        resource_uri::choose(request.tenant, name, resource_uri).err()
    }

    /// Checks the project, and the name and the tags that a new connection would have.
    pub fn check_names(&self, request: Request<'_>, name: Option<&str>, tags: &[String]) -> Vec<Finding> {
        names::check_project(request.tenant).into_iter().chain(names::check(name, tags, |_| true)).collect()
    }

    /// Waits until nobody else changes the connection through this host. Whoever sends no condition wins over those before,
    /// and is not put off because there are some.
    async fn turn_to_change(&self, id: &String) -> Result<Share<String>, Error> {
        self.changing.take(id, 1, WAIT).await.map_err(|_| Error::Contended)
    }

    /// Finds one.
    pub async fn find(&self, request: Request<'_>, resource_uri: &str) -> Result<Connection, Error> {
        Ok(Connection::try_from(self.find_for(request, resource_uri, Permission::Read).await?)?)
    }

    /// Finds one that the caller may change.
    pub async fn find_to_change(&self, request: Request<'_>, resource_uri: &str) -> Result<Connection, Error> {
        Ok(Connection::try_from(self.find_for(request, resource_uri, Permission::Create).await?)?)
    }

    /// Finds one with which the caller may do this. Who has a role in the whole organization, and names no project, finds
    /// those of every project.
    pub(crate) async fn find_for(
        &self,
        request: Request<'_>,
        resource_uri: &str,
        permission: Permission,
    ) -> Result<ConnectionRow, Error> {
        request.authorize(Permission::Read)?;
        let mut reader = self.store.reader(Turn::of(request.tenant)).await?;
        let row = store::connections::find(&mut reader, request.tenant, resource_uri).await?.ok_or(Error::NotFound)?;
        request.authorize_on(permission, &owner(&row))?;
        Ok(row)
    }
}

impl Request<'_> {
    /// That the caller does this to a connection.
    fn event(self, action: Action, row: &ConnectionRow) -> Event {
        Event { actor: self.caller.into(), action, resource: row.into() }
    }

    /// Whether the caller may do this with a connection of this owner. Reading and using needs the permission where the
    /// caller stands, because a project uses what belongs to its organization; all else needs it where the connection
    /// belongs.
    fn authorize_on(self, permission: Permission, owner: &Tenant) -> Result<(), Error> {
        let allowed = match permission {
            Permission::Read | Permission::Use => self.caller.may(permission, self.tenant),
            Permission::Create | Permission::Delete | Permission::Operate | Permission::ManageConnectors => {
                self.caller.may(permission, owner)
            }
        };
        if allowed { Ok(()) } else { Err(Error::Forbidden(permission)) }
    }

    /// Whether the caller may do this in the tenant. Who may not even read is told so by the token alone: the answer is the
    /// same whether or not there is such a project.
    pub fn authorize(self, permission: Permission) -> Result<(), Error> {
        // An empty project would be taken for the whole organization.
        if self.tenant.project.as_deref() == Some("") || !self.caller.may(Permission::Read, self.tenant) {
            return Err(Error::NoRole { permission, project: self.tenant.project.clone() });
        }
        if self.caller.may(permission, self.tenant) { Ok(()) } else { Err(Error::Forbidden(permission)) }
    }
}
