//! Connections follow the active version of their type, in batches, each row from one version to the other at once; or they
//! are held for their tenant. What a crash has left half done is done by whoever looks after stray connections.

use std::time::Duration;

use super::record::to_json;
use super::shadow::{differences, findings};
use super::{Error, Rollout};
use crate::connections::record::Upgrade;
use crate::connectors::VersionInUse;
use crate::connectors::change::compare::Outcome;
use crate::crash;
use crate::store::connections::UpgradeRow;
use crate::store::connector_versions::{self, ConnectorVersionRow};
use crate::store::serving::{self, Others};
use crate::store::{Turn, id_of};

/// Connections that are handed over in one statement: others that write wait for it.
const BATCH: u32 = 8;

/// Between two batches, in which the store and the cores are others'.
const PAUSE: Duration = Duration::from_millis(1);

impl Rollout {
    /// Gives the connections of a type that others serve to its active version, but those that it would lead elsewhere or
    /// does not accept; ends early when another version becomes active.
    pub(super) async fn hand_over(&self, row: &ConnectorVersionRow, connector: &VersionInUse) -> Result<(), Error> {
        let others = Others { connection_type: &row.connection_type, digest: &row.digest, with_held: false };
        let mut after = String::new();
        loop {
            let page = serving::page(&mut self.store.reader(Turn::Host).await?, others, &after, BATCH).await?;
            let last =
                page.last().filter(|_| page.len() == BATCH as usize).map(|row| id_of(row, |row| &row.id).clone());
            let page = self.store.damages().readable(page);
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
                changed += serving::hand_over(&mut self.store.host_writer(Turn::Host).await?, &taken_over).await?;
            }
            if !held.is_empty() {
                let mut transaction = self.store.host_transaction(Turn::Host).await?;
                for (connection, upgrade) in held {
                    changed += serving::hold(&mut transaction, connection, &upgrade).await?;
                }
                transaction.commit().await?;
            }
            crash::point("activation-handing-over");
            // Others may have changed the same connections; or another version is active.
            let goes_on = changed > 0 || self.is_active(&row.digest).await?;
            let Some(last) = last.filter(|_| goes_on) else {
                self.known.forget(&row.digest);
                return Ok(());
            };
            after = last;
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
fn upgrade(connector: &VersionInUse, outcome: &Outcome, reason: String) -> Result<UpgradeRow, Error> {
    let digest = connector.digest().to_owned();
    let version = connector.manifest().version.clone();
    let upgrade = Upgrade { digest: digest.clone(), version, reason, differences: differences(outcome) };
    Ok(UpgradeRow { digest, upgrade: to_json(&upgrade)? })
}
