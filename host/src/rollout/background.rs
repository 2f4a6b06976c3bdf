//! What goes on beside the requests, for as long as the host serves.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior};

use super::{Error, Rollout};
use crate::audit::Actor;
use crate::connectors::admission::Reason;

/// How often the directory is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// How often connections are looked for that are not with the active version, and versions that have drained.
const GATHER_INTERVAL: Duration = Duration::from_secs(1);

impl Rollout {
    /// Goes on with what a killed process had begun, takes in what changes in the directory, gathers stray connections, sees
    /// versions drain, and rolls back those that fail. Runs until it is dropped.
    pub async fn run(self: Arc<Self>) {
        let admit = async {
            if let Err(error) = self.go_on().await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "connector versions cannot be admitted again"
                );
            }
        };
        let watch = async {
            let mut ticks = ticks(LOOK_INTERVAL);
            let mut is_first = true;
            while is_first || self.settings.watch {
                ticks.tick().await;
                if let Err(error) = self.follow(is_first).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "the directory of connectors cannot be followed");
                }
                is_first = false;
            }
        };
        let gather = async {
            let mut ticks = ticks(GATHER_INTERVAL);
            loop {
                ticks.tick().await;
                if let Err(error) = self.gather_strays().await {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "connections cannot be given to the active version of their connector");
                }
                if let Err(error) = self.end_draining().await {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "versions that drain cannot be looked at");
                }
            }
        };
        let guard = async {
            loop {
                let digest = self.connectors.next_failing().await;
                self.roll_back_failing(&digest).await;
            }
        };
        tokio::join!(admit, watch, gather, guard);
    }

    async fn roll_back_failing(self: &Arc<Self>, digest: &str) {
        let message = "it failed again and again where the version before it does not";
        let reason =
            Reason::new("failing", message, "See the host's log for what failed; mend it and upload it again.");
        match self.roll_back(Actor::Host, digest, reason).await {
            // Somebody was faster.
            Ok(_) | Err(Error::State { .. } | Error::NotFound) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(digest, error, "a failing connector cannot be rolled back");
            }
        }
    }
}

fn ticks(interval: Duration) -> Interval {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
