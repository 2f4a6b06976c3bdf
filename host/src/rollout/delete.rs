//! Deleting versions that serve nothing.

use std::sync::Arc;

use super::{Error, Rollout, State};
use crate::store::connector_versions;
use crate::store::{self, serving};

/// Versions of a type that are kept although they serve nothing, the latest first.
const RETAINED: usize = 10;

impl Rollout {
    /// Deletes a version with its bytes.
    pub async fn delete(self: &Arc<Self>, principal: &str, digest: &str) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let record = self.find(digest).await?;
        let wanted = match record.state {
            State::Active => Some("activate another one first"),
            State::Pending => Some("wait until it has been admitted"),
            State::Shadow | State::Draining | State::Retired | State::Refused | State::RolledBack => None,
        };
        if let Some(wanted) = wanted {
            return Err(Error::State { state: record.state, wanted });
        }
        self.remove(digest).await?;
        tracing::info!(digest, principal, "connector version deleted");
        self.unload().await
    }

    /// Removes the oldest versions that serve nothing and were not kept for going back.
    pub(super) async fn prune(&self, type_name: &str) -> Result<(), Error> {
        let needed = self.needed().await?;
        let mut reader = self.store.reader().await?;
        let files = connector_versions::files(&mut reader).await?;
        let mut rows = connector_versions::list(&mut reader).await?;
        drop(reader);
        rows.retain(|row| {
            let is_spent = [State::Retired, State::Refused, State::RolledBack].iter().any(|it| row.state == it.name());
            let is_in_directory = files.iter().any(|(_, digest)| *digest == row.digest);
            row.type_name == type_name && is_spent && !is_in_directory && !needed.contains(&row.digest)
        });
        rows.sort_by_key(|row| std::cmp::Reverse(row.changed_at));
        for row in rows.iter().skip(RETAINED) {
            match self.remove(&row.digest).await {
                // A connection has come to name it meanwhile.
                Ok(()) | Err(Error::Serving(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The row first: a file without a row is removed at the next start, a row without its file would be damaged.
    pub(super) async fn remove(&self, digest: &str) -> Result<(), Error> {
        let mut transaction = self.store.begin().await?;
        let counts = serving::counts(&mut transaction).await?;
        if let Some((_, count)) = counts.iter().find(|(named, _)| named == digest) {
            return Err(Error::Serving(count.unsigned_abs()));
        }
        connector_versions::delete(&mut transaction, digest).await?;
        store::commit(transaction).await?;
        self.library.remove(digest).await?;
        self.connectors.forget(digest);
        Ok(())
    }
}
