//! Looks into the two stores for secrets that no connection points at.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

type Secrets = BTreeSet<(String, i64)>;

/// What the two stores hold.
#[derive(Debug)]
struct Holdings {
    stored: Secrets,
    pointed_at: Secrets,
    /// Intents and removals.
    unfinished: i64,
}

/// Waits until every secret has its connection, every connection its secret, and nothing is left to do.
pub(crate) fn none_within(limit: Duration, data: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let start = Instant::now();
    loop {
        let holdings = runtime.block_on(look(data)).unwrap();
        let lost: Vec<_> = holdings.pointed_at.difference(&holdings.stored).collect();
        assert!(lost.is_empty(), "connections point at secrets that are not there: {lost:?}");
        if holdings.stored == holdings.pointed_at && holdings.unfinished == 0 {
            return;
        }
        assert!(start.elapsed() < limit, "the reaper has left {holdings:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

async fn look(data: &Path) -> sqlx::Result<Holdings> {
    // The metadata first: the reaper never removes what they point at.
    let mut metadata = open(&data.join("metadata.db")).await?;
    let pointed_at = sqlx::query_as("select secret_key, secret_version from connections where secret_key is not null")
        .fetch_all(&mut metadata)
        .await?;
    let unfinished =
        sqlx::query_scalar("select (select count(*) from secret_intents) + (select count(*) from secret_removals)")
            .fetch_one(&mut metadata)
            .await?;
    metadata.close().await?;
    let mut secrets = open(&data.join("secrets.db")).await?;
    // All but the key with which the host keys the digests of an organization's requests.
    let stored = sqlx::query_as("select key, version from secrets where key <> 'idempotency-digest'")
        .fetch_all(&mut secrets)
        .await?;
    secrets.close().await?;
    Ok(Holdings { stored: stored.into_iter().collect(), pointed_at: pointed_at.into_iter().collect(), unfinished })
}

async fn open(file: &Path) -> sqlx::Result<SqliteConnection> {
    SqliteConnectOptions::new().filename(file).read_only(true).connect().await
}
