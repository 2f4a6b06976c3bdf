//! Trying a version against the stored connections, and the plan that comes of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Error, Rollout};
use crate::clock::now;
use crate::connections::record::{Upgrade, accepted};
use crate::connectors::shadow::{Comparison, Difference, Outcome, Stored};
use crate::connectors::{CallError, Connector};
use crate::store::connections::{ConnectionRow, UpgradeRow};
use crate::store::connector_versions::ConnectorVersionRow;
use crate::store::serving::{self, Revision};

/// Connections of a report that are described one by one.
const MAX_DETAILS: usize = 100;

/// Failures of the version itself after which no more connections are tried.
const MAX_FAILURES: usize = 10;

/// How many connections are tried between two events.
const PROGRESS_STEP: usize = 100;

/// How long to wait when the guest threads have no room, and how often.
const BUSY_PAUSE: Duration = Duration::from_millis(100);
const BUSY_ATTEMPTS: usize = 100;

/// What a version makes of the stored connections of its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shadow {
    /// When it was tried; microseconds since 1970, UTC.
    pub tried_at: i64,
    /// How many it was tried against.
    pub connections: u64,
    /// The same descriptor.
    pub unchanged: u64,
    /// Another descriptor that leads to the same place.
    pub differing: u64,
    /// They would lead elsewhere, and stay with the version that serves them until their tenant agrees.
    pub held: u64,
    /// Accepted by the version that serves them, and not by this one.
    pub failing: u64,
    /// Accepted by neither.
    pub failing_already: u64,
    /// The connections that are not unchanged, at most 100.
    pub details: Vec<Detail>,
    /// Whether there are more.
    pub truncated: bool,
}

/// What a version makes of one connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Whose it is.
    pub organization: String,
    /// Which it is.
    pub resource_uri: String,
    /// `differs`, `held`, `fails` or `fails_already`.
    pub outcome: String,
    /// What of the descriptor differs. It never has a credential.
    pub differences: Vec<Difference>,
    /// What the version finds wrong with the configuration, each with its pointer.
    pub findings: Vec<String>,
}

/// What is to become of each connection.
#[derive(Debug, Default)]
pub(super) struct Plan(BTreeMap<String, Decision>);

#[derive(Debug)]
struct Decision {
    /// The connection's revision that it was made for.
    revision: i64,
    /// None for what needs no word.
    detail: Option<Detail>,
    /// The configuration and the version that has written it, if this version writes it anew.
    rewrite: Option<(String, String)>,
}

impl Plan {
    /// Those that nothing has been decided for yet, or not for what they are now.
    pub(super) fn undecided(&self, revisions: &[Revision]) -> Vec<Revision> {
        let is_decided =
            |(id, revision): &&Revision| self.0.get(id).is_none_or(|decision| decision.revision != *revision);
        revisions.iter().filter(is_decided).cloned().collect()
    }

    /// Forgets those that are gone.
    pub(super) fn keep_only(&mut self, revisions: &[Revision]) {
        let present: std::collections::HashSet<&str> = revisions.iter().map(|(id, _)| id.as_str()).collect();
        self.0.retain(|id, _| present.contains(id.as_str()));
    }

    /// Those that stay with the version that serves them.
    pub(super) fn held(&self, candidate: &Connector) -> Result<Vec<(&str, UpgradeRow)>, Error> {
        let details = self.0.iter().filter_map(|(id, decision)| Some((id, decision.detail.as_ref()?)));
        let held = details.filter(|(_, detail)| matches!(detail.outcome.as_str(), "held" | "fails"));
        held.map(|(id, detail)| {
            let reason = match detail.findings.first() {
                Some(finding) => format!("This version does not accept the configuration: {finding}"),
                None => "This version leads the connection or its credentials elsewhere.".to_owned(),
            };
            let upgrade = Upgrade {
                digest: candidate.digest().to_owned(),
                version: candidate.manifest().version.clone(),
                reason,
                differences: detail.differences.clone(),
            };
            let digest = upgrade.digest.clone();
            Ok((id.as_str(), UpgradeRow { digest, upgrade: super::record::to_json(&upgrade)? }))
        })
        .collect()
    }

    /// Those whose configuration is written anew: id, configuration and the version that has written it.
    pub(super) fn rewritten(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.0.iter().filter_map(|(id, decision)| {
            let (config, written_by) = decision.rewrite.as_ref()?;
            Some((id.as_str(), config.as_str(), written_by.as_str()))
        })
    }

