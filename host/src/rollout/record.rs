//! Versions as the rest of the host sees them.

use std::collections::HashMap;

use super::shadow::Shadow;
use super::{Error, Rollout};
use crate::connectors::admission::Reason;
use crate::store::connector_versions::{self, ConnectorVersionRow};
use crate::store::{self, Turn, serving};

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its bytes are there, and it is being admitted.
    Pending,
    /// It is admitted, and has been tried against the stored connections.
    Shadow,
    /// It serves what is new, and all connections that it has taken over.
    Active,
    /// It is active no more; requests or connections may still be with it.
    Draining,
    /// It serves nothing.
    Retired,
    /// It is not admitted.
    Refused,
    /// It was active and was put back.
    RolledBack,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Pending, Self::Shadow, Self::Active, Self::Draining, Self::Retired, Self::Refused, Self::RolledBack];

    /// Its name, stored and for the caller. `DRAINING` is never stored: it is what can be seen of `RETIRED`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Shadow => "SHADOW",
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
            Self::Retired => "RETIRED",
            Self::Refused => "REFUSED",
            Self::RolledBack => "ROLLED_BACK",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A connector version. Times are microseconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRecord {
    /// `sha256:` and 64 hex digits.
    pub digest: String,
    /// The type; none until it has been admitted, as for the next two.
    pub type_name: Option<String>,
    /// A semantic version.
    pub version: Option<String>,
    /// The version of the contract.
    pub contract: Option<String>,
    /// Where it stands.
    pub state: State,
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
        rows.into_iter().map(|row| self.record(count(&row), row)).collect()
    }

    /// One version.
    pub async fn find(&self, digest: &str) -> Result<VersionRecord, Error> {
        let mut reader = self.store.reader(Turn::Host).await?;
        let row = connector_versions::find(&mut reader, digest).await?.ok_or(Error::NotFound)?;
        self.record(serving::served_by(&mut reader, digest).await?, row)
    }

    fn record(&self, connections: u64, row: ConnectorVersionRow) -> Result<VersionRecord, Error> {
        let stored = state(&row)?;
        let refused = self.refused().get(&row.digest).cloned();
        let state = match stored {
            State::Active if refused.is_some() => State::Refused,
            State::Retired if connections > 0 || self.draining().contains(&row.digest) => State::Draining,
            stored => stored,
        };
        let known = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(VersionRecord {
            reasons: refused.map_or_else(|| reasons(&row), Ok)?,
            shadow: row.shadow.as_deref().map(parse).transpose()?,
            connections,
            bytes: row.bytes.unsigned_abs(),
            digest: row.digest,
            type_name: known(row.type_name),
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

/// The state in a row.
pub(super) fn state(row: &ConnectorVersionRow) -> Result<State, store::Error> {
    State::from_name(&row.state).ok_or(store::Error::Damaged("connector state"))
}

/// The reasons in a row.
pub(super) fn reasons(row: &ConnectorVersionRow) -> Result<Vec<Reason>, store::Error> {
    parse(&row.reasons)
}

/// Reasons for a row.
pub(super) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, store::Error> {
    serde_json::to_string(value).map_err(|_| store::Error::Damaged("connector version"))
}

fn parse<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, store::Error> {
    serde_json::from_str(json).map_err(|_| store::Error::Damaged("connector version"))
}
