//! Connections to SQLite files: shared in turns between those who ask, with a bound on the work of each turn, and
//! replaced when anything failed.
//!
//! SQLite rolls back by itself when the disk is full or an I/O error occurs, which the driver does not notice; and a file
//! that could not be opened for writing once stays read-only for that connection. So nobody looks at what is left of a
//! connection: whatever failed, was broken off, or did not commit ends with its connection, and the next turn opens
//! another one.

mod connection;
mod meter;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, SqlSafeStr as _};
use tokio::sync::Notify;

use crate::fairness::{Refused, Shares};
use crate::private;
use connection::Open;
pub use connection::{Connection, Transaction};

/// How long a turn is waited for.
pub const WAIT: Duration = Duration::from_secs(5);

/// How long a stop waits for what is going on.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// SQLite's primary result codes for a file that is damaged or something else (SQLite manual, "Result and Error Codes").
const DAMAGED: [u32; 2] = [11, 26];

/// An open file. Clones are the same one.
#[derive(Debug, Clone)]
pub struct File {
    options: SqliteConnectOptions,
    anchor: Arc<Mutex<Option<SqliteConnection>>>,
}

/// Connections to a file of which there is a fixed number. Clones are the same ones.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Open for as long as there may be connections to it.
    _file: File,
    options: SqliteConnectOptions,
    connections: usize,
    shares: Shares<Party>,
    idle: Mutex<Vec<Open>>,
    closed: AtomicBool,
    /// Told whenever a turn has ended.
    ended: Notify,
}

/// Who takes turns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Party {
    /// The requests of an organization.
    Organization(String),
    /// What the host does by itself, and for its operators.
    Host,
    /// What asks whether all is well.
    Health,
}

/// Why a file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// What SQLite found first.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// SQLite or its driver failed.
    #[error(transparent)]
    Failed(sqlx::Error),
}

/// Why a turn or a statement came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There was no turn.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// SQLite or its driver failed.
    #[error(transparent)]
    Failed(#[from] sqlx::Error),
}

/// The primary result code of an error that SQLite reported (SQLite manual, "Result and Error Codes").
pub fn result_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    // An extended one has it in its lowest byte.
    Some(code & 0xff)
}

/// Placeholders for so many rows of so many columns, for `values`: `($1, $2), ($3, $4)`. SQLite and PostgreSQL name the
/// columns of `values` alike: `column1`, `column2`.
pub fn placeholders(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let columns: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", columns.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        let is_damaged = result_code(&error).is_some_and(|code| DAMAGED.contains(&code));
        match error {
            sqlx::Error::Database(reported) if is_damaged => Self::Damaged(reported.message().to_owned()),
            error => Self::Failed(error),
        }
    }
}

impl File {
    /// Opens a file, for nobody else to use, making it when there is none, with a write-ahead log and transactions that
    /// are durable when they have committed.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        // SQLite would make it as the umask says, and gives its journal the same mode.
        let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        made.map_err(sqlx::Error::Io)?;
        for suffix in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            private::close(Path::new(&name)).map_err(sqlx::Error::Io)?;
        }
        // SQLite's default with a write-ahead log would lose the last transactions when the power fails.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        // Kept for as long as the file is open: the last connection takes the log and its index with it when it closes,
        // and the next one could not make them when the disk is full.
        let mut anchor = options.connect().await?;
        // A look at the file is what makes log and index.
        anchor.execute("select count(*) from sqlite_master").await?;
        // Here, where it can be said what to do: a request would find a damaged page one day and fail.
        let found: String = sqlx::query_scalar("pragma quick_check(1)").fetch_one(&mut anchor).await?;
        if found != "ok" {
            return Err(OpenError::Damaged(found.replace('\n', " ")));
        }
        Ok(Self { options, anchor: Arc::new(Mutex::new(Some(anchor))) })
    }

    /// Brings the schema up to date: names and statements, the oldest first.
    pub async fn migrate(&self, migrations: &[(&'static str, &'static str)]) -> Result<(), MigrateError> {
        let numbered = (1..).zip(migrations);
        let migration = |(number, (name, schema)): (i64, &(&'static str, &'static str))| {
            Migration::new(number, (*name).into(), MigrationType::Simple, schema.into_sql_str(), false)
        };
        let mut connection = self.options.connect().await?;
        Migrator::with_migrations(numbered.map(migration).collect()).run(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Closes it; its pools must have been closed before.
    pub async fn close(&self) {
        let anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(anchor) = anchor {
            // Whoever opens it next reads the log, if it could not be emptied.
            let _ = anchor.close().await;
        }
    }

    /// So many connections with this setting of their own, of which a party has `most` at once.
    pub fn pool(&self, (connections, most): (usize, usize), (pragma, value): (&'static str, &'static str)) -> Pool {
        Pool(Arc::new(Inner {
            _file: self.clone(),
            options: self.options.clone().pragma(pragma, value),
            connections,
            shares: Shares::new(connections, most),
            idle: Mutex::default(),
            closed: AtomicBool::new(false),
            ended: Notify::new(),
        }))
    }
}

impl Pool {
    /// Takes a turn that may work for so long (CPU time of SQLite's thread), waiting for at most [`WAIT`].
    pub async fn take(&self, party: &Party, work: Duration) -> Result<Connection, Error> {
        let share = self.0.shares.take(party, 1, WAIT).await?;
        match self.open().await {
            Ok(open) => Ok(Connection::new(open, work, share, Arc::clone(&self.0))),
            Err(error) => {
                drop(share);
                self.0.ended.notify_one();
                Err(error.into())
            }
        }
    }

    /// A connection that nobody uses.
    async fn open(&self) -> sqlx::Result<Open> {
        if self.0.closed.load(Ordering::Acquire) {
            return Err(sqlx::Error::PoolClosed);
        }
        let idle = self.0.idle().pop();
        match idle {
            Some(open) => Ok(open),
            None => Open::new(&self.0.options).await,
        }
    }

    /// Gives out no more turns, waits for those that were given, and closes all connections.
    pub async fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        let ended = async {
            while self.0.shares.free() < self.0.connections {
                self.0.ended.notified().await;
            }
        };
        // What does not end in time is rolled back by whoever opens the file next.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, ended).await;
        let idle = std::mem::take(&mut *self.0.idle());
        for open in idle {
            open.close().await;
        }
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Vec<Open>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
