//! The only code that holds SQL for the metadata. One file per noun with free functions; each query is written once,
//! for SQLite now and PostgreSQL later: columns text and bigint only, `$n` placeholders, no booleans.
//!
//! Every function on tenant data takes the tenant as an argument.

pub mod connections;
pub mod connector_versions;
pub mod idempotency;
pub mod intents;
pub mod removals;
pub mod serving;

use std::fmt::Write as _;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Executor, Row as _, SqlSafeStr};

use crate::auth::Tenant;
use crate::secrets::Reference;

/// A write transaction. It is rolled back when dropped.
pub type Transaction = sqlx::Transaction<'static, Any>;

const READERS: u32 = 4;

/// How long a call waits for its turn.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// SQLite's primary result codes for what is not this program's mistake: busy, locked, read-only, I/O error, full,
/// cannot open (SQLite manual, "Result and Error Codes").
const UNAVAILABLE: [u32; 6] = [5, 6, 8, 10, 13, 14];

/// The metadata. Clones share one set of connections.
#[derive(Debug, Clone)]
pub struct Store {
    readers: AnyPool,
    /// One connection: SQLite has one writer, and waiting for a connection is fairer than waiting for its lock.
    writer: AnyPool,
    /// Held as long as the store is open.
    _lock: Arc<File>,
}

/// Why the store did not do what it was asked. `Display` carries no SQL and no data.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the store open.
    #[error("another patchpanel is running on {0}; stop it, or choose another data directory")]
    InUse(PathBuf),
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
    /// The database cannot work right now: the disk is full, a file cannot be written, too many wait.
    #[error("the metadata store is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The database refused what this program asked of it.
    #[error("the metadata store failed")]
    Database(#[source] sqlx::Error),
    /// A stored value is not what this program stores there.
    #[error("the metadata store has a damaged {0}")]
    Damaged(&'static str),
}

impl Store {
    /// Opens the store, making directory and file (for nobody else to read) when there are none, and brings it up to
    /// date. A second process that opens the same file is refused.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        sqlx::any::install_default_drivers();
        let lock = open_file(path)?;
        let failed = |source: sqlx::Error| Error::Open { path: path.into(), source: source.into() };
        let absolute =
            std::path::absolute(path).map_err(|source| Error::Open { path: path.into(), source: source.into() })?;
        let options: AnyConnectOptions = url(&absolute).parse().map_err(failed)?;
        // On a connection of its own first: a pool would try a file that is no database for half a minute.
        let mut first = AnyConnection::connect_with(&options).await.map_err(failed)?;
        first.execute("pragma journal_mode = wal").await.map_err(failed)?;
        first.close().await.map_err(failed)?;
        // SQLite's default would lose the last transactions when the power fails.
        let writer = connect(&options, 1, "pragma synchronous = full").await.map_err(failed)?;
        Migrator::with_migrations(migrations())
            .run(&writer)
            .await
            .map_err(|source| Error::Migrate { path: path.into(), source })?;
        let readers = connect(&options, READERS, "pragma query_only = on").await.map_err(failed)?;
        Ok(Self { readers, writer, _lock: Arc::new(lock) })
    }

    /// A connection that only reads.
    pub async fn reader(&self) -> Result<PoolConnection<Any>, Error> {
        Ok(self.readers.acquire().await?)
    }

    /// The connection that writes, for a single statement: what that does is durable when it returns. Each turn of the
    /// database's thread is one that other writers wait for, and a transaction has three.
    pub async fn writer(&self) -> Result<PoolConnection<Any>, Error> {
        Ok(self.writer.acquire().await?)
    }

    /// Begins a write transaction. It has the store's write lock from its first moment, so that what it reads holds
    /// until it commits.
    pub async fn begin(&self) -> Result<Transaction, Error> {
        Ok(self.writer.begin_with("begin immediate").await?)
    }

    /// Whether the store answers.
    pub async fn health(&self) -> Result<(), Error> {
        sqlx::query("select id from connections limit 1").execute(&self.readers).await?;
        Ok(())
    }

    /// Finishes what is going on and closes all connections.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Commits a write transaction; what it did is durable when this returns.
pub async fn commit(transaction: Transaction) -> Result<(), Error> {
    Ok(transaction.commit().await?)
}

fn migrations() -> Vec<Migration> {
    let migrations = [
        ("connections", include_str!("../../migrations/metadata/0001_connections.sql")),
        ("connector versions", include_str!("../../migrations/metadata/0002_connector_versions.sql")),
    ];
    let numbered = (1..).zip(migrations);
    let migration = |(number, (name, schema)): (i64, (&'static str, &'static str))| {
        Migration::new(number, name.into(), MigrationType::Simple, schema.into_sql_str(), false)
    };
    numbered.map(migration).collect()
}

/// Makes directory and file, and takes the lock on the file beside it.
fn open_file(path: &Path) -> Result<File, Error> {
    let failed = |source: io::Error| Error::Open { path: path.into(), source: source.into() };
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    }
    let private = |path: &Path| OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    let lock = private(&path.with_extension("lock")).map_err(failed)?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
        rustix::io::Errno::WOULDBLOCK => Error::InUse(path.into()),
        error => failed(error.into()),
    })?;
    // SQLite would make it as the umask says, and gives its journal the same mode.
    private(path).map_err(failed)?;
    Ok(lock)
}

async fn connect(options: &AnyConnectOptions, connections: u32, settings: &'static str) -> sqlx::Result<AnyPool> {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A file does not go away like a server; asking it first would cost each call a turn of the database's thread.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(move |connection: &mut AnyConnection, _| {
            Box::pin(async move { connection.execute(settings).await.map(drop) })
        })
        .connect_with(options.clone())
        .await
}

/// The path as sqlx reads it from a URL: percent-encoded, whatever characters it has.
fn url(path: &Path) -> String {
    let mut url = String::from("sqlite://");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => url.push(char::from(*byte)),
            byte => {
                // Writing to a text cannot fail.
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
    url.push_str("?mode=rw");
    url
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let unavailable = match &error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                true
            }
            // An extended result code has the primary one in its lowest byte.
            sqlx::Error::Database(error) => error
                .code()
                .and_then(|code| code.parse::<u32>().ok())
                .is_some_and(|code| UNAVAILABLE.contains(&(code & 0xff))),
            _ => false,
        };
        if unavailable { Self::Unavailable(error) } else { Self::Database(error) }
    }
}

/// How a tenant's project is stored.
fn project(tenant: &Tenant) -> &str {
    tenant.project.as_deref().unwrap_or_default()
}

/// The secret version that a row of intents or removals is about.
fn reference(row: &AnyRow) -> Result<Reference, Error> {
    Ok(Reference {
        organization: row.try_get("organization")?,
        key: row.try_get("key")?,
        version: row.try_get("version")?,
    })
}

#[cfg(test)]
mod tests;
