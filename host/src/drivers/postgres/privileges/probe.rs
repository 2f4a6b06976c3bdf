//! The statement that asks, and its answer.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::diagnosis::{Fault, ServerText, Stage, code};
use crate::drivers::postgres::messages::violation;
use crate::drivers::postgres::server_error::{ServerError, identifier};
use crate::drivers::postgres::statement::{Column, Failure, Sink, Statement, TEXT, Values};
use crate::drivers::postgres::{Bounds, GRACE, Session, statement};
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
}

impl EscapeKind {
    const ALL: [Self; 7] = [
        Self::ServerFiles,
        Self::ServerPrograms,
        Self::Dblink,
        Self::ForeignServers,
        Self::Replication,
        Self::UntrustedLanguages,
        Self::ServerSettings,
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
        let statement = Statement { text: PROBE, parameters: &parameters, timeout: STATEMENT_TIMEOUT };
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

fn refused(error: &ServerError, texts: &ServerText) -> Fault {
    statement::name_setting(error.fault_in(Stage::Privileges, texts), error)
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
        let what = what.map(|what| self.texts.clean(what)).unwrap_or_default();
        let how = |what: String| match holder.map(|holder| self.texts.clean(holder)) {
            None => what,
            Some(holder) => format!("{what} (of {holder})"),
        };
        let found = &mut self.found;
        if found.definers.is_some() {
            return Err(violation());
        }
        match (means, what.as_str()) {
            (b"recovery", _) => found.recovery = true,
            (b"schema", "open") => found.schema = SchemaAccess::Open,
            (b"schema", "closed") => found.schema = SchemaAccess::Closed,
            (b"other_schema", _) => found.other_schemas.push(what),
            (b"superuser", _) => found.superuser = true,
            (b"writes", _) => found.writes.push(how(what)),
            (b"definers", count) => found.definers = Some(count.parse().map_err(|_| violation())?),
            (kind, _) => {
                let kind = EscapeKind::ALL.into_iter().find(|known| known.name().as_bytes() == kind);
                let kind = kind.ok_or_else(violation)?;
                if !found.escapes.iter().any(|known| known.kind == kind) {
                    found.escapes.push(Escape { kind, how: how(what) });
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
}
