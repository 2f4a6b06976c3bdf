//! A connection for one turn, and a transaction on it.

use std::future;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use sqlx::any::{Any, AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Either, Error, Execute, Executor, SqlSafeStr as _, SqlStr};
use sqlx_core::any::AnyConnectionBackend;
use tokio::runtime::Handle;

use super::meter::Meter;
use super::{Inner, Party};
use crate::fairness::Share;

/// SQLite asks whether to go on each time that it has run about so many instructions of its virtual machine.
const INSTRUCTIONS: i32 = 250;

/// An open connection.
#[derive(Debug)]
pub(super) struct Open {
    sqlite: SqliteConnection,
    meter: Arc<Meter>,
}

/// A connection for one turn. It speaks sqlx's language for any database, so that a query is written once.
#[derive(Debug)]
pub struct Connection {
    /// None only while it is dropped.
    held: Option<Held>,
    /// Whether nothing has failed or is under way, so that it can be used again.
    sound: bool,
}

#[derive(Debug)]
struct Held {
    open: Open,
    share: Share<Party>,
    pool: Arc<Inner>,
}

/// A write transaction. One that is dropped without a commit has done nothing.
#[derive(Debug)]
pub struct Transaction(Connection);

impl Open {
    pub(super) async fn new(options: &SqliteConnectOptions) -> sqlx::Result<Self> {
        let mut sqlite = options.connect().await?;
        let meter = Arc::new(Meter::default());
        sqlite.lock_handle().await?.set_progress_handler(INSTRUCTIONS, Arc::clone(&meter).handler());
        Ok(Self { sqlite, meter })
    }

    pub(super) async fn close(self) {
        // It is gone either way; what it had not committed is rolled back.
        let _ = self.sqlite.close().await;
    }
}

impl Connection {
    pub(super) fn new(open: Open, work: Duration, share: Share<Party>, pool: Arc<Inner>) -> Self {
        open.meter.begin(work);
        Self { held: Some(Held { open, share, pool }), sound: true }
    }

    /// Begins a write transaction. It has the file's write lock from its first moment, so that what it reads holds until
    /// it commits.
    pub async fn begin(mut self) -> sqlx::Result<Transaction> {
        // Until it has committed.
        self.sound = false;
        AnyConnectionBackend::begin(self.backend()?, Some("begin immediate".into_sql_str())).await?;
        Ok(Transaction(self))
    }

    fn backend(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        self.held.as_mut().map(|held| &mut held.open.sqlite).ok_or(Error::WorkerCrashed)
    }
}

impl Transaction {
    /// Commits; what it did is durable when this returns.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        AnyConnectionBackend::commit(self.0.backend()?).await?;
        self.0.sound = true;
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(Held { open, share, pool }) = self.held.take() else { return };
        if self.sound {
            pool.idle().push(open);
            drop(share);
            pool.ended.notify_one();
            return;
        }
        // The turn ends when SQLite has ended: whoever breaks off what he has begun would have more than his share.
        open.meter.stop();
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                open.close().await;
                drop(share);
                pool.ended.notify_one();
            });
        }
    }
}

impl<'c> Executor<'c> for &'c mut Connection {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, mut query: E) -> BoxStream<'e, sqlx::Result<Either<AnyQueryResult, AnyRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let Connection { held: Some(held), sound } = self else {
            return stream::once(future::ready(Err(Error::WorkerCrashed))).boxed();
        };
        let arguments = match query.take_arguments().map_err(Error::Encode) {
            Ok(arguments) => arguments,
            Err(error) => return stream::once(future::ready(Err(error))).boxed(),
        };
        let was_sound = std::mem::replace(sound, false);
        let persistent = query.persistent();
        let steps = AnyConnectionBackend::fetch_many(&mut held.open.sqlite, query.sql(), persistent, arguments);
        stream::unfold(Some((steps, sound)), move |state| async move {
            let (mut steps, sound) = state?;
            match steps.next().await {
                Some(Ok(step)) => Some((Ok(step), Some((steps, sound)))),
                Some(Err(error)) => Some((Err(error), None)),
                None => {
                    *sound = was_sound;
                    None
                }
            }
        })
        .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, mut query: E) -> BoxFuture<'e, sqlx::Result<Option<AnyRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let arguments = query.take_arguments().map_err(Error::Encode)?;
            let was_sound = std::mem::replace(&mut self.sound, false);
            let persistent = query.persistent();
            let sql = query.sql();
            let row = AnyConnectionBackend::fetch_optional(self.backend()?, sql, persistent, arguments).await?;
            self.sound = was_sound;
            Ok(row)
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &[AnyTypeInfo]) -> BoxFuture<'e, sqlx::Result<AnyStatement>>
    where
        'c: 'e,
    {
        match self.backend() {
            Ok(backend) => AnyConnectionBackend::prepare_with(backend, sql, parameters),
            Err(error) => Box::pin(future::ready(Err(error))),
        }
    }
}
