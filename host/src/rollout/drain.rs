//! Versions that are active no more, until no connection and no request is with them. What is told of a version is told
//! with the lock on the set of those that drain, so that its end never comes before its beginning.

use super::{Error, Rollout, Standing, State};
use crate::store::connector_versions::{self, ConnectorVersionRow};
use crate::store::{Turn, serving};

impl Rollout {
    /// Tells that a version is active no more, and has it looked at until it has drained.
    pub(super) fn begin_to_drain(&self, row: &ConnectorVersionRow) {
        let mut draining = self.draining();
        draining.insert(row.digest.clone());
        if row.state == State::Retired { self.events.draining(row) } else { self.events.state(row) }
    }

    /// Tells that a version serves what is new, whatever it did before.
    pub(super) fn tell_active(&self, row: &ConnectorVersionRow) {
        let mut draining = self.draining();
        draining.remove(&row.digest);
        self.events.state(row);
    }

    /// Tells that a version is gone.
    pub(super) fn tell_deleted(&self, row: &ConnectorVersionRow) {
        let mut draining = self.draining();
        draining.remove(&row.digest);
        self.events.deleted(row);
    }

    /// Looks for versions that have drained since: tells of them, and unloads what nothing else needs.
    pub(super) async fn end_draining(&self) -> Result<(), Error> {
        let draining = self.draining().clone();
        let mut has_ended = false;
        for digest in draining {
            // Nothing becomes active, or ceases to be, between the look and the telling.
            let _turn = self.turn.lock().await;
            let mut reader = self.store.reader(Turn::Host).await?;
            let row = connector_versions::find(&mut reader, &digest).await?;
            if serving::served_by(&mut reader, &digest).await? > 0 || self.connectors.is_in_use(&digest) {
                continue;
            }
            drop(reader);
            has_ended = true;
            let mut draining = self.draining();
            // Whoever has deleted it meanwhile has told that.
            let is_left = draining.remove(&digest);
            if let Some(row) = row.filter(|row| is_left && row.state == State::Retired) {
                self.events.state(&row);
            }
        }
        if has_ended { self.unload().await } else { Ok(()) }
    }

    /// Has those looked at that the last process left.
    pub(super) async fn go_on_draining(&self) -> Result<(), Error> {
        let left = self.list().await?.into_iter().filter(|record| record.state == Standing::Draining);
        self.draining().extend(left.map(|record| record.digest));
        Ok(())
    }
}
