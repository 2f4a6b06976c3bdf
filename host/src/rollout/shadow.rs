//! Trying a version against the stored connections, and what it says of each.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::known::{Key, Tried};
use super::{Error, Rollout};
use crate::clock::now;
use crate::connections::record::{accepted, bindings, rendition};
use crate::connectors::change::compare::{Comparison, Difference, Outcome, Stored, told};
use crate::connectors::{CallError, VersionInUse};
use crate::store::connections::ConnectionRow;
use crate::store::connector_versions::ConnectorVersionRow;
use crate::store::serving::{self, Others};
use crate::store::{Turn, id_of};

/// Connections of a report that are described one by one.
const MAX_DETAILS: usize = 100;

/// Failures of the version itself after which no more connections are tried.
const MAX_FAILURES: u64 = 10;

/// Connections that are read at once, and tried between two events.
const BATCH: u32 = 50;

/// Connections that are tried before it is looked at how many have failed.
const AT_ONCE: usize = 10;

/// Comparisons of a run in which guests may write to the log.
const MAX_LOGGED: u64 = 20;

/// How long to wait when the guest threads have no room, and how often.
const BUSY_PAUSE: Duration = Duration::from_millis(100);
const BUSY_ATTEMPTS: usize = 100;

/// What a version makes of the stored connections of its type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Connections that are not unchanged, at most 100: first those that fail, then those that are held.
    pub details: Vec<Detail>,
    /// Whether there are more.
    pub truncated: bool,
    /// Whether the version itself failed so often that the rest was not tried.
    pub stopped_early: bool,
}

/// What a version can make of a connection that is not unchanged, what matters most first: the connection fails, it is
/// held, it is described otherwise, or it fails already.
pub const SHADOW_OUTCOMES: [&str; 4] = ["fails", "held", "differs", "fails_already"];

/// What a version makes of one connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Whose it is.
    pub organization: String,
    /// Which it is.
    pub resource_uri: String,
    /// `fails`, `held`, `differs` or `fails_already`.
    pub outcome: String,
    /// What of the descriptor differs. It never has a credential.
    pub differences: Vec<Difference>,
    /// What the version finds wrong with the configuration, each with its pointer.
    pub findings: Vec<String>,
}

impl Shadow {
    fn add(&mut self, row: &ConnectionRow, outcome: &Outcome) {
        self.connections += 1;
        let (counter, name) = match outcome {
            Outcome::Unchanged => (&mut self.unchanged, None),
            Outcome::Differs(_) => (&mut self.differing, Some("differs")),
            Outcome::Elsewhere(_) => (&mut self.held, Some("held")),
            Outcome::Rejected(_) | Outcome::Failed(_) => (&mut self.failing, Some("fails")),
            Outcome::RejectedByBoth => (&mut self.failing_already, Some("fails_already")),
        };
        *counter += 1;
        let Some(name) = name else { return };
        let detail = Detail {
            organization: row.organization.clone(),
            resource_uri: row.resource_uri.clone(),
            outcome: name.to_owned(),
            findings: findings(outcome),
            differences: differences(outcome),
        };
        // What matters most comes first, and stays when there is too much.
        let rank = |name: &str| SHADOW_OUTCOMES.iter().position(|known| *known == name);
        let place = self.details.partition_point(|known| rank(&known.outcome) <= rank(name));
        self.details.insert(place, detail);
        self.truncated |= self.details.len() > MAX_DETAILS;
        self.details.truncate(MAX_DETAILS);
    }
}

/// What a version finds wrong with a connection, or how it fails.
pub(super) fn findings(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Rejected(findings) => findings.iter().map(|finding| told(&finding.to_string())).collect(),
        Outcome::Failed(error) => vec![error.to_string()],
        _ => Vec::new(),
    }
}

/// What it describes otherwise.
pub(super) fn differences(outcome: &Outcome) -> Vec<Difference> {
    match outcome {
        Outcome::Differs(differences) | Outcome::Elsewhere(differences) => differences.clone(),
        _ => Vec::new(),
    }
}

