//! The one time limit of opening a session.

use std::time::Duration;

use tokio::time::Instant;

use crate::diagnosis::{Code, Fault};

/// When everything from name resolution to the open session has to be done.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    /// Starts the clock.
    pub fn after(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    /// The same, or one that begins now, whichever is over first.
    #[must_use]
    pub fn at_most(self, limit: Duration) -> Self {
        let other = Self::after(limit);
        if other.at < self.at { other } else { self }
    }

    /// How long it was when it began.
    pub fn limit(self) -> Duration {
        self.limit
    }

    /// What is left.
    pub fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Does the work until the deadline; then it is dropped and `late` is what went wrong.
    pub async fn bound<T>(self, late: &Code, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        tokio::time::timeout_at(self.at, work).await.unwrap_or_else(|_| {
            let limit = self.limit.as_millis();
            Err(Fault::new(late).message(format!("{} The limit for all of it is {limit} ms.", late.message)))
        })
    }
}
