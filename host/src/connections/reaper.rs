//! Removes the secrets that no connection points at: those that were put in vain, those that were replaced, and those
//! of deleted connections. With them goes whatever else is kept for a time only: old idempotency keys, and the oldest rows
//! of the audit trail.

use std::time::Duration;

use super::deposit::Depository;
use super::{Error, idempotency, now};
use crate::store::intents::IntentRow;
use crate::store::removals::RemovalRow;
use crate::store::{self, Turn, intents, removals};

/// How often it looks, when nothing told it to.
const INTERVAL: Duration = Duration::from_mins(1);

/// How often it says that this process works on its intents; one that is settled sooner, as nearly all are, costs nothing.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Microseconds without a heartbeat after which another process's intents are taken over.
const GRACE_PERIOD: i64 = 60 * 1_000_000;

/// How many removals it reads, and how many idempotency keys it forgets, at once: others write in between.
const BATCH: u32 = 100;

/// The reaper of one [`Connections`](super::Connections).
#[derive(Debug)]
pub struct Reaper {
    depository: Depository,
}

impl Reaper {
    pub(super) fn new(depository: Depository) -> Self {
        Self { depository }
    }

    /// Works at once, whenever something was removed, and every minute; never returns. It can be dropped at any moment:
    /// what it left undone it does next time.
    pub async fn run(self) {
        tokio::join!(self.keep_looking(), self.keep_beating());
    }

    async fn keep_looking(&self) {
        loop {
            if let Err(error) = self.reap(now()).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the reaper could not look");
            }
            // Ignored when the minute is over: it looks either way.
            let _ = tokio::time::timeout(INTERVAL, self.depository.pending.changed.notified()).await;
        }
    }

    async fn keep_beating(&self) {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            if let Err(error) = self.beat(now()).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a heartbeat of this process failed");
            }
        }
    }

    /// Says that this process works on its intents, if it has any.
    async fn beat(&self, now: i64) -> Result<(), Error> {
        let Depository { store, pending, .. } = &self.depository;
        if !pending.is_empty() {
            intents::beat(&mut store.host_writer(Turn::Host).await?, &pending.owner, now).await?;
        }
        Ok(())
    }

    /// Tries every removal once: those that fail keep none behind them from being tried.
    async fn reap(&self, now: i64) -> Result<(), Error> {
        self.abandon_intents(now).await?;
        self.forget_idempotency_keys().await?;
        self.depository.store.trim_audit_trails().await?;
        let name = self.depository.secrets.name();
        let mut last = None;
        loop {
            let mut reader = self.depository.store.reader(Turn::Host).await?;
            let mut due = removals::list(&mut reader, name, last.as_ref(), BATCH).await?;
            drop(reader);
            self.remove(&due).await?;
            if due.len() < BATCH as usize {
                return Ok(());
            }
            last = due.pop();
        }
    }

    async fn remove(&self, due: &[RemovalRow]) -> Result<(), Error> {
        let mut failures = Vec::new();
        for removal in due {
            match self.depository.secrets.delete(&removal.reference).await {
                Ok(()) => {
                    let mut transaction = self.depository.store.host_transaction(Turn::Host).await?;
                    removals::delete(&mut transaction, removal).await?;
                    transaction.commit().await?;
                }
                Err(error) => failures.push((removal, error)),
            }
        }
        // One line for all: when the secret store does not answer, there may be many.
        if let Some((removal, error)) = failures.first() {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                secret.key = removal.reference.key,
                secret.version = removal.reference.version,
                failures = failures.len(),
                "secrets that are not needed any more, such as this one, could not be removed; they will be tried again"
            );
        }
        Ok(())
    }

    /// Turns the intents that nobody works on into removals.
    async fn abandon_intents(&self, now: i64) -> Result<(), Error> {
        let intents = intents::list(&mut self.depository.store.reader(Turn::Host).await?).await?;
        for intent in intents {
            if self.is_worked_on(&intent, now) {
                continue;
            }
            let mut transaction = self.depository.store.host_transaction(Turn::Host).await?;
            // Gone when it was settled after the list was read.
            if intents::abandon(&mut transaction, &intent).await? {
                let removal = RemovalRow { store: intent.store, reference: intent.reference, created_at: now };
                removals::insert(&mut transaction, &removal).await?;
                transaction.commit().await?;
            }
        }
        Ok(())
    }

    fn is_worked_on(&self, intent: &IntentRow, now: i64) -> bool {
        let pending = &self.depository.pending;
        if intent.owner == pending.owner { pending.has(&intent.id) } else { intent.heartbeat_at > now - GRACE_PERIOD }
    }

    async fn forget_idempotency_keys(&self) -> Result<(), Error> {
        let before = idempotency::kept_since(now());
        while store::idempotency::any_older(&mut self.depository.store.reader(Turn::Host).await?, before).await? {
            let mut transaction = self.depository.store.host_transaction(Turn::Host).await?;
            store::idempotency::delete_older(&mut transaction, before, BATCH).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
