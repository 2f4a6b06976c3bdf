//! What the user may do, in one round trip.

use std::ops::ControlFlow;
use std::slice;
use std::time::Duration;

use super::messages::violation;
use super::server_error::identifier;
use super::statement::{Column, Failure, Sink, Statement, Values};
use super::{Bounds, Session};
use crate::diagnosis::{Fault, Halted, Privileges, Stage, Stages, code};
use crate::egress::guard::Limits;

/// The server stops the look after this long, whatever time-out the role has.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// We stop waiting for it a little later.
const BOUNDS: Bounds = Bounds { limits: LIMITS, time: Duration::from_secs(12), late: &code::PRIVILEGES_TIMEOUT };

/// One row of four flags.
const LIMITS: Limits =
    Limits { message_bytes: 32 * 1024, messages: 100, bytes: 64 * 1024, grace: super::GRACE, settings: false };

/// Flags about the user and the schema `$1`. The exists stops at the first table that can be written; `relkind`: ordinary
/// and partitioned tables, views, foreign tables (PostgreSQL manual, `pg_class`). Null where the schema is not there.
const PROBE: &str = "\
select
  current_setting('is_superuser') = 'on',
  current_setting('default_transaction_read_only') = 'on' or pg_is_in_recovery(),
  has_schema_privilege(n.oid, 'USAGE'),
  has_database_privilege(current_database(), 'CREATE')
    or coalesce(has_schema_privilege(n.oid, 'CREATE'), false)
    or exists (
      select from pg_class c
      where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'f')
        and (has_any_column_privilege(c.oid, 'INSERT, UPDATE') or has_table_privilege(c.oid, 'DELETE, TRUNCATE')))
from (select) one left join pg_namespace n on n.nspname = $1";

/// The OID of `boolean` (PostgreSQL's `pg_type.dat`).
const BOOL: u32 = 16;

/// The one row of the probe; null is none.
#[derive(Debug, Default)]
struct Flags(Option<[Option<bool>; 4]>);

impl Sink for Flags {
    fn columns(&mut self, columns: &[Column<'_>]) -> Result<(), Fault> {
        if columns.len() == 4 && columns.iter().all(|column| column.type_oid == BOOL) {
            Ok(())
        } else {
            Err(violation())
        }
    }

    fn row(&mut self, values: Values<'_>) -> Result<ControlFlow<()>, Fault> {
        let mut flags = [None; 4];
        for (flag, value) in flags.iter_mut().zip(values) {
            *flag = match value? {
                None => None,
                Some(b"t") => Some(true),
                Some(b"f") => Some(false),
                Some(_) => return Err(violation()),
            };
        }
        if self.0.replace(flags).is_some() { Err(violation()) } else { Ok(ControlFlow::Continue(())) }
    }
}

/// The answer to the probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Probe {
    superuser: bool,
    session_read_only: bool,
    write_privilege: bool,
    schema: SchemaAccess,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SchemaAccess {
    Absent,
    Denied,
    Granted,
}

impl Session {
    /// The stage privileges, warnings included.
    pub(in crate::drivers) async fn privileges(&mut self, stages: &mut Stages) -> Result<Privileges, Halted> {
        let probed = stages.run(Stage::Privileges, self.probe()).await?;
        let (privileges, warnings) = probed.judge();
        stages.warn(Stage::Privileges, warnings);
        Ok(privileges)
    }

    async fn probe(&mut self) -> Result<Probe, Fault> {
        let schema = self.schema.clone();
        let statement = Statement { text: PROBE, parameters: slice::from_ref(&schema), timeout: STATEMENT_TIMEOUT };
        let mut flags = Flags::default();
        self.run(statement, &mut flags, BOUNDS).await.map_err(|failure| match failure {
            Failure::Fault(fault) => fault,
            Failure::OtherParameters => violation(),
            Failure::Around(error) | Failure::Refused(error) => error.fault_in(Stage::Privileges, &self.texts),
        })?;
        let [superuser, session_read_only, usage, write_privilege] = flags.0.ok_or_else(violation)?;
        self.check_schema(Probe {
            superuser: superuser.unwrap_or(false),
            session_read_only: session_read_only.unwrap_or(false),
            write_privilege: write_privilege.unwrap_or(false),
            schema: match usage {
                None => SchemaAccess::Absent,
                Some(false) => SchemaAccess::Denied,
                Some(true) => SchemaAccess::Granted,
            },
        })
    }

    fn check_schema(&self, probe: Probe) -> Result<Probe, Fault> {
        let schema = identifier(&self.schema);
        match probe.schema {
            SchemaAccess::Granted => Ok(probe),
            SchemaAccess::Absent => {
                Err(Fault::new(&code::UNKNOWN_SCHEMA).message(format!("There is no schema {schema} in the database.")))
            }
            SchemaAccess::Denied => Err(Fault::new(&code::NO_SCHEMA_USAGE)
                .message(format!("The user may not use the schema {schema}."))
                .remedy(format!("Grant it: GRANT USAGE ON SCHEMA {schema} TO <user>;"))),
        }
    }
}

impl Probe {
    fn judge(self) -> (Privileges, Vec<Fault>) {
        let read_only = match self {
            Self { superuser: false, write_privilege: false, .. } => "role",
            Self { session_read_only: true, .. } => "session",
            _ => "none",
        };
        let mut warnings = Vec::new();
        if self.superuser {
            warnings.push(Fault::new(&code::SUPERUSER));
        }
        if read_only == "none" {
            warnings.push(Fault::new(&code::CAN_WRITE));
        }
        (Privileges { superuser: self.superuser, read_only }, warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_what_the_user_may_do() {
        for (superuser, session_read_only, write_privilege, read_only, warnings) in [
            (false, false, false, "role", &[][..]),
            (false, true, false, "role", &[]),
            (false, true, true, "session", &[]),
            (false, false, true, "none", &["can_write"]),
            (true, false, true, "none", &["superuser", "can_write"]),
            (true, true, true, "session", &["superuser"]),
        ] {
            let probe = Probe { superuser, session_read_only, write_privilege, schema: SchemaAccess::Granted };
            let (privileges, warned) = probe.judge();
            assert_eq!(privileges, Privileges { superuser, read_only }, "{probe:?}");
            assert_eq!(warned.iter().map(|fault| fault.code).collect::<Vec<_>>(), warnings, "{probe:?}");
        }
    }
}
