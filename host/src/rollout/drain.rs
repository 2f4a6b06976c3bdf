//! Versions that others have replaced, until no connection and no request is with them any more.

use super::{Error, Rollout, State};

impl Rollout {
    /// Tells that a version is active no more, and has it looked at until it has drained.
    pub(super) async fn begin_to_drain(&self, digest: &str) -> Result<(), Error> {
        let record = self.find(digest).await?;
        if record.state == State::Draining {
            self.draining().insert(record.digest.clone());
        }
        self.events.seen(record);
        Ok(())
    }

    /// Looks for versions that have drained since: tells of them, and unloads what nothing else needs.
    pub(super) async fn end_draining(&self) -> Result<(), Error> {
        let draining = self.draining().clone();
        for digest in draining {
            match self.find(&digest).await {
                Ok(record) if record.state == State::Draining => continue,
                Ok(record) if record.state == State::Retired => self.events.seen(record),
                // It serves again, or is gone; that has been told.
                Ok(_) | Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
            self.draining().remove(&digest);
            self.unload().await?;
        }
        Ok(())
    }

    /// Has those looked at that the last process left.
    pub(super) async fn go_on_draining(&self) -> Result<(), Error> {
        let left = self.list().await?.into_iter().filter(|record| record.state == State::Draining);
        self.draining().extend(left.map(|record| record.digest));
        Ok(())
    }
}
