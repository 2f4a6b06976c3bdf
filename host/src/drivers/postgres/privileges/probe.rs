//! The statement that asks, and its answer.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::diagnosis::{Fault, ServerText, Stage, code};
use crate::drivers::postgres::messages::violation;
use crate::drivers::postgres::names::identifier;
use crate::drivers::postgres::server_error::ServerError;
use crate::drivers::postgres::statement::{Column, Failure, Sink, Statement, TEXT, Values};
use crate::drivers::postgres::{Bounds, GRACE, Session};
use crate::egress::guard::Limits;

/// The server stops the look after this long, whatever time-out the role has.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// We stop waiting for it a little later.
const BOUNDS: Bounds = Bounds { limits: LIMITS, time: Duration::from_secs(12), late: &code::PRIVILEGES_TIMEOUT };

/// Some 60 rows at most, each with a name or a few.
const LIMITS: Limits =
    Limits { message_bytes: 32 * 1024, messages: 200, bytes: 256 * 1024, grace: GRACE, settings: false };

/// Bounded by its limits, however much there is in the database.
const PROBE: &str = include_str!("probe.sql");

/// Where the statement reads what is granted on settings.
const GRANTS_ON_SETTINGS: &str = "from pg_parameter_acl p ";

/// The first version that has them.
const FIRST_WITH_GRANTS_ON_SETTINGS: u32 = 15;

/// What stands there for older servers. One that has such grants all the same has misstated its version, and all of them
/// count.
const NO_GRANTS_ON_SETTINGS: &str = "from (select 'of any name' as parname, \
    array[makeaclitem(0, 10, 'USAGE', false)] as paracl where to_regclass('pg_parameter_acl') is not null) p ";

/// JSON's numbers are whole up to here, and no database has as many functions.
const MAX_DEFINERS: u64 = 1 << 53;

/// In the place of what has gone while it was looked at.
const UNNAMED: &str = "something that the server does not name";

/// So many schemas are named where the one that is looked for is not there; the statement gives one more.
pub(super) const MAX_SCHEMAS: usize = 20;

/// What was found out about the user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Whether the server is a standby, which nobody can write to.
    pub(super) recovery: bool,
    pub(super) schema: SchemaAccess,
    /// The schemas that there are instead.
    pub(super) other_schemas: Vec<String>,
    pub(super) superuser: bool,
    /// What lets the user write, some of each kind, in words.
    pub(super) writes: Vec<String>,
    pub(super) escapes: Vec<Escape>,
    /// Functions that the user may call and that run with their owner's rights. It comes last, and always.
    pub(super) definers: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum SchemaAccess {
    #[default]
    Absent,
    Closed,
    Open,
}

/// A way around what is granted on tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Escape {
    pub(super) kind: EscapeKind,
    /// By what, in words.
    pub(super) how: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EscapeKind {
    ServerFiles,
    ServerPrograms,
    Dblink,
    ForeignServers,
    Replication,
    UntrustedLanguages,
    ServerSettings,
    StoredPasswords,
    Administration,
}

impl EscapeKind {
    const ALL: [Self; 9] = [
        Self::ServerFiles,
        Self::ServerPrograms,
        Self::Dblink,
        Self::ForeignServers,
        Self::Replication,
        Self::UntrustedLanguages,
        Self::ServerSettings,
        Self::StoredPasswords,
        Self::Administration,
    ];

    /// The name in the statement and in the HTTP API.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ServerFiles => "server_files",
            Self::ServerPrograms => "server_programs",
            Self::Dblink => "dblink",
            Self::ForeignServers => "foreign_servers",
            Self::Replication => "replication",
            Self::UntrustedLanguages => "untrusted_languages",
            Self::ServerSettings => "server_settings",
            Self::StoredPasswords => "stored_passwords",
            Self::Administration => "administration",
        }
    }
}

/// Takes the rows of the statement: what it means, what it is, and who has it if that is another role.
#[derive(Debug, Clone)]
struct Reader<'a> {
    texts: &'a ServerText,
    found: Found,
}

impl Session {
    pub(super) async fn probe(&mut self) -> Result<Found, Fault> {
        let parameters = [self.schema.clone()];
        let text = probe_for(&self.server.version);
        let statement = Statement { text: &text, parameters: &parameters, timeout: STATEMENT_TIMEOUT };
        let texts = self.texts.clone();
        let reader = Reader { texts: &texts, found: Found::default() };
        match self.run(statement, reader, BOUNDS).await {
            Ok(Reader { found, .. }) if found.definers.is_some() => Ok(found),
            Err(Failure::Fault(fault)) => Err(fault),
            // Of an answer that is not whole nothing is believed.
            Ok(_) | Err(Failure::OtherParameters) => Err(violation()),
            // It cannot be there, in the encoding of the database.
            Err(Failure::Values(error)) if error.is_of_encoding() => {
                Err(Fault::new(&code::UNKNOWN_SCHEMA).message(format!(
                    "There is no schema {} in the database, whose encoding has no such character.",
                    identifier(&self.schema)
                )))
            }
            Err(Failure::Around(error) | Failure::Values(error) | Failure::Refused(error)) => {
                Err(refused(&error, &texts))
            }
        }
    }
}

