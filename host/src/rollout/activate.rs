//! Publishing a version: the type changes hands, in one transaction and one swap. The connections follow
//! ([`super::hand_over`]).

use std::sync::Arc;

use super::record::to_json;
use super::{Error, Rollout, Shadow, State, VersionRecord, version_event};
use crate::audit::{Action, Actor};
use crate::clock::now;
use crate::connectors::VersionInUse;
use crate::connectors::admission::Reason;
use crate::crash;
use crate::store::Change;
use crate::store::connector_versions::{self, ConnectorVersionRow};

/// What to do with a version that is refused.
const UPLOAD_AGAIN: &str = "upload it again to have it looked at again";

/// How to activate a version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Activation {
    /// Only tries it.
    pub dry_run: bool,
    /// Goes on although connections would fail; those stay with the version that serves them.
    pub hold_failing: bool,
}

impl Rollout {
    /// Tries a version against the stored connections and makes it the active one of its type, or only tries it. It goes
    /// on when the caller goes away.
    pub async fn activate(
        self: &Arc<Self>,
        actor: Actor,
        digest: &str,
        activation: Activation,
    ) -> Result<VersionRecord, Error> {
        let (rollout, digest) = (Arc::clone(self), digest.to_owned());
        tokio::spawn(async move {
            let row = rollout.find_row(&digest).await?;
            match row.state {
                State::Pending => return Err(refuse(State::Pending, "wait until it has been admitted")),
                State::Refused => return Err(refuse(State::Refused, UPLOAD_AGAIN)),
                State::Shadow | State::Active | State::Retired | State::RolledBack => {}
            }
            let connector = rollout.load(&row).await?;
            rollout.revive(&row, &connector).await?;
            if activation.dry_run {
                let shadow = to_json(&rollout.try_out(&row, &connector).await?)?;
                rollout.change(&digest, |row| row.shadow = Some(shadow)).await?;
            } else if row.state != State::Active {
                rollout.introduce(&actor, row, connector, activation.hold_failing).await?;
                tracing::info!(digest, principal = actor.name(), "connector activated");
            }
            rollout.find(&digest).await
        })
        .await?
    }

    /// Tries a version, and makes it the active one if no connection that works would fail.
    pub(super) async fn introduce(
        &self,
        actor: &Actor,
        row: ConnectorVersionRow,
        connector: VersionInUse,
        hold_failing: bool,
    ) -> Result<(), Error> {
        let shadow = self.try_out(&row, &connector).await?;
        if shadow.failing > 0 && !hold_failing {
            return self.not_published(&row, shadow).await;
        }
        crash::point("activation-tried");
        let row = self.publish(actor, &row.digest, &connector, &shadow).await?;
        self.hand_over(&row, &connector).await?;
        self.end_draining().await
    }

    async fn not_published(&self, row: &ConnectorVersionRow, shadow: Shadow) -> Result<(), Error> {
        let message = format!("{} stored connections would fail with it", shadow.failing);
        let remedy = "Make it accept what earlier versions accepted, or migrate it.";
        let reasons = to_json(&[Reason::new("shadow_failed", message, remedy)])?;
        let report = to_json(&shadow)?;
        self.change(&row.digest, |row| {
            if row.state == State::Pending {
                row.state = State::Shadow;
            }
            (row.reasons, row.shadow) = (reasons, Some(report));
        })
        .await?;
        Err(Error::ShadowFailed(Box::new(shadow)))
    }

    /// Makes it the version for what is new.
    async fn publish(
        &self,
        actor: &Actor,
        digest: &str,
        connector: &VersionInUse,
        shadow: &Shadow,
    ) -> Result<ConnectorVersionRow, Error> {
        let _turn = self.turn.lock().await;
        let mut change = self.store.change(version_event(actor, Action::ConnectorActivate, digest)).await?;
        // As it is now: whoever was faster may have deleted it, or activated it.
        let row = connector_versions::find(&mut change, digest).await?.ok_or(Error::NotFound)?;
        if row.state == State::Active {
            return Ok(row);
        }
        if !row.state.may_become(State::Active) {
            return Err(refuse(row.state, UPLOAD_AGAIN));
        }
        let before = end(&mut change, &row.connection_type, State::Retired, &[]).await?;
        let row = begin(&mut change, row, Some(shadow)).await?;
        crash::point("activation-written");
        // Rows can name it from the commit on.
        self.connectors.keep(connector);
        change.commit().await?;
        crash::point("activation-committed");
        self.connectors.activate(connector);
        self.awaiting_activation().take_if(|last| last == digest);
        crash::point("activation-published");
        self.follow_up(&row, before).await;
        Ok(row)
    }

    /// Serves a type no more. Its connections keep naming their versions, and work again when the type has one.
    pub(super) async fn retire(&self, actor: &Actor, digest: &str, reason: Reason) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let mut change = self.store.change(version_event(actor, Action::ConnectorRetire, digest)).await?;
        let row = connector_versions::find(&mut change, digest).await?;
        let Some(row) = row.filter(|row| row.state == State::Active) else { return Ok(()) };
        let retired = end(&mut change, &row.connection_type, State::Retired, std::slice::from_ref(&reason)).await?;
        change.commit().await?;
        self.connectors.retire(&row.connection_type);
        tracing::warn!(connector = row.connection_type, digest, reason = reason.message, "connector retired");
        if let Some(row) = retired {
            self.begin_to_drain(&row);
        }
        Ok(())
    }

    /// What follows when another version has become active. It is active whatever becomes of this.
    pub(super) async fn follow_up(&self, row: &ConnectorVersionRow, before: Option<ConnectorVersionRow>) {
        self.tell_active(row);
        if let Some(before) = before {
            self.connectors.watch(&before.digest, None);
            self.begin_to_drain(&before);
        }
        let watched = async {
            self.watch(&row.connection_type, &row.digest).await?;
            self.prune(&row.connection_type).await
        };
        if let Err(error) = watched.await {
            tracing::error!(error = &error as &dyn std::error::Error, "what follows an activation failed");
        }
    }
}

/// Ends the active version of a type, if it has one; the row as it is now.
pub(super) async fn end(
    change: &mut Change,
    connection_type: &str,
    state: State,
    reasons: &[Reason],
) -> Result<Option<ConnectorVersionRow>, Error> {
    let Some(mut row) = connector_versions::active(change, connection_type).await? else { return Ok(None) };
    row.state = state;
    row.reasons = to_json(reasons)?;
    row.changed_at = now();
    connector_versions::update(change, &row).await?;
    Ok(Some(row))
}

/// Makes a version the active one of its type, which has none; the row as it is now.
pub(super) async fn begin(
    change: &mut Change,
    mut row: ConnectorVersionRow,
    shadow: Option<&Shadow>,
) -> Result<ConnectorVersionRow, Error> {
    row.state = State::Active;
    "[]".clone_into(&mut row.reasons);
    if let Some(shadow) = shadow {
        row.shadow = Some(to_json(shadow)?);
    }
    (row.changed_at, row.activated_at) = (now(), Some(now()));
    connector_versions::update(change, &row).await?;
    Ok(row)
}

pub(super) fn refuse(state: State, wanted: &'static str) -> Error {
    Error::State { state, wanted }
}
