//! What happens to versions, for those who watch.

use tokio::sync::{broadcast, watch};

use super::record::{State, reasons};
use crate::connectors::admission::Reason;
use crate::store::connector_versions::ConnectorVersionRow;

/// Events that a slow listener may be behind.
const CAPACITY: usize = 256;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The version's digest.
    pub digest: String,
    /// Its type; empty until it has been admitted.
    pub type_name: String,
    /// Its semantic version; empty until it has been admitted.
    pub version: String,
    /// What has happened.
    pub news: News,
}

/// What has happened to a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It has this state now, for these reasons.
    State(State, Vec<Reason>),
    /// It has been tried against so many of so many connections.
    Progress(u64, u64),
}

/// All who listen.
#[derive(Debug)]
pub struct Events {
    sender: broadcast::Sender<Event>,
    closed: watch::Sender<bool>,
}

/// One who listens.
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Event>,
    closed: watch::Receiver<bool>,
}

impl Default for Events {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(CAPACITY), closed: watch::Sender::new(false) }
    }
}

impl Events {
    /// Listens from now on.
    pub fn subscribe(&self) -> Subscription {
        Subscription { receiver: self.sender.subscribe(), closed: self.closed.subscribe() }
    }

    /// Ends all subscriptions, because the host stops.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(super) fn state(&self, row: &ConnectorVersionRow) {
        let state = State::from_name(&row.state).unwrap_or(State::Refused);
        self.send(row, News::State(state, reasons(row).unwrap_or_default()));
    }

    pub(super) fn progress(&self, row: &ConnectorVersionRow, done: u64, total: u64) {
        self.send(row, News::Progress(done, total));
    }

    fn send(&self, row: &ConnectorVersionRow, news: News) {
        let event =
            Event { digest: row.digest.clone(), type_name: row.type_name.clone(), version: row.version.clone(), news };
        // Without anybody who listens there is nobody to tell.
        drop(self.sender.send(event));
    }
}

impl Subscription {
    /// The next event; the number of events that were missed, if this was too slow; none when the host stops.
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
        }
    }
}
