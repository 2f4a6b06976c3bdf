//! The life of a connector version: it comes by upload or from the watched directory, is admitted, tried against the
//! stored connections, becomes active, drains, and is retired or rolled back.
//!
//! A connection's row names the version that serves it, and a request is served by the version of the row that it has
//! read, from start to end. The version for what is new is a pointer, swapped when a transaction has made it so for good;
//! the connections follow, each by one write of its row.

mod activate;
mod admit;
mod background;
mod delete;
mod directory;
mod drain;
mod event;
mod hand_over;
mod known;
mod library;
mod load;
mod record;
mod roll_back;
mod shadow;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use crate::audit::{self, Action, Actor};
use crate::auth::{Caller, Permission};
use crate::clock::now;
use crate::connectors::admission::Reason;
use crate::connectors::{self, CallError, Connectors};
use crate::store::connector_versions::{self, ConnectorVersionRow};
use crate::store::{self, Damaged, Store, Turn};

pub use crate::store::connector_versions::State;
pub use activate::Activation;
pub use event::{Event, Events, News, Subscription};
pub use library::{Incoming, Received};
pub use record::{Standing, VersionRecord};
pub use shadow::{Detail, SHADOW_OUTCOMES, Shadow};

use directory::Directory;
use known::Known;
use library::Library;

/// Where versions come from and are kept.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The directory of component files, `*.wasm`.
    pub directory: PathBuf,
    /// Whether it is looked at while the host runs, and not only at start.
    pub watch: bool,
    /// Whether a directory without a file counts as one that is not there, as where a volume is not mounted: then what came
    /// from it goes on.
    pub empty_is_missing: bool,
    /// Where the bytes of all versions are kept.
    pub library: PathBuf,
}

/// Uploads at once: each has its bytes in memory while it is admitted.
const MAX_UPLOADS: usize = 2;

/// The versions of all connectors.
#[derive(Debug)]
pub struct Rollout {
    store: Store,
    connectors: Arc<Connectors>,
    library: Library,
    events: Events,
    settings: Settings,
    /// Held from a write that makes a version active, or no longer so, to the swap that says so; never while a guest runs.
    turn: AsyncMutex<()>,
    uploads: Arc<Semaphore>,
    directory: AsyncMutex<Directory>,
    /// The digests of versions that are active no more and that something may be with still.
    draining: Mutex<BTreeSet<String>>,
    /// What versions make of connections, from when they were tried to when they take them over.
    known: Known,
    /// The digest of the version that was uploaded last and waits to be activated. It stays loaded until another one
    /// comes, so that it need not be admitted twice.
    awaiting_activation: Mutex<Option<String>>,
    /// Versions that were admitted once and are refused now: the settings or the files have changed.
    refused: Mutex<HashMap<String, Vec<Reason>>>,
}

/// Why an operation was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller's roles do not allow it.
    #[error("your roles do not allow this; it needs the permission {}", .0.name())]
    Forbidden(Permission),
    /// There is no version of this digest.
    #[error("no such connector version")]
    NotFound,
    /// It is larger than a component may be; the limit in bytes.
    #[error("the component is larger than {0} bytes")]
    TooLarge(u64),
    /// It is not admitted.
    #[error("the component is refused")]
    Refused {
        /// Its digest.
        digest: String,
        /// Every reason.
        reasons: Vec<Reason>,
    },
    /// Its state does not allow it.
    #[error("the version is {}: {wanted}", state.name())]
    State {
        /// The state.
        state: State,
        /// What can be done.
        wanted: &'static str,
    },
    /// It does not accept connections that work.
    #[error("stored connections would fail with this version")]
    ShadowFailed(Box<Shadow>),
    /// There is no version to go back to.
    #[error("no version was active before this one")]
    NothingBefore,
    /// It serves connections.
    #[error("the version serves {0} connections")]
    Serving(u64),
    /// Others were faster, again and again.
    #[error("others change the same versions; try again in a moment")]
    Contended,
    /// Too many uploads at once.
    #[error("other uploads are being admitted; try again when they are")]
    TooManyUploads,
    /// Too many calls of connectors wait.
    #[error(transparent)]
    Connector(#[from] CallError),
    /// The metadata store did not do its part.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The watched directory cannot be read.
    #[error(transparent)]
    Directory(#[from] connectors::Error),
    /// The files of the library cannot be read or written.
    #[error("the library of connectors cannot be used")]
    Library(#[from] std::io::Error),
    /// A task of this program broke off.
    #[error("the work on a connector version broke off")]
    BrokenOff(#[from] tokio::task::JoinError),
}

/// What somebody does to a version.
fn version_event(actor: &Actor, action: Action, digest: &str) -> audit::Event {
    audit::Event { actor: actor.clone(), action, resource: audit::Resource::ConnectorVersion(digest.to_owned()) }
}

impl From<Damaged> for Error {
    fn from(damaged: Damaged) -> Self {
        Self::Store(damaged.into())
    }
}

impl Rollout {
    /// Opens the library, loads what serves connections, and takes in what is new in the directory.
    pub async fn open(store: Store, connectors: Arc<Connectors>, settings: Settings) -> Result<Self, Error> {
        let library = Library::open(settings.library.clone(), connectors.limits().component_bytes)?;
        let rollout = Self {
            store,
            connectors,
            library,
            events: Events::default(),
            settings,
            turn: AsyncMutex::default(),
            uploads: Arc::new(Semaphore::new(MAX_UPLOADS)),
            directory: AsyncMutex::default(),
            draining: Mutex::default(),
            known: Known::default(),
            awaiting_activation: Mutex::default(),
            refused: Mutex::default(),
        };
        rollout.resume().await?;
        // What serves already need not wait for what is new.
        if rollout.connectors.list().is_empty() {
            rollout.follow(true).await?;
        }
        if rollout.connectors.list().is_empty() {
            let directory = rollout.settings.directory.display();
            tracing::warn!(%directory, "no connector is loaded, so that the host is not ready; put components (*.wasm) there");
        }
        Ok(rollout)
    }

    /// Whether the caller may manage connectors.
    pub fn authorize(caller: &Caller) -> Result<(), Error> {
        let permission = Permission::ManageConnectors;
        if caller.may_on_platform(permission) { Ok(()) } else { Err(Error::Forbidden(permission)) }
    }

    /// What happens to versions, from now on.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// The largest component that is taken, in bytes.
    pub fn max_component_bytes(&self) -> u64 {
        self.connectors.limits().component_bytes
    }

    async fn find_row(&self, digest: &str) -> Result<ConnectorVersionRow, Error> {
        connector_versions::find(&mut self.store.reader(Turn::Host).await?, digest).await?.ok_or(Error::NotFound)
    }

    /// Records what the host has found of a version in its row, as that is now, and tells who listens.
    async fn change(
        &self,
        digest: &str,
        change: impl FnOnce(&mut ConnectorVersionRow),
    ) -> Result<ConnectorVersionRow, Error> {
        let mut transaction = self.store.host_transaction(Turn::Host).await?;
        let before = connector_versions::find(&mut transaction, digest).await?.ok_or(Error::NotFound)?;
        let mut row = before.clone();
        change(&mut row);
        if row.state != before.state {
            row.changed_at = now();
        }
        connector_versions::update(&mut transaction, &row).await?;
        transaction.commit().await?;
        if row.state != before.state {
            self.events.state(&row);
        }
        Ok(row)
    }

    fn draining(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.draining.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn awaiting_activation(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.awaiting_activation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Reason>>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
