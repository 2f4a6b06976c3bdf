//! Going back to the version before.

use std::sync::Arc;

use super::activate::{begin, end, refuse};
use super::{Error, Rollout, State, VersionRecord, version_event};
use crate::audit::{Action, Actor};
use crate::connectors::admission::Reason;
use crate::crash;
use crate::store::connector_versions;
use crate::store::{Turn, serving};

impl Rollout {
    /// Puts an active version back and makes the one before active again. Connections that nobody has changed since are as
    /// they were at once; the others are looked at afterwards.
    pub async fn roll_back(
        self: &Arc<Self>,
        actor: Actor,
        digest: &str,
        reason: Reason,
    ) -> Result<VersionRecord, Error> {
        let (rollout, digest) = (Arc::clone(self), digest.to_owned());
        tokio::spawn(async move {
            let row = rollout.find_row(&digest).await?;
            let last_good =
                connector_versions::last_good(&mut rollout.store.reader(Turn::Host).await?, &row.connection_type)
                    .await?;
            let connector = match &last_good {
                Some(before) => Some(rollout.load(before).await?),
                None => None,
            };
            let _turn = rollout.turn.lock().await;
            let event = version_event(&actor, Action::ConnectorRollBack, &digest);
            let mut change = rollout.store.change(event).await?;
            let row = connector_versions::find(&mut change, &digest).await?.ok_or(Error::NotFound)?;
            if row.state != State::Active {
                return Err(refuse(row.state, "only an active version can be rolled back"));
            }
            let before = connector_versions::last_good(&mut change, &row.connection_type).await?;
            let (Some(before), Some(connector)) = (before, connector) else { return Err(Error::NothingBefore) };
            if connector.digest() != before.digest {
                return Err(Error::Contended);
            }
            let ended =
                end(&mut change, &row.connection_type, State::RolledBack, std::slice::from_ref(&reason)).await?;
            let before = begin(&mut change, before, None).await?;
            serving::give_back(&mut change, &digest, &before.digest).await?;
            serving::withdraw(&mut change, &digest).await?;
            rollout.connectors.keep(&connector);
            crash::point("rollback-written");
            change.commit().await?;
            crash::point("rollback-committed");
            rollout.connectors.activate(&connector);
            tracing::warn!(digest, reason = reason.message, "connector rolled back");
            rollout.follow_up(&before, ended).await;
            rollout.find(&digest).await
        })
        .await?
    }
}
