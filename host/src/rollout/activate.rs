//! Publishing a version, and going back to the one before.
//!
//! First the type changes hands, in one transaction and one swap; then the connections follow in batches, each row from
//! one version to the other at once. What a crash has left half done is done by whoever looks after stray connections.

use std::sync::Arc;
use std::time::Duration;

use super::record::to_json;
use super::shadow::{differences, findings};
use super::{Error, Rollout, Shadow, State, VersionRecord};
use crate::clock::now;
use crate::connections::record::Upgrade;
use crate::connectors::Connector;
use crate::connectors::admission::Reason;
use crate::connectors::shadow::Outcome;
use crate::crash;
use crate::store::connections::UpgradeRow;
use crate::store::connector_versions::{self, ConnectorVersionRow};
use crate::store::serving::{self, Others};
use crate::store::{Transaction, Turn};

/// Connections that are handed over in one statement: others that write wait for it.
const BATCH: u32 = 8;

/// Between two batches, in which the store and the cores are others'.
const PAUSE: Duration = Duration::from_millis(1);

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
        principal: &str,
        digest: &str,
        activation: Activation,
    ) -> Result<VersionRecord, Error> {
        let (rollout, principal, digest) = (Arc::clone(self), principal.to_owned(), digest.to_owned());
        tokio::spawn(async move {
            let row = rollout.find_row(&digest).await?;
            match row.state {
                State::Pending => return Err(refuse(State::Pending, "wait until it has been admitted")),
                State::Refused => return Err(refuse(State::Refused, "upload it again to have it looked at again")),
                State::Shadow | State::Active | State::Retired | State::RolledBack => {}
            }
            let connector = rollout.load(&row).await?;
            rollout.revive(&row, &connector).await?;
            if activation.dry_run {
                let shadow = to_json(&rollout.try_out(&row, &connector).await?)?;
                rollout.change(&digest, |row| row.shadow = Some(shadow)).await?;
            } else if row.state != State::Active {
                rollout.introduce(row, connector, activation.hold_failing).await?;
                tracing::info!(digest, principal, "connector activated");
            }
            rollout.find(&digest).await
        })
        .await?
    }

    /// Tries a version, and makes it the active one if no connection that works would fail.
    pub(super) async fn introduce(
        &self,
        row: ConnectorVersionRow,
        connector: Arc<Connector>,
        hold_failing: bool,
    ) -> Result<(), Error> {
        let shadow = self.try_out(&row, &connector).await?;
        if shadow.failing > 0 && !hold_failing {
            return self.not_published(&row, shadow).await;
        }
        crash::point("activation-tried");
        let row = self.publish(&row.digest, &connector, &shadow).await?;
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
        digest: &str,
        connector: &Arc<Connector>,
        shadow: &Shadow,
    ) -> Result<ConnectorVersionRow, Error> {
        let _turn = self.turn.lock().await;
        let mut transaction = self.store.begin(Turn::Host).await?;
        // As it is now: whoever was faster may have deleted it, or activated it.
        let row = connector_versions::find(&mut transaction, digest).await?.ok_or(Error::NotFound)?;
        if row.state == State::Active {
            return Ok(row);
        }
        let before = end(&mut transaction, &row.type_name, State::Retired, &[]).await?;
        let row = begin(&mut transaction, row, Some(shadow)).await?;
        crash::point("activation-written");
        // Rows can name it from the commit on.
        self.connectors.keep(Arc::clone(connector));
        transaction.commit().await?;
        crash::point("activation-committed");
        self.connectors.activate(Arc::clone(connector));
        self.awaiting_activation().take_if(|last| last == digest);
        crash::point("activation-published");
        self.follow_up(&row, before).await;
        Ok(row)
    }

    /// Puts an active version back and makes the one before active again. Connections that nobody has changed since are as
    /// they were at once; the others are looked at afterwards.
    pub async fn roll_back(self: &Arc<Self>, digest: &str, reason: Reason) -> Result<VersionRecord, Error> {
        let (rollout, digest) = (Arc::clone(self), digest.to_owned());
        tokio::spawn(async move {
            let row = rollout.find_row(&digest).await?;
            let last_good =
                connector_versions::last_good(&mut rollout.store.reader(Turn::Host).await?, &row.type_name).await?;
            let connector = match &last_good {
                Some(before) => Some(rollout.load(before).await?),
                None => None,
            };
            let _turn = rollout.turn.lock().await;
            let mut transaction = rollout.store.begin(Turn::Host).await?;
            let row = connector_versions::find(&mut transaction, &digest).await?.ok_or(Error::NotFound)?;
            if row.state != State::Active {
                return Err(refuse(row.state, "only an active version can be rolled back"));
            }
            let before = connector_versions::last_good(&mut transaction, &row.type_name).await?;
            let (Some(before), Some(connector)) = (before, connector) else { return Err(Error::NothingBefore) };
            if connector.digest() != before.digest {
                return Err(Error::Contended);
            }
            let ended = end(&mut transaction, &row.type_name, State::RolledBack, std::slice::from_ref(&reason)).await?;
            let before = begin(&mut transaction, before, None).await?;
            serving::give_back(&mut transaction, &digest, &before.digest).await?;
            serving::withdraw(&mut transaction, &digest).await?;
            rollout.connectors.keep(Arc::clone(&connector));
            crash::point("rollback-written");
            transaction.commit().await?;
            crash::point("rollback-committed");
            rollout.connectors.activate(connector);
            tracing::warn!(digest, reason = reason.message, "connector rolled back");
            rollout.follow_up(&before, ended).await;
            rollout.find(&digest).await
        })
        .await?
    }

    /// Serves a type no more. Its connections keep naming their versions, and work again when the type has one.
    pub(super) async fn retire(&self, digest: &str, reason: Reason) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let mut transaction = self.store.begin(Turn::Host).await?;
        let row = connector_versions::find(&mut transaction, digest).await?;
        let Some(row) = row.filter(|row| row.state == State::Active) else { return Ok(()) };
        let retired = end(&mut transaction, &row.type_name, State::Retired, std::slice::from_ref(&reason)).await?;
        transaction.commit().await?;
        self.connectors.retire(&row.type_name);
        tracing::warn!(connector = row.type_name, digest, reason = reason.message, "connector retired");
        if let Some(row) = retired {
            self.begin_to_drain(&row);
        }
        Ok(())
    }

    /// What follows when another version has become active. It is active whatever becomes of this.
    async fn follow_up(&self, row: &ConnectorVersionRow, before: Option<ConnectorVersionRow>) {
        self.tell_active(row);
        if let Some(before) = before {
            self.connectors.watch(&before.digest, None);
            self.begin_to_drain(&before);
        }
        let watched = async {
            self.watch(&row.type_name, &row.digest).await?;
            self.prune(&row.type_name).await
        };
        if let Err(error) = watched.await {
            tracing::error!(error = &error as &dyn std::error::Error, "what follows an activation failed");
        }
    }

    /// Gives the connections of a type that others serve to its active version, but those that it would lead elsewhere or
    /// does not accept; ends early when another version becomes active.
    pub(super) async fn hand_over(&self, row: &ConnectorVersionRow, connector: &Arc<Connector>) -> Result<(), Error> {
        let others = Others { type_name: &row.type_name, digest: &row.digest, with_held: false };
        let mut after = String::new();
        loop {
            let page = serving::page(&mut self.store.reader(Turn::Host).await?, others, &after, BATCH).await?;
            let tried = self.compare(connector, &page, true).await?;
            let (mut taken_over, mut held) = (Vec::new(), Vec::new());
            for (connection, tried) in page.iter().zip(&tried) {
                match reason_to_wait(&tried.outcome) {
                    None => taken_over.push((connection, tried.taken_over(connection, &row.digest))),
                    Some(reason) => held.push((connection, upgrade(connector, &tried.outcome, reason)?)),
                }
            }
            let mut changed = 0;
            if !taken_over.is_empty() {
                changed += serving::hand_over(&mut self.store.writer(Turn::Host).await?, &taken_over).await?;
            }
            if !held.is_empty() {
                let mut transaction = self.store.begin(Turn::Host).await?;
                for (connection, upgrade) in held {
                    changed += serving::hold(&mut transaction, connection, &upgrade).await?;
                }
                transaction.commit().await?;
            }
            crash::point("activation-handing-over");
            let is_last = page.len() < BATCH as usize;
            // Others may have changed the same connections; or another version is active.
            if is_last || changed == 0 && !self.is_active(&row.digest).await? {
                self.known.forget(&row.digest);
                return Ok(());
            }
            after = page.last().map_or(after, |last| last.id.clone());
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn is_active(&self, digest: &str) -> Result<bool, Error> {
        Ok(connector_versions::is_active(&mut self.store.reader(Turn::Host).await?, digest).await?)
    }

    /// Looks for connections that are not with the active version of their type and do not wait for their tenant: those
    /// that a crash, a roll-back or an edit has left so.
    pub(super) async fn gather_strays(&self) -> Result<(), Error> {
        let missed_by = serving::missed_by(&mut self.store.reader(Turn::Host).await?).await?;
        for connector in missed_by.iter().filter_map(|digest| self.connectors.loaded(digest)) {
            self.hand_over(&self.find_row(connector.digest()).await?, &connector).await?;
        }
        if missed_by.is_empty() { Ok(()) } else { self.unload().await }
    }
}

/// Ends the active version of a type, if it has one; the row as it is now.
async fn end(
    transaction: &mut Transaction,
    type_name: &str,
    state: State,
    reasons: &[Reason],
) -> Result<Option<ConnectorVersionRow>, Error> {
    let Some(mut row) = connector_versions::active(transaction, type_name).await? else { return Ok(None) };
    row.state = state;
    row.reasons = to_json(reasons)?;
    row.changed_at = now();
    connector_versions::update(transaction, &row).await?;
    Ok(Some(row))
}

/// Makes a version the active one of its type, which has none; the row as it is now.
async fn begin(
    transaction: &mut Transaction,
    mut row: ConnectorVersionRow,
    shadow: Option<&Shadow>,
) -> Result<ConnectorVersionRow, Error> {
    row.state = State::Active;
    "[]".clone_into(&mut row.reasons);
    if let Some(shadow) = shadow {
        row.shadow = Some(to_json(shadow)?);
    }
    (row.changed_at, row.activated_at) = (now(), Some(now()));
    connector_versions::update(transaction, &row).await?;
    Ok(row)
}

/// Why a connection waits for its tenant, if it does.
fn reason_to_wait(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Elsewhere(_) => {
            Some("This version leads the connection or its credentials elsewhere, or may do so.".to_owned())
        }
        Outcome::Rejected(_) | Outcome::Failed(_) => {
            let first = findings(outcome).into_iter().next().unwrap_or_default();
            Some(format!("This version does not accept the configuration: {first}"))
        }
        Outcome::Unchanged | Outcome::Differs(_) | Outcome::RejectedByBoth => None,
    }
}

/// What waits for the tenant.
fn upgrade(connector: &Connector, outcome: &Outcome, reason: String) -> Result<UpgradeRow, Error> {
    let digest = connector.digest().to_owned();
    let version = connector.manifest().version.clone();
    let upgrade = Upgrade { digest: digest.clone(), version, reason, differences: differences(outcome) };
    Ok(UpgradeRow { digest, upgrade: to_json(&upgrade)? })
}

fn refuse(state: State, wanted: &'static str) -> Error {
    Error::State { state, wanted }
}