    /// The report.
    pub(super) fn report(&self) -> Shadow {
        let count = |outcome: &str| {
            let details = self.0.values().filter_map(|decision| decision.detail.as_ref());
            details.filter(|detail| detail.outcome == outcome).count() as u64
        };
        let details: Vec<_> = self.0.values().filter_map(|decision| decision.detail.clone()).collect();
        Shadow {
            tried_at: now(),
            connections: self.0.len() as u64,
            unchanged: (self.0.len() - details.len()) as u64,
            differing: count("differs"),
            held: count("held"),
            failing: count("fails"),
            failing_already: count("fails_already"),
            truncated: details.len() > MAX_DETAILS,
            details: details.into_iter().take(MAX_DETAILS).collect(),
        }
    }
}

impl Rollout {
    /// Tries a version against all connections of its type that others serve, and reports. Nothing changes.
    pub(super) async fn try_out(&self, row: &ConnectorVersionRow, candidate: &Arc<Connector>) -> Result<Shadow, Error> {
        let mut plan = Plan::default();
        let revisions =
            serving::revisions(&mut *self.store.reader().await?, &row.type_name, &row.digest, false).await?;
        self.decide(row, candidate, &mut plan, &revisions).await?;
        Ok(plan.report())
    }

    /// Decides what is to become of these connections.
    pub(super) async fn decide(
        &self,
        row: &ConnectorVersionRow,
        candidate: &Arc<Connector>,
        plan: &mut Plan,
        revisions: &[Revision],
    ) -> Result<(), Error> {
        let mut failures = 0;
        for (number, (id, _)) in revisions.iter().enumerate() {
            if number % PROGRESS_STEP == 0 {
                self.events.progress(row, number as u64, revisions.len() as u64);
            }
            // Deleted meanwhile.
            let Some(connection) = serving::find(&mut *self.store.reader().await?, id).await? else { continue };
            let comparison = self.compare(candidate, &connection).await?;
            failures += usize::from(matches!(comparison.outcome, Outcome::Failed(_)));
            plan.0.insert(id.clone(), decision(&connection, comparison));
            if failures >= MAX_FAILURES {
                break;
            }
        }
        self.events.progress(row, revisions.len() as u64, revisions.len() as u64);
        Ok(())
    }

    async fn compare(&self, candidate: &Arc<Connector>, row: &ConnectionRow) -> Result<Comparison, Error> {
        for _ in 0..BUSY_ATTEMPTS {
            let stored = Stored { serving: self.connectors.loaded(&row.connector_digest), accepted: accepted(row)? };
            match candidate.compare(stored).await {
                Err(CallError::Busy) => tokio::time::sleep(BUSY_PAUSE).await,
                compared => return Ok(compared?),
            }
        }
        Err(CallError::Busy.into())
    }
}

fn decision(row: &ConnectionRow, Comparison { outcome, taken }: Comparison) -> Decision {
    let (outcome, differences, findings) = match outcome {
        Outcome::Unchanged => (None, Vec::new(), Vec::new()),
        // Nothing else serves it: it is taken over as it is.
        Outcome::Differs(differences) if differences.is_empty() => (None, Vec::new(), Vec::new()),
        Outcome::Differs(differences) => (Some("differs"), differences, Vec::new()),
        Outcome::Elsewhere(differences) => (Some("held"), differences, Vec::new()),
        Outcome::Rejected(findings) => (Some("fails"), Vec::new(), findings.iter().map(ToString::to_string).collect()),
        Outcome::Failed(error) => (Some("fails"), Vec::new(), vec![error.to_string()]),
        Outcome::RejectedByBoth => (Some("fails_already"), Vec::new(), Vec::new()),
    };
    let detail = outcome.map(|outcome| Detail {
        organization: row.organization.clone(),
        resource_uri: row.resource_uri.clone(),
        outcome: outcome.to_owned(),
        differences,
        findings,
    });
    let moves = detail.as_ref().is_none_or(|detail| detail.outcome == "differs");
    let rewrite = taken.filter(|_| moves).map(|(accepted, _)| (accepted.normalised.to_string(), accepted.written_by));
    let rewrite = rewrite.filter(|(config, written_by)| (config, written_by) != (&row.config, &row.written_by));
    Decision { revision: row.revision, detail, rewrite }
}
