//! What a connector version has made of a connection, in the columns of its row. A member more is a line in each item of
//! this file, and a migration with its two columns.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::store::Error;
use crate::store::columns::Column;

/// What a connector version has made of a connection. All of it changes hands at once: with an edit, with another version
/// that takes the connection over, and with a roll-back.
///
/// What the tenant has sent is not here, and neither are the bindings: where credentials may go has been decided by the
/// host when they were accepted, and no version that takes a connection over changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendition {
    /// The digest of the version, `sha256:` and 64 hex digits.
    pub digest: String,
    /// JSON: the configuration as the connector normalised it.
    pub config: String,
    /// The semantic version that wrote the configuration, as its manifest has it; an earlier one than that of the digest,
    /// where that one took the configuration over as it was.
    pub written_by: String,
    /// One of the connector's authentication methods.
    pub auth_method: String,
    /// JSON: credential name → whether it is set.
    pub credentials_set: String,
}

/// Which of a row's renditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Which {
    /// Of the version that serves the connection.
    Serving,
    /// Of the one that served it before.
    Before,
}

/// The columns of each member, in the order of [`Which`].
pub(in crate::store) const COLUMNS: [[&str; 2]; 5] = [
    ["connector_digest", "before_digest"],
    ["config", "before_config"],
    ["written_by", "before_written_by"],
    ["auth_method", "before_auth_method"],
    ["credentials_set", "before_credentials_set"],
];

impl Rendition {
    /// The members in the order of [`COLUMNS`].
    pub(in crate::store) fn members(&self) -> [&String; COLUMNS.len()] {
        let Self { digest, config, written_by, auth_method, credentials_set } = self;
        [digest, config, written_by, auth_method, credentials_set]
    }

    /// How long it is.
    pub fn bytes(&self) -> usize {
        self.members().iter().map(|member| member.len()).sum()
    }

    /// Out of a row; none when the row has none of it.
    pub(super) fn read(row: &AnyRow, which: Which) -> Result<Option<Self>, Error> {
        let mut members = Vec::with_capacity(COLUMNS.len());
        for columns in COLUMNS {
            members.extend(row.try_get::<Option<String>, _>(columns[which as usize])?);
        }
        if members.is_empty() {
            return Ok(None);
        }
        let whole: Result<[String; COLUMNS.len()], _> = members.try_into();
        let [digest, config, written_by, auth_method, credentials_set] =
            whole.map_err(|_| Error::Damaged("connector's rendition of a connection"))?;
        Ok(Some(Self { digest, config, written_by, auth_method, credentials_set }))
    }
}

/// What is written into the columns of one of a row's renditions.
pub(super) fn columns(rendition: Option<&Rendition>, which: Which) -> impl Iterator<Item = Column<'_>> {
    let members = rendition.map(Rendition::members);
    COLUMNS
        .into_iter()
        .enumerate()
        .map(move |(member, columns)| (columns[which as usize], members.map(|members| members[member].as_str()).into()))
}
