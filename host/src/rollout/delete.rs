//! Deleting versions that serve nothing.

use std::sync::Arc;

use super::{Error, Rollout, State, version_event};
use crate::audit::{Action, Actor};
use crate::store::connector_versions;
use crate::store::{Turn, serving};

/// Versions of a type that are kept although they serve nothing, the latest first.
const RETAINED: usize = 10;

impl Rollout {
    /// Deletes a version with its bytes. It goes on when the caller goes away.
    pub async fn delete(self: &Arc<Self>, actor: Actor, digest: &str) -> Result<(), Error> {
        let (rollout, digest) = (Arc::clone(self), digest.to_owned());
        tokio::spawn(async move {
            if !rollout.remove(&actor, &digest).await? {
                return Err(Error::NotFound);
            }
            tracing::info!(digest, principal = actor.name(), "connector version deleted");
            rollout.unload().await
        })
        .await?
    }

    /// Unloads what nothing needs any more, and removes the type's oldest versions that serve nothing, are not kept for
    /// going back and are in no file of the directory.
    pub(super) async fn prune(&self, connection_type: &str) -> Result<(), Error> {
        let needed = self.needed().await?;
        self.connectors.unload_all_but(&needed);
        let spent = connector_versions::spent(&mut self.store.reader(Turn::Host).await?, connection_type).await?;
        for digest in spent.iter().filter(|digest| !needed.contains(*digest)).skip(RETAINED) {
            match self.remove(&Actor::Host, digest).await {
                // Something has come to need it meanwhile.
                Ok(_) | Err(Error::Serving(_) | Error::State { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes a version that serves nothing; false if it is gone. The row first: a file without a row is removed at the
    /// next start, a row without its file would be damaged.
    pub(super) async fn remove(&self, actor: &Actor, digest: &str) -> Result<bool, Error> {
        let mut change = self.store.change(version_event(actor, Action::ConnectorDelete, digest)).await?;
        let Some(row) = connector_versions::find(&mut change, digest).await? else { return Ok(false) };
        for (state, wanted) in
            [(State::Active, "activate another one first"), (State::Pending, "wait until it has been admitted")]
        {
            if row.state == state {
                return Err(Error::State { state, wanted });
            }
        }
        let count = serving::served_by(&mut change, digest).await?;
        if count > 0 {
            return Err(Error::Serving(count));
        }
        connector_versions::delete(&mut change, digest).await?;
        change.commit().await?;
        self.awaiting_activation().take_if(|last| last == digest);
        self.connectors.forget(digest);
        self.tell_deleted(&row);
        self.library.delete(digest).await?;
        Ok(true)
    }
}