impl Rollout {
    /// Tries a version against all connections of its type that others serve, and reports. Nothing changes.
    pub(super) async fn try_out(&self, row: &ConnectorVersionRow, candidate: &VersionInUse) -> Result<Shadow, Error> {
        let others = Others { connection_type: &row.connection_type, digest: &row.digest, with_held: true };
        let total = serving::count(&mut self.store.reader(Turn::Host).await?, others).await?;
        let (mut shadow, mut failures, mut after) = (Shadow::default(), 0, String::new());
        self.events.progress(row, 0, total);
        'pages: loop {
            let page = serving::page(&mut self.store.reader(Turn::Host).await?, others, &after, BATCH).await?;
            let last =
                page.last().filter(|_| page.len() == BATCH as usize).map(|row| id_of(row, |row| &row.id).clone());
            for rows in self.store.damages().readable(page).chunks(AT_ONCE) {
                let is_quiet = shadow.connections >= MAX_LOGGED;
                for (connection, tried) in rows.iter().zip(self.compare(candidate, rows, is_quiet).await?) {
                    failures += u64::from(matches!(tried.outcome, Outcome::Failed(_)));
                    shadow.add(connection, &tried.outcome);
                    if failures >= MAX_FAILURES {
                        shadow.stopped_early = true;
                        break 'pages;
                    }
                }
            }
            self.events.progress(row, shadow.connections, total.max(shadow.connections));
            let Some(last) = last else { break };
            after = last;
        }
        shadow.tried_at = now();
        Ok(shadow)
    }

    /// What a version makes of each of some connections, behind all other calls.
    pub(super) async fn compare(
        &self,
        candidate: &VersionInUse,
        rows: &[ConnectionRow],
        is_quiet: bool,
    ) -> Result<Vec<Arc<Tried>>, Error> {
        let cases = rows.iter().map(|row| {
            let serving = self.connectors.loaded(&row.serving.digest);
            let key = Key::new(candidate.digest(), row, serving.is_some());
            let known = self.known.get(&key).or_else(|| self.unreadable(row));
            Case { row, serving, key, known }
        });
        let cases: Vec<Case<'_>> = cases.collect();
        let unknown: Vec<&Case<'_>> = cases.iter().filter(|case| case.known.is_none()).collect();
        let mut compared = self.compare_anew(candidate, &unknown, is_quiet).await?.into_iter();
        let mut tried = Vec::with_capacity(rows.len());
        for Case { key, known, .. } in cases {
            if let Some(known) = known {
                tried.push(known);
                continue;
            }
            let anew =
                Arc::new(compared.next().map(|comparison| remember(candidate, comparison)).ok_or(CallError::Busy)?);
            // A limit of time may not be exceeded the next time.
            if !matches!(anew.outcome, Outcome::Failed(_)) {
                self.known.add(key, &anew);
            }
            tried.push(anew);
        }
        Ok(tried)
    }

    /// What every version makes of a connection whose row is damaged.
    fn unreadable(&self, row: &ConnectionRow) -> Option<Arc<Tried>> {
        let damaged = accepted(row).map(drop).and_then(|()| bindings(row).map(drop)).err()?;
        self.store.damages().tell(&damaged);
        Some(Arc::new(Tried { outcome: Outcome::RejectedByBoth, taken_over: None }))
    }

    async fn compare_anew(
        &self,
        candidate: &VersionInUse,
        cases: &[&Case<'_>],
        is_quiet: bool,
    ) -> Result<Vec<Comparison>, Error> {
        let stored = |Case { row, serving, .. }: &&Case<'_>| -> Result<Stored, Error> {
            let (accepted, bindings) = (accepted(row)?, bindings(row)?);
            Ok(Stored { serving: serving.clone(), accepted, bindings, quiet: is_quiet })
        };
        let (mut compared, mut attempts) = (Vec::with_capacity(cases.len()), 0);
        while let rest @ [_, ..] = &cases[compared.len()..] {
            match candidate.compare_behind(rest.iter().map(stored).collect::<Result<_, _>>()?).await {
                Ok(more) => {
                    compared.extend(more);
                    attempts = 0;
                }
                Err(CallError::Busy) if attempts < BUSY_ATTEMPTS => {
                    attempts += 1;
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(compared)
    }
}

/// A connection, and what is known of it.
struct Case<'a> {
    row: &'a ConnectionRow,
    /// The version that serves it.
    serving: Option<VersionInUse>,
    key: Key,
    known: Option<Arc<Tried>>,
}

/// What of a comparison is needed when the version takes the connection over.
fn remember(candidate: &VersionInUse, Comparison { outcome, taken }: Comparison) -> Tried {
    Tried { outcome, taken_over: taken.map(|(accepted, _)| rendition(candidate, accepted)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_shows_what_fails_before_all_else() {
        let row = crate::connections::reaper::tests::row("data:acme:sales:a");
        let mut shadow = Shadow::default();
        for number in 0..300 {
            let outcome = match number % 3 {
                0 => Outcome::Differs(Vec::new()),
                1 => Outcome::Unchanged,
                _ => Outcome::RejectedByBoth,
            };
            shadow.add(&row, &outcome);
        }
        shadow.add(&row, &Outcome::Elsewhere(Vec::new()));
        shadow.add(&row, &Outcome::Failed(CallError::Busy));
        assert_eq!((shadow.connections, shadow.unchanged, shadow.differing), (302, 100, 100));
        assert_eq!((shadow.held, shadow.failing, shadow.failing_already), (1, 1, 100));
        let outcomes: Vec<&str> = shadow.details.iter().map(|detail| &*detail.outcome).collect();
        assert_eq!((outcomes.len(), &outcomes[..3]), (100, &["fails", "held", "differs"][..]));
        assert!(shadow.truncated);
    }
}
