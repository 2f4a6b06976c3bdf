//! The only code that holds SQL for the metadata. One file per noun with free functions; each query is written once,
//! for SQLite now and PostgreSQL later: columns text and bigint only, `$n` placeholders, no booleans.
//!
//! Every function on tenant data takes the tenant as an argument. Organizations take turns at the store, and no turn of
//! theirs is longer than its bound.

mod audit;
mod columns;
pub mod connections;
pub mod connector_versions;
mod damage;
mod health;
pub mod idempotency;
pub mod intents;
pub mod removals;
pub mod serving;
pub mod signatures;
mod transaction;
pub mod usage;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use crate::audit::Event;
use crate::auth::Tenant;
use crate::fairness::Refused;
use crate::sqlite::{self, Party, Pool};

pub use crate::sqlite::Connection;
pub use damage::{Damaged, Damages, Record, id_of};
pub use transaction::{Change, Transaction};
pub use usage::{Exceeded, Quota, Quotas};

/// The schema's versions, the oldest first. One that has been published never changes.
const MIGRATIONS: &[(&str, &str)] = &[
    ("connections", include_str!("../../migrations/metadata/0001_connections.sql")),
    ("connector versions", include_str!("../../migrations/metadata/0002_connector_versions.sql")),
    ("usage", include_str!("../../migrations/metadata/0003_usage.sql")),
    ("signatures", include_str!("../../migrations/metadata/0004_signatures.sql")),
    ("audit", include_str!("../../migrations/metadata/0005_audit.sql")),
    ("intent owners", include_str!("../../migrations/metadata/0006_intent_owners.sql")),
    ("connection types", include_str!("../../migrations/metadata/0007_connection_types.sql")),
    ("slugs", include_str!("../../migrations/metadata/0008_slugs.sql")),
];

/// How long an organization's turn may work that reads what it names.
const READ_WORK: Duration = Duration::from_secs(1);

/// How long an organization's turn may work that writes.
const WRITE_WORK: Duration = Duration::from_secs(5);

/// Connections that read for the host itself and for its health, and how many of them one of the two may have.
const HOST_READERS: (usize, usize) = (10, 2);

/// SQLite's primary result codes for what is not this program's mistake: busy, locked, read-only, I/O error, full,
/// cannot open (SQLite manual, "Result and Error Codes").
const UNAVAILABLE: [u32; 6] = [5, 6, 8, 10, 13, 14];

/// SQLite's primary result code for a statement that its progress handler has ended.
const INTERRUPTED: u32 = 9;

/// What organizations may have of the store.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Connections that read for organizations.
    pub readers: usize,
    /// How many of them one organization may have at once.
    pub readers_per_organization: usize,
    /// How long a list may work.
    pub list_work: Duration,
    /// What may be stored.
    pub quotas: Quotas,
    /// Rows of an organization's audit trail that are kept, of each outcome.
    pub audit_events: i64,
}

/// The metadata. Clones share one set of connections.
#[derive(Debug, Clone)]
pub struct Store {
    readers: Pool,
    host_readers: Pool,
    /// One connection: SQLite has one writer, and waiting for a turn is fairer than waiting for its lock.
    writer: Pool,
    file: sqlite::File,
    settings: Settings,
    due: audit::Due,
    damages: Damages,
    /// Held as long as the store is open.
    _lock: Arc<File>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy)]
pub enum Turn<'a> {
    /// The requests of an organization.
    Of(&'a str),
    /// What the host does by itself, and for its operators. Its turns have no bound: what it reads and writes is of all
    /// tenants.
    Host,
}

