//! What the user may do, in one round trip.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::Session;
use super::server_error::{ServerError, identifier};
use crate::diagnosis::{Fault, Halted, Privileges, Stage, Stages, code};
use crate::egress::guard::Limits;

/// How long the look may take.
const TIMEOUT: Duration = Duration::from_secs(10);

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
        let asked = async {
            let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 1] = [(&self.schema, Type::TEXT)];
            Ok(self.client.query_typed_one(PROBE, &parameters).await)
        };
        let row = match self.bounded(LIMITS, TIMEOUT, &code::PRIVILEGES_TIMEOUT, asked).await? {
            Ok(row) => row,
            Err(error) => {
                let texts = self.texts.clone();
                return Err(self.fault(error, |error| refused(error, &texts)).await);
            }
        };
        let flag = |column| row.try_get::<_, Option<bool>>(column).map_err(|_| Fault::new(&code::PROTOCOL_VIOLATION));
        let probe = Probe {
            superuser: flag(0)?.unwrap_or(false),
            session_read_only: flag(1)?.unwrap_or(false),
            write_privilege: flag(3)?.unwrap_or(false),
            schema: match flag(2)? {
                None => SchemaAccess::Absent,
                Some(false) => SchemaAccess::Denied,
                Some(true) => SchemaAccess::Granted,
            },
        };
        self.check_schema(probe)
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

fn refused(error: &ServerError, texts: &crate::diagnosis::ServerText) -> Fault {
    let code = if error.sqlstate == "57014" { &code::PRIVILEGES_TIMEOUT } else { &code::PRIVILEGES_FAILED };
    error.fault(code, texts)
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
