//! The life of a connector version: it comes by upload or from the watched directory, is admitted, tried against the
//! stored connections, becomes active, drains, and is retired or rolled back.
//!
//! A connection's row names the version that serves it, and a request is served by the version of the row that it has
//! read. So one transaction moves all connections of a type from one version to the next, and no request sees half of
//! it; the version for what is new is a pointer, swapped after the commit.

mod activate;
mod admit;
mod delete;
mod directory;
mod event;
mod library;
mod record;
mod shadow;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as AsyncMutex;

use crate::auth::{Caller, Permission};
use crate::connectors::admission::Reason;
use crate::connectors::{self, CallError, Connector, Connectors, log_refusal};
use crate::store::connector_versions::{self, ConnectorVersionRow};
use crate::store::{self, Store};

pub use activate::Activation;
pub use event::{Event, Events, News, Subscription};
pub use library::{Incoming, Received};
pub use record::{State, VersionRecord};
pub use shadow::{Detail, Shadow};

use directory::Directory;
use library::Library;

/// Where versions come from and are kept.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The directory of component files, `*.wasm`.
    pub directory: PathBuf,
    /// Whether it is looked at while the host runs, and not only at start.
    pub watch: bool,
    /// Where the bytes of all versions are kept.
    pub library: PathBuf,
}

/// The versions of all connectors. One at a time is activated, rolled back, retired or deleted.
#[derive(Debug)]
pub struct Rollout {
    store: Store,
    connectors: Arc<Connectors>,
    library: Library,
    events: Events,
    settings: Settings,
    turn: AsyncMutex<()>,
    directory: AsyncMutex<Directory>,
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
    /// The connections kept changing.
    #[error("the connections keep changing; try again in a moment")]
    Contended,
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

impl Rollout {
    /// Opens the library, loads what serves connections, and takes in what is new in the directory.
    pub async fn open(store: Store, connectors: Arc<Connectors>, settings: Settings) -> Result<Self, Error> {
        let library = Library::open(settings.library.clone())?;
        let rollout = Self {
            store,
            connectors,
            library,
            events: Events::default(),
            settings,
            turn: AsyncMutex::default(),
            directory: AsyncMutex::default(),
            refused: Mutex::default(),
        };
        rollout.resume().await?;
        rollout.follow(true).await?;
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

    /// Loads what the last process left: the active versions, those that serve connections, and what can be gone back
    /// to.
    async fn resume(&self) -> Result<(), Error> {
        let rows = connector_versions::list(&mut *self.store.reader().await?).await?;
        let known: BTreeSet<String> = rows.iter().map(|row| row.digest.clone()).collect();
        self.library.sweep(&known)?;
        let needed = self.needed().await?;
        for row in rows.iter().filter(|row| needed.contains(&row.digest)) {
            match self.load(row).await {
                Ok(connector) if row.state == State::Active.name() => self.connectors.activate(connector),
                Ok(connector) => self.connectors.keep(connector),
                Err(Error::Refused { reasons, .. }) => {
                    log_refusal(row.file.as_deref().unwrap_or(&row.digest), &reasons);
                    self.refused().insert(row.digest.clone(), reasons);
                }
                Err(error) => return Err(error),
            }
        }
        for row in rows.iter().filter(|row| row.state == State::Active.name()) {
            self.watch(&row.type_name, &row.digest).await?;
        }
        Ok(())
    }

    /// The digests of the versions that have to be loaded.
    async fn needed(&self) -> Result<BTreeSet<String>, Error> {
        let mut reader = self.store.reader().await?;
        let serving = store::serving::counts(&mut reader).await?.into_iter().map(|(digest, _)| digest);
        let mut needed: BTreeSet<String> = serving.collect();
        for row in connector_versions::list(&mut reader).await? {
            if row.state == State::Active.name() {
                let before = connector_versions::last_good(&mut reader, &row.type_name).await?;
                needed.extend(before.map(|before| before.digest));
                needed.insert(row.digest);
            }
        }
        Ok(needed)
    }

    /// Unloads what nothing needs any more, once the last request that began with it has ended.
    async fn unload(&self) -> Result<(), Error> {
        let needed = self.needed().await?;
        self.connectors.unload_all_but(&needed);
        Ok(())
    }

    /// Has the active version watched, if there is one to go back to.
    async fn watch(&self, type_name: &str, digest: &str) -> Result<(), Error> {
        let before = connector_versions::last_good(&mut *self.store.reader().await?, type_name).await?;
        let before = before.and_then(|before| self.connectors.loaded(&before.digest));
        self.connectors.watch(digest, before.as_deref());
        Ok(())
    }

    /// The version of this row, loaded now if it is not yet.
    async fn load(&self, row: &ConnectorVersionRow) -> Result<Arc<Connector>, Error> {
        if let Some(connector) = self.connectors.loaded(&row.digest) {
            return Ok(connector);
        }
        let bytes = self.library.read(&row.digest).await?;
        let connectors = Arc::clone(&self.connectors);
        let name = row.file.clone().unwrap_or_else(|| row.digest.clone());
        let admitted = tokio::task::spawn_blocking(move || connectors.admit(&bytes?, &name)).await?;
        admitted.map_err(|reasons| Error::Refused { digest: row.digest.clone(), reasons })
    }

    async fn find_row(&self, digest: &str) -> Result<ConnectorVersionRow, Error> {
        connector_versions::find(&mut *self.store.reader().await?, digest).await?.ok_or(Error::NotFound)
    }

    /// Writes what has become of a version, and tells who listens.
    async fn write(&self, row: &ConnectorVersionRow) -> Result<(), Error> {
        let mut transaction = self.store.begin().await?;
        if !connector_versions::update(&mut transaction, row).await? {
            return Err(Error::NotFound);
        }
        store::commit(transaction).await?;
        self.events.state(row);
        Ok(())
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Reason>>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
