//! Whether the store works.

use super::{Error, Store};
use crate::clock::now;
use crate::sqlite::Party;
use std::time::Duration;

/// How long a look may work: it writes and reads one row.
const WORK: Duration = Duration::from_millis(250);

impl Store {
    /// Writes something small that is durable, as every change is, and reads it: a store that can only be read is not
    /// well. It takes turns of its own.
    pub async fn health(&self) -> Result<(), Error> {
        let written = now();
        let mut writer = self.writer.take(&Party::Health, WORK).await?;
        sqlx::query(
            "insert into health (id, checked_at) values (1, $1) on conflict (id) do update set checked_at = $1",
        )
        .bind(written)
        .execute(&mut writer)
        .await?;
        drop(writer);
        let mut reader = self.host_readers.take(&Party::Health, WORK).await?;
        let read: i64 = sqlx::query_scalar("select checked_at from health where id = 1").fetch_one(&mut reader).await?;
        // Another look may have been later.
        if read >= written { Ok(()) } else { Err(Error::Damaged("row of its health")) }
    }
}
