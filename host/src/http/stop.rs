//! The host's stop, as what waits for a client learns of it.

use std::time::Duration;

use tokio::sync::watch;

use super::error::ApiError;

/// How long clients may still take when the host has been asked to stop.
const GRACE: Duration = Duration::from_secs(1);

/// Whether the host has been asked to stop. Clones are told together.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    /// Asks for the stop: whatever waits for a client ends.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    /// Waits for something that a client may never do: once the host is asked to stop, only for a moment.
    pub(super) async fn bound<T>(&self, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        tokio::select! {
            done = work => done,
            () = self.passed() => Err(ApiError::Unavailable("The host is stopping; try again in a moment.".into())),
        }
    }

    /// Is ready a moment after the host was asked to stop.
    async fn passed(&self) {
        // The sender is held here, so that this waits as long as nobody asks.
        let _ = self.0.subscribe().wait_for(|requested| *requested).await;
        tokio::time::sleep(GRACE).await;
    }
}
