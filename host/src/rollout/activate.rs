//! Publishing a version, and going back to the one before.

use std::sync::Arc;

use super::record::to_json;
use super::shadow::Plan;
use super::{Error, Rollout, Shadow, State, VersionRecord};
use crate::clock::now;
use crate::connectors::Connector;
use crate::connectors::admission::Reason;
use crate::crash;
use crate::store::connector_versions::{self, ConnectorVersionRow};
use crate::store::{self, Transaction, serving};

/// How often the connections that have changed meanwhile are looked at once more.
const ATTEMPTS: usize = 20;

/// How to activate a version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Activation {
    /// Only tries it.
    pub dry_run: bool,
    /// Goes on although connections would fail; those stay with the version that serves them.
    pub hold_failing: bool,
}

/// How one version comes after another.
#[derive(Debug)]
struct Succession<'a> {
    /// Connections that the version does not take stay where they are, instead of being in the way.
    hold_failing: bool,
    /// Why the version that was active before is rolled back, if it is.
    rolled_back: Option<&'a Reason>,
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
            let _turn = rollout.turn.lock().await;
            let mut row = rollout.find_row(&digest).await?;
            let state = State::from_name(&row.state).ok_or(store::Error::Damaged("connector state"))?;
            match state {
                State::Pending => return Err(Error::State { state, wanted: "wait until it has been admitted" }),
                State::Refused => {
                    return Err(Error::State { state, wanted: "upload it again to have it looked at again" });
                }
                State::Active => return rollout.find(&digest).await,
                State::Shadow | State::Draining | State::Retired | State::RolledBack => {}
            }
            let connector = rollout.load(&row).await?;
            if activation.dry_run {
                row.shadow = Some(to_json(&rollout.try_out(&row, &connector).await?)?);
                rollout.write(&row).await?;
            } else {
                let succession = Succession { hold_failing: activation.hold_failing, rolled_back: None };
                rollout.publish(row, connector, succession).await?;
                tracing::info!(digest, principal, "connector activated");
            }
            rollout.find(&digest).await
        })
        .await?
    }

    /// Activates a version of the watched directory.
    pub(super) async fn activate_file(&self, row: ConnectorVersionRow, connector: Arc<Connector>) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        self.publish(row, connector, Succession { hold_failing: false, rolled_back: None }).await
    }

    /// Puts an active version back and makes the one before active again.
    pub async fn roll_back(self: &Arc<Self>, digest: &str, reason: Reason) -> Result<VersionRecord, Error> {
        let (rollout, digest) = (Arc::clone(self), digest.to_owned());
        tokio::spawn(async move {
            let _turn = rollout.turn.lock().await;
            let row = rollout.find_row(&digest).await?;
            let state = State::from_name(&row.state).ok_or(store::Error::Damaged("connector state"))?;
            if state != State::Active {
                return Err(Error::State { state, wanted: "only an active version can be rolled back" });
            }
            let before = connector_versions::last_good(&mut *rollout.store.reader().await?, &row.type_name).await?;
            let before = before.ok_or(Error::NothingBefore)?;
            let connector = rollout.load(&before).await?;
            let succession = Succession { hold_failing: true, rolled_back: Some(&reason) };
            rollout.publish(before, connector, succession).await?;
            tracing::warn!(digest, reason = reason.message, "connector rolled back");
            rollout.find(&digest).await
        })
        .await?
    }

    /// Serves a type no more. Its connections keep naming their versions, and work again when the type has one.
    pub(super) async fn retire(&self, row: &mut ConnectorVersionRow, reason: Reason) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        tracing::warn!(connector = row.type_name, digest = row.digest, reason = reason.message, "connector retired");
        row.reasons = to_json(&[reason])?;
        self.set_state(row, State::Retired).await?;
        self.connectors.retire(&row.type_name);
        Ok(())
    }

    /// Has every connection of the type decided about, then moves them and the type in one transaction.
    async fn publish(
        &self,
        mut row: ConnectorVersionRow,
        connector: Arc<Connector>,
        succession: Succession<'_>,
    ) -> Result<(), Error> {
        let back = succession.rolled_back.is_some();
        let mut plan = Plan::default();
        for _ in 0..ATTEMPTS {
            let revisions =
                serving::revisions(&mut *self.store.reader().await?, &row.type_name, &row.digest, back).await?;
            let undecided = plan.undecided(&revisions);
            self.decide(&row, &connector, &mut plan, &undecided).await?;
            plan.keep_only(&revisions);
            let report = plan.report();
            row.shadow = Some(to_json(&report)?);
            if report.failing > 0 && !succession.hold_failing {
                return self.not_published(row, report).await;
            }
            crash::point("activation-planned");
            let mut transaction = self.store.begin().await?;
            let revisions = serving::revisions(&mut transaction, &row.type_name, &row.digest, back).await?;
            if !plan.undecided(&revisions).is_empty() {
                // Somebody was faster.
                continue;
            }
            let before = self.write_succession(&mut transaction, &mut row, (&plan, &connector), &succession).await?;
            crash::point("activation-written");
            // Rows name it from the commit on.
            self.connectors.keep(Arc::clone(&connector));
            store::commit(transaction).await?;
            crash::point("activation-committed");
            self.connectors.activate(connector);
            crash::point("activation-published");
            return self.settle(row, before).await;
        }
        Err(Error::Contended)
    }

    async fn not_published(&self, mut row: ConnectorVersionRow, report: Shadow) -> Result<(), Error> {
        let message = format!("{} stored connections would fail with it", report.failing);
        let remedy = "Make it accept what earlier versions accepted, or migrate it.";
        row.reasons = to_json(&[Reason::new("shadow_failed", message, remedy)])?;
        if row.state == State::Pending.name() {
            State::Shadow.name().clone_into(&mut row.state);
        }
        self.write(&row).await?;
        Err(Error::ShadowFailed(Box::new(report)))
    }

    /// Writes that one version follows another; the row of the one before, if there was one.
    async fn write_succession(
        &self,
        transaction: &mut Transaction,
        row: &mut ConnectorVersionRow,
        (plan, connector): (&Plan, &Connector),
        succession: &Succession<'_>,
    ) -> Result<Option<ConnectorVersionRow>, Error> {
        let mut before = None;
        if let Some(active) = connector_versions::active(transaction, &row.type_name).await?
            && let Some(mut active) = connector_versions::find(transaction, &active).await?
        {
            let state = if succession.rolled_back.is_some() { State::RolledBack } else { State::Retired };
            state.name().clone_into(&mut active.state);
            active.reasons = to_json(&succession.rolled_back.into_iter().collect::<Vec<_>>())?;
            active.changed_at = now();
            connector_versions::update(transaction, &active).await?;
            before = Some(active);
        }
        if succession.rolled_back.is_some() {
            serving::give_back(transaction, &row.type_name, &row.digest).await?;
        }
        for (id, config, written_by) in plan.rewritten() {
            serving::rewrite(transaction, id, &row.digest, config, written_by).await?;
        }
        for (id, upgrade) in plan.held(connector)? {
            serving::hold(transaction, id, &upgrade).await?;
        }
        serving::take_over(transaction, &row.type_name, &row.digest).await?;
        if let Some(before) = &before {
            serving::withdraw(transaction, &before.digest).await?;
        }
        State::Active.name().clone_into(&mut row.state);
        "[]".clone_into(&mut row.reasons);
        (row.changed_at, row.activated_at) = (now(), Some(now()));
        connector_versions::update(transaction, row).await?;
        Ok(before)
    }

    /// What follows a publication.
    async fn settle(&self, row: ConnectorVersionRow, before: Option<ConnectorVersionRow>) -> Result<(), Error> {
        if let Some(before) = before {
            self.connectors.watch(&before.digest, None);
            self.events.state(&before);
        }
        self.events.state(&row);
        self.watch(&row.type_name, &row.digest).await?;
        self.prune(&row.type_name).await?;
        self.unload().await
    }
}
