//! Tables that a connection is about, and that no listing shows: they are not there, or the user may not read them.

use std::ops::ControlFlow;
use std::time::Duration;

use super::messages::violation;
use super::statement::{Column, Failure, Sink, Statement, TEXT, Values};
use super::{Bounds, GRACE, Session, names};
use crate::diagnosis::{Code, Fault, ServerText, Stage, code};
use crate::drivers::Row;
use crate::egress::guard::Limits;

/// The server stops the look after this long.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

/// We stop waiting for it a little later.
const BOUNDS: Bounds = Bounds { limits: LIMITS, time: Duration::from_secs(6), late: &code::INTERRUPTED };

/// Some 40 rows at most, each with a name.
const LIMITS: Limits =
    Limits { message_bytes: 32 * 1024, messages: 200, bytes: 128 * 1024, grace: GRACE, settings: false };

/// So many names are told; the statement gives one more.
const MAX_NAMES: usize = 20;

/// `$1` is the schema, `$2` the tables as a JSON array, each `schema.table`, or `table` for one in the schema. Where there are
/// none, the tables of the schema are looked at, the first thousand, and told if none of them can be read.
const UNLISTED: &str = "\
with asked as (select json_array_elements_text($2::json) as name),
relation as (
  select c.oid, n.oid as schema, n.nspname::text as schema_name, c.relname::text as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'f')),
found as (
  select asked.name, r.oid, r.schema from asked join relation r on r.schema_name || '.' || r.name = asked.name
  union all
  select asked.name, r.oid, r.schema from asked join relation r on r.name = asked.name where r.schema_name = $1
  union all
  (select r.name, r.oid, r.schema from relation r
  where r.schema_name = $1 and json_array_length($2::json) = 0 order by r.name collate \"C\" limit 1000)),
judged as (
  select name, bool_or(has_schema_privilege(schema, 'USAGE')
    and (has_table_privilege(oid, 'SELECT') or has_any_column_privilege(oid, 'SELECT'))) as readable
  from found group by name)
(select 'missing', asked.name from asked
where not exists (select from found where found.name = asked.name) order by asked.name collate \"C\" limit 21)
union all
(select 'unreadable', name from judged
where not readable and (json_array_length($2::json) > 0 or not exists (select from judged where readable))
order by name collate \"C\" limit 21)";

/// What the statement gives.
#[derive(Debug, Clone)]
struct Unlisted<'a> {
    texts: &'a ServerText,
    missing: Vec<String>,
    unreadable: Vec<String>,
}

impl Session {
    /// Says of each table that the connection names, and that no listing can have, why that is so. Where it names none, and
    /// its schema has nothing in this listing, the same is said of that schema's tables.
    pub(super) async fn unlisted(&mut self, listing: &[Row]) -> Result<Vec<Fault>, Fault> {
        let of_schema = |row: &Row| row.first().is_some_and(|name| name.as_deref() == Some(&self.schema));
        if self.tables.is_empty() && listing.iter().any(of_schema) {
            return Ok(Vec::new());
        }
        let parameters = [self.schema.clone(), serde_json::Value::from(self.tables.clone()).to_string()];
        let statement = Statement { text: UNLISTED, parameters: &parameters, timeout: STATEMENT_TIMEOUT };
        let texts = self.texts.clone();
        let sink = Unlisted { texts: &texts, missing: Vec::new(), unreadable: Vec::new() };
        match self.run(statement, sink, BOUNDS).await {
            Ok(unlisted) => Ok(unlisted.warnings()),
            Err(Failure::Fault(fault)) => Err(fault),
            Err(Failure::OtherParameters) => Err(violation()),
            Err(Failure::Values(error)) if error.is_of_encoding() => Err(self.unwritable(&error)),
            Err(Failure::Around(error) | Failure::Values(error) | Failure::Refused(error)) => {
                Err(error.name_setting(error.fault_in(Stage::Discover, &texts)))
            }
        }
    }
}

impl Unlisted<'_> {
    fn warnings(&self) -> Vec<Fault> {
        let warning = |code: &'static Code, what: &str, names: &[String]| {
            let told = || names::list(names.iter().map(|name| format!("\"{name}\"")), MAX_NAMES);
            (!names.is_empty()).then(|| Fault::new(code).message(format!("{what}: {}.", told())))
        };
        let missing = warning(&code::TABLE_NOT_FOUND, "There are no such tables in the database", &self.missing);
        let unreadable = warning(&code::TABLE_NOT_READABLE, "The user may not read these tables", &self.unreadable);
        missing.into_iter().chain(unreadable).collect()
    }
}

impl Sink for Unlisted<'_> {
    fn columns(&mut self, columns: &[Column<'_>]) -> Result<(), Fault> {
        let texts = columns.len() == 2 && columns.iter().all(|column| column.type_oid == TEXT);
        if texts { Ok(()) } else { Err(violation()) }
    }

    fn row(&mut self, mut values: Values<'_>) -> Result<ControlFlow<()>, Fault> {
        let mut next = || values.next().transpose().map(Option::flatten)?.ok_or_else(violation);
        let (state, name) = (next()?, self.texts.clean(next()?));
        match state {
            b"missing" => self.missing.push(name),
            b"unreadable" => self.unreadable.push(name),
            _ => return Err(violation()),
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database in any encoding can read it, whatever the client's is.
    #[test]
    fn the_statement_is_ascii() {
        assert!(UNLISTED.is_ascii());
    }
}
