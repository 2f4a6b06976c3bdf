//! What happens to versions, for those who watch.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio::time::{Instant, sleep_until};

use super::record::{Standing, reasons};
use crate::connectors::admission::Reason;
use crate::store::connector_versions::ConnectorVersionRow;

/// Events that a slow listener may be behind.
const CAPACITY: usize = 256;

/// Who may listen at once. Each holds one of the host's HTTP connections.
const MAX_SUBSCRIPTIONS: usize = 32;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The version's digest.
    pub digest: String,
    /// Its type; empty until it has been admitted.
    pub connection_type: String,
    /// Its semantic version; empty until it has been admitted.
    pub version: String,
    /// What has happened.
    pub news: News,
}

/// What has happened to a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It has this state now, for these reasons.
    State(Standing, Vec<Reason>),
    /// It has been tried against so many of so many connections.
    Progress(u64, u64),
    /// It is gone.
    Deleted,
}

/// All who listen.
#[derive(Debug)]
pub struct Events {
    sender: broadcast::Sender<Event>,
    closed: watch::Sender<bool>,
    places: Arc<Semaphore>,
}

/// One who listens.
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Event>,
    closed: watch::Receiver<bool>,
    end: Instant,
    _place: OwnedSemaphorePermit,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            sender: broadcast::Sender::new(CAPACITY),
            closed: watch::Sender::new(false),
            places: Arc::new(Semaphore::new(MAX_SUBSCRIPTIONS)),
        }
    }
}

impl Events {
    /// Listens from now on for so long; none when too many do already.
    pub fn subscribe(&self, life: Duration) -> Option<Subscription> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let (receiver, closed) = (self.sender.subscribe(), self.closed.subscribe());
        Some(Subscription { receiver, closed, end: Instant::now() + life, _place: place })
    }

    /// Ends all subscriptions, because the host stops.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(super) fn state(&self, row: &ConnectorVersionRow) {
        self.send(row, News::State(Standing::Stored(row.state), reasons(row).unwrap_or_default()));
    }

    /// `DRAINING`, which is what is seen of a row at first that says `RETIRED`.
    pub(super) fn draining(&self, row: &ConnectorVersionRow) {
        self.send(row, News::State(Standing::Draining, reasons(row).unwrap_or_default()));
    }

    pub(super) fn progress(&self, row: &ConnectorVersionRow, done: u64, total: u64) {
        self.send(row, News::Progress(done, total));
    }

    pub(super) fn deleted(&self, row: &ConnectorVersionRow) {
        self.send(row, News::Deleted);
    }

    fn send(&self, row: &ConnectorVersionRow, news: News) {
        let event = Event {
            digest: row.digest.clone(),
            connection_type: row.connection_type.clone(),
            version: row.version.clone(),
            news,
        };
        // Without anybody who listens there is nobody to tell.
        drop(self.sender.send(event));
    }
}

impl Subscription {
    /// The next event; the number of events that were missed, if this was too slow; none when the time is over or the host
    /// stops.
    pub async fn next(&mut self) -> Option<Result<Event, u64>> {
        if *self.closed.borrow() {
            return None;
        }
        tokio::select! {
            event = self.receiver.recv() => match event {
                Ok(event) => Some(Ok(event)),
                Err(broadcast::error::RecvError::Lagged(missed)) => Some(Err(missed)),
                Err(broadcast::error::RecvError::Closed) => None,
            },
            _ = self.closed.changed() => None,
            () = sleep_until(self.end) => None,
        }
    }
}