/// Why the store did not do what it was asked. `Display` carries no SQL and no data.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the store open.
    #[error("another patchpanel is running on {0}; stop it, or choose another data directory")]
    InUse(PathBuf),
    /// Whoever can write to the directory can put other files into the places of these.
    #[error("the data directory {path} can be written by everybody (mode {mode:04o}); run `chmod 700` on it")]
    Exposed {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file cannot be opened.
    #[error("the metadata store {path} cannot be opened; check its permissions, or restore it from a backup")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store was written by a newer version of the program, or is damaged.
    #[error("the metadata store {path} cannot be brought up to date; was it written by a newer version?")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
    /// The database cannot work right now: the disk is full, a file cannot be written.
    #[error("the metadata store is not available")]
    Unavailable(#[source] sqlx::Error),
    /// Others had all turns for too long, or the organization has used up its own.
    #[error("there was no turn at the metadata store")]
    Refused(#[source] Refused),
    /// The turn has worked for as long as it may.
    #[error("a turn at the metadata store took too long")]
    TooLong,
    /// The rows of a page are more than this many bytes.
    #[error("a page of the metadata store has more than {0} bytes")]
    PageTooLarge(u64),
    /// The tenant has as much as it may have.
    #[error(transparent)]
    Quota(#[from] Exceeded),
    /// The database refused what this program asked of it.
    #[error("the metadata store failed")]
    Database(#[source] sqlx::Error),
    /// What was to be written cannot follow what is there. Nothing is written; it is a mistake of this program.
    #[error("a {what} that is {now} cannot become {next}")]
    Transition {
        /// Of what, such as `connection`.
        what: &'static str,
        /// The status or state that is stored.
        now: &'static str,
        /// The one that was to be written.
        next: &'static str,
    },
    /// A stored value is not what this program stores there.
    #[error("the metadata store has a damaged {0}")]
    Damaged(&'static str),
    /// The same of a row that has a name.
    #[error(transparent)]
    DamagedRow(#[from] Damaged),
}

impl Store {
    /// Opens the store, making directory and file (for nobody else to read) when there are none, and brings it up to
    /// date. A second process that opens the same file is refused.
    pub async fn open(path: &Path, settings: Settings) -> Result<Self, Error> {
        let lock = lock(path)?;
        let file = sqlite::File::open(path)
            .await
            .map_err(|source| Error::Open { path: path.into(), source: source.into() })?;
        file.migrate(MIGRATIONS).await.map_err(|source| Error::Migrate { path: path.into(), source })?;
        let read_only = ("query_only", "on");
        let store = Self {
            readers: file.pool((settings.readers, settings.readers_per_organization), read_only),
            host_readers: file.pool(HOST_READERS, read_only),
            writer: file.pool((1, 1), ("query_only", "off")),
            file,
            settings,
            due: audit::Due::default(),
            damages: Damages::default(),
            _lock: Arc::new(lock),
        };
        intents::expire(&mut store.host_writer(Turn::Host).await?).await?;
        Ok(store)
    }

    /// A connection that only reads.
    pub async fn reader(&self, turn: Turn<'_>) -> Result<Connection, Error> {
        match turn {
            Turn::Of(_) => Ok(self.readers.take(&turn.party(), READ_WORK).await?),
            Turn::Host => Ok(self.host_readers.take(&turn.party(), Duration::MAX).await?),
        }
    }

    /// A connection that only reads, for a list of an organization: how much that reads is its caller's choice.
    pub async fn list_reader(&self, organization: &str) -> Result<Connection, Error> {
        Ok(self.readers.take(&Turn::Of(organization).party(), self.settings.list_work).await?)
    }

    /// The connection that writes, for a single statement of what the host records by itself, and nobody has asked for: how
    /// a test ended, what is left to remove. What it does is durable when it returns. Each turn of the database's thread is
    /// one that other writers wait for, and a transaction has three.
    pub async fn host_writer(&self, turn: Turn<'_>) -> Result<Connection, Error> {
        let work = match turn {
            Turn::Of(_) => WRITE_WORK,
            Turn::Host => Duration::MAX,
        };
        Ok(self.writer.take(&turn.party(), work).await?)
    }

    /// Begins a write transaction of what the host records by itself. It has the store's write lock from its first moment, so
    /// that what it reads holds until it commits. What somebody does is a [`change`](Self::change).
    pub async fn host_transaction(&self, turn: Turn<'_>) -> Result<Transaction, Error> {
        Ok(Transaction::new(self.host_writer(turn).await?.begin().await?, self.settings.quotas))
    }

    /// Begins a change for somebody: a write transaction that is recorded in the audit trail when it commits.
    pub async fn change(&self, event: Event) -> Result<Change, Error> {
        Ok(Change::new(self.host_transaction(Turn::about(&event)).await?, event, self.due.clone()))
    }

    /// What may be stored.
    pub fn quotas(&self) -> &Quotas {
        &self.settings.quotas
    }

    /// Who tells of damaged rows.
    pub fn damages(&self) -> &Damages {
        &self.damages
    }

    /// Finishes what is going on and closes all connections.
    pub async fn close(&self) {
        self.readers.close().await;
        self.host_readers.close().await;
        self.writer.close().await;
        self.file.close().await;
    }
}

impl<'a> Turn<'a> {
    /// The turn of the tenant's organization.
    pub fn of(tenant: &'a Tenant) -> Self {
        Self::Of(&tenant.organization)
    }

    /// The turn of the organization that the event's resource belongs to; the host's for the platform's own.
    fn about(event: &'a Event) -> Self {
        match event.resource.organization() {
            "" => Self::Host,
            organization => Self::Of(organization),
        }
    }

    fn party(self) -> Party {
        match self {
            Self::Of(organization) => Party::Organization(organization.to_owned()),
            Self::Host => Party::Host,
        }
    }
}

/// Makes the directory, and takes the lock on the file beside the store.
fn lock(path: &Path) -> Result<File, Error> {
    let failed = |source: io::Error| Error::Open { path: path.into(), source: source.into() };
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let mode = directory.metadata().map_err(failed)?.mode() & 0o7777;
        if mode & 0o002 != 0 {
            return Err(Error::Exposed { path: directory.into(), mode });
        }
    }
    let mut private = OpenOptions::new();
    private.write(true).create(true).truncate(false).mode(0o600);
    let lock = private.open(path.with_extension("lock")).map_err(failed)?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
        rustix::io::Errno::WOULDBLOCK => Error::InUse(path.into()),
        error => failed(error.into()),
    })?;
    Ok(lock)
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            _ => match sqlite::result_code(&error) {
                Some(code) if UNAVAILABLE.contains(&code) => Self::Unavailable(error),
                Some(INTERRUPTED) => Self::TooLong,
                _ => Self::Database(error),
            },
        }
    }
}

impl From<sqlite::Error> for Error {
    fn from(error: sqlite::Error) -> Self {
        match error {
            sqlite::Error::Refused(refused) => Self::Refused(refused),
            sqlite::Error::Failed(error) => error.into(),
        }
    }
}

/// How a tenant's project is stored.
fn project(tenant: &Tenant) -> &str {
    tenant.project.as_deref().unwrap_or_default()
}

/// The tenant whose organization and project are stored so.
fn tenant(organization: String, project: String) -> Tenant {
    Tenant { organization, project: Some(project).filter(|project| !project.is_empty()) }
}

#[cfg(test)]
pub(crate) mod tests;