/// The statement for a server of this version; one that cannot be read is taken for the newest.
fn probe_for(version: &str) -> Cow<'static, str> {
    let digits = version.split(|character: char| !character.is_ascii_digit()).next();
    match digits.and_then(|major| major.parse::<u32>().ok()) {
        Some(major) if major < FIRST_WITH_GRANTS_ON_SETTINGS => {
            PROBE.replacen(GRANTS_ON_SETTINGS, NO_GRANTS_ON_SETTINGS, 1).into()
        }
        _ => PROBE.into(),
    }
}

/// A number of functions as PostgreSQL writes it.
fn count(text: &[u8]) -> Option<u64> {
    let text = str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok().filter(|count| *count <= MAX_DEFINERS)
}

fn refused(error: &ServerError, texts: &ServerText) -> Fault {
    error.name_setting(error.fault_in(Stage::Privileges, texts))
}

impl Sink for Reader<'_> {
    fn columns(&mut self, columns: &[Column<'_>]) -> Result<(), Fault> {
        if columns.len() == 3 && columns.iter().all(|column| column.type_oid == TEXT) {
            Ok(())
        } else {
            Err(violation())
        }
    }

    fn row(&mut self, mut values: Values<'_>) -> Result<ControlFlow<()>, Fault> {
        let mut next = || values.next().transpose().map(Option::flatten);
        let (means, what, holder) = (next()?.ok_or_else(violation)?, next()?, next()?);
        // Cleaned to be shown only: a secret may look like any of the statement's own words.
        let shown = |text: Option<&[u8]>| {
            text.filter(|text| !text.is_empty()).map_or_else(|| UNNAMED.to_owned(), |text| self.texts.clean(text))
        };
        let how = || match holder {
            None => shown(what),
            Some(_) => format!("{} (of {})", shown(what), shown(holder)),
        };
        let found = &mut self.found;
        if found.definers.is_some() {
            return Err(violation());
        }
        match (means, what) {
            (b"recovery", _) => found.recovery = true,
            (b"schema", Some(b"open")) => found.schema = SchemaAccess::Open,
            (b"schema", Some(b"closed")) => found.schema = SchemaAccess::Closed,
            (b"other_schema", Some(_)) => found.other_schemas.push(shown(what)),
            (b"superuser", _) => found.superuser = true,
            (b"writes", _) => found.writes.push(how()),
            (b"definers", Some(number)) => found.definers = Some(count(number).ok_or_else(violation)?),
            (kind, _) => {
                let kind = EscapeKind::ALL.into_iter().find(|known| known.name().as_bytes() == kind);
                let kind = kind.ok_or_else(violation)?;
                if !found.escapes.iter().any(|known| known.kind == kind) {
                    found.escapes.push(Escape { kind, how: how() });
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_names_every_escape() {
        for kind in EscapeKind::ALL {
            assert!(PROBE.contains(&format!("'{}'", kind.name())), "{}", kind.name());
        }
        assert!(PROBE.contains(&format!("limit {})", MAX_SCHEMAS + 1)));
    }

    #[test]
    fn the_statement_reads_grants_on_settings_where_there_are_any() {
        assert_eq!(PROBE.matches(GRANTS_ON_SETTINGS).count(), 1);
        for (version, newest) in [
            ("10.23", false),
            ("14.9 (Debian 14.9-1)", false),
            ("15.18 (Debian 15.18-0+deb12u1)", true),
            ("16beta1", true),
            ("", true),
            ("PostgreSQL 9", true),
            ("99999999999999999999", true),
        ] {
            assert_eq!(probe_for(version).contains(GRANTS_ON_SETTINGS), newest, "{version}");
        }
    }

    /// A database in any encoding can read it, whatever the client's is.
    #[test]
    fn the_statement_is_ascii() {
        assert!(PROBE.is_ascii() && NO_GRANTS_ON_SETTINGS.is_ascii());
    }

    #[test]
    fn counts_what_postgresql_counts() {
        for (text, expected) in [
            ("0", Some(0)),
            ("12", Some(12)),
            ("9007199254740992", Some(MAX_DEFINERS)),
            ("9007199254740993", None),
            ("18446744073709551616", None),
            ("+1", None),
            ("-1", None),
            ("", None),
            (" 1", None),
        ] {
            assert_eq!(count(text.as_bytes()), expected, "{text}");
        }
    }
}
