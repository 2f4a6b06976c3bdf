//! Versions as the rest of the host sees them.

use std::collections::HashMap;

use super::shadow::Shadow;
use super::{Error, Rollout};
use crate::connectors::admission::Reason;
use crate::store::connector_versions::{self, ConnectorVersionRow, State};
use crate::store::{self, Damaged, Record, Turn, serving};

/// Where a version stands, as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As its row says.
    Stored(State),
    /// Its row says `RETIRED`, and requests or connections are still with it.
    Draining,
}

impl Standing {
    /// Everywhere that a version can stand.
    pub const ALL: [Self; 7] = [
        Self::Stored(State::Pending),
        Self::Stored(State::Shadow),
        Self::Stored(State::Active),
        Self::Draining,
        Self::Stored(State::Retired),
        Self::Stored(State::Refused),
        Self::Stored(State::RolledBack),
    ];

    /// For the caller.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stored(state) => state.name(),
            Self::Draining => "DRAINING",
        }
    }
}

/// A connector version. Times are microseconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRecord {
    /// `sha256:` and 64 hex digits.
    pub digest: String,
    /// The type; none until it has been admitted, as for the next two.
    pub connection_type: Option<String>,
    /// A semantic version.
    pub version: Option<String>,
    /// The version of the contract.
    pub contract: Option<String>,
    /// Where it stands.
    pub state: Standing,
    /// Why it is not active, if that has a reason.
    pub reasons: Vec<Reason>,
    /// What it made of the stored connections when it was last tried.
    pub shadow: Option<Shadow>,
    /// How many connections it serves.
    pub connections: u64,
    /// The file of the watched directory that it came from.
    pub file: Option<String>,
    /// Its size.
    pub bytes: u64,
    /// Who brought it.
    pub created_by: String,
    /// When it came.
    pub created_at: i64,
    /// When its state changed last.
    pub changed_at: i64,
    /// When it became active last.
    pub activated_at: Option<i64>,
}

impl Rollout {
    /// All versions, the newest first.
    pub async fn list(&self) -> Result<Vec<VersionRecord>, Error> {
        let mut reader = self.store.reader(Turn::Host).await?;
        let counts: HashMap<_, _> = serving::counts(&mut reader).await?.into_iter().collect();
        let rows = connector_versions::list(&mut reader).await?;
        let count = |row: &ConnectorVersionRow| counts.get(&row.digest).copied().unwrap_or_default().unsigned_abs();
        let damages = self.store.damages();
        let records = damages.readable(rows).into_iter().map(|row| self.record(count(&row), row));
        Ok(damages.readable(records))
    }

    /// One version.
    pub async fn find(&self, digest: &str) -> Result<VersionRecord, Error> {
        let mut reader = self.store.reader(Turn::Host).await?;
        let row = connector_versions::find(&mut reader, digest).await?.ok_or(Error::NotFound)?;
        Ok(self.record(serving::served_by(&mut reader, digest).await?, row)?)
    }

    fn record(&self, connections: u64, row: ConnectorVersionRow) -> Result<VersionRecord, Damaged> {
        let refused = self.refused().get(&row.digest).cloned();
        let state = match row.state {
            State::Active if refused.is_some() => Standing::Stored(State::Refused),
            State::Retired if connections > 0 || self.draining().contains(&row.digest) => Standing::Draining,
            stored => Standing::Stored(stored),
        };
        let known = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(VersionRecord {
            reasons: refused.map_or_else(|| reasons(&row), Ok)?,
            shadow: row.shadow.as_deref().map(|shadow| parse(&row, shadow, "report")).transpose()?,
            connections,
            bytes: row.bytes.unsigned_abs(),
            digest: row.digest,
            connection_type: known(row.connection_type),
            version: known(row.version),
            contract: known(row.contract),
            state,
            file: row.file,
            created_by: row.created_by,
            created_at: row.created_at,
            changed_at: row.changed_at,
            activated_at: row.activated_at,
        })
    }
}

/// The reasons in a row.
pub(super) fn reasons(row: &ConnectorVersionRow) -> Result<Vec<Reason>, Damaged> {
    parse(row, &row.reasons, "list of reasons")
}

/// Reasons for a row.
pub(super) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, store::Error> {
    serde_json::to_string(value).map_err(|_| store::Error::Damaged("connector version"))
}

fn parse<T: serde::de::DeserializeOwned>(row: &ConnectorVersionRow, json: &str, what: &str) -> Result<T, Damaged> {
    let damaged = |_| Damaged { record: Record::ConnectorVersion, id: row.digest.clone(), what: what.to_owned() };
    serde_json::from_str(json).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::tests::states::documented;

    /// What is seen although no state is written over another one: that a version has drained; that a start does not admit
    /// an active one, and what becomes of that; and that one comes again, with a new row.
    const SEEN: [(&str, &str); 6] = [
        ("DRAINING", "RETIRED"),
        ("ACTIVE", "REFUSED"),
        ("REFUSED", "ACTIVE"),
        ("REFUSED", "DRAINING"),
        ("REFUSED", "ROLLED_BACK"),
        ("REFUSED", "PENDING"),
    ];

    #[test]
    fn the_manual_has_every_change_of_a_state() {
        let mut possible = BTreeSet::from(SEEN.map(|(from, to)| (from.to_owned(), to.to_owned())));
        for now in State::ALL {
            for next in State::ALL.into_iter().filter(|next| now != *next && now.may_become(*next)) {
                let draining = Standing::Draining.name();
                let next = if next == State::Retired { draining } else { next.name() };
                possible.insert((now.name().to_owned(), next.to_owned()));
                if now == State::Retired {
                    possible.insert((draining.to_owned(), next.to_owned()));
                }
            }
        }
        let [of_versions, _] = documented();
        assert_eq!(of_versions, possible);
    }
}
