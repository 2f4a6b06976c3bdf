//! What there is to see in a data source: schemas with their tables, bounded.

use std::time::Duration;

use crate::connections::Described;
use crate::connectors::contract::{Answer, Page};
use crate::connectors::{Call, CallError, VersionInUse};
use crate::diagnosis::{Blame, Fault, Schema, code};
use crate::drivers::session::{Row, Sql};
use crate::statement::Level;

/// At most this many tables are listed.
const MAX_TABLES: u16 = 200;

/// However many statements it takes: one has 15 seconds of its own, and whoever waits holds a place among the tests.
const LIMIT: Duration = Duration::from_secs(25);

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Discovered {
    pub(super) schemas: Vec<Schema>,
    pub(super) truncated: bool,
    /// Of what is not there or cannot be read.
    pub(super) warnings: Vec<Fault>,
}

/// Lists the tables that the connection is about, those of its own schema first; none when the connector plans no
/// listing. A connector that fails at it is no fault of the data source.
pub(super) async fn discover(
    call: Call<'_>,
    described: &Described,
    session: &mut dyn Sql,
) -> Result<Result<Option<Discovered>, CallError>, Fault> {
    let looked = tokio::time::timeout(LIMIT, look(call, described, session)).await;
    looked.unwrap_or_else(|_| Err(Fault::new(&code::DISCOVER_TIMEOUT)))
}

async fn look(
    call: Call<'_>,
    described: &Described,
    session: &mut dyn Sql,
) -> Result<Result<Option<Discovered>, CallError>, Fault> {
    let mut rows = match list(call, described, session, None).await? {
        Ok(Some(rows)) => rows,
        Ok(None) => return Ok(Ok(None)),
        Err(error) => return Ok(Err(error)),
    };
    let truncated = rows.len() > MAX_TABLES.into();
    let schema = session.schema().to_owned();
    let mut own = take_own(&mut rows, &schema, &schema);
    // Where the server cannot convert all of its names they come as it has them, that of the schema too.
    let raw = if own.is_empty() && !schema.is_ascii() { Some(session.raw_schema().await?) } else { None };
    let listed_as = raw.as_deref().unwrap_or(&schema);
    own.append(&mut take_own(&mut rows, listed_as, &schema));
    if truncated {
        // The rows come in the order of their names, so that those of the schema may be beyond the cut.
        match list(call, described, session, Some(&schema)).await? {
            Ok(listed) => {
                let mut listed = listed.unwrap_or_default();
                own = take_own(&mut listed, &schema, &schema);
                own.append(&mut take_own(&mut listed, listed_as, &schema));
            }
            Err(error) => return Ok(Err(error)),
        }
    }
    own.append(&mut rows);
    own.truncate(MAX_TABLES.into());
    let warnings = match session.unlisted(&own).await {
        Ok(warnings) => warnings,
        Err(fault) if fault.blame == Blame::Config => return Err(fault),
        // The listing is there; it cannot be told what is not in it.
        Err(fault) => vec![fault],
    };
    Ok(Ok(Some(Discovered { schemas: group(own, |name| session.show(name)), truncated, warnings })))
}

/// One page of tables: of all schemas, or of one.
async fn list(
    call: Call<'_>,
    described: &Described,
    session: &mut dyn Sql,
    schema: Option<&str>,
) -> Result<Result<Option<Vec<Row>>, CallError>, Fault> {
    // One row more than is listed shows that there is more.
    let limit = MAX_TABLES + 1;
    let parents = schema.map(str::to_owned).into_iter().collect();
    let page = Page { level: Level::Tables, parents, pattern: None, after: Vec::new(), limit: limit.into() };
    let statement = match described.connector.plan(call, &described.accepted, &page).await {
        Err(error) => return Ok(Err(error)),
        Ok(None) => return Ok(Ok(None)),
        Ok(Some(Answer::Given(statement))) => statement,
        Ok(Some(Answer::Refused(findings))) => {
            let fault = Fault::new(&code::CONNECTOR_FAILED);
            let fault = findings.first().map(ToString::to_string).into_iter().fold(fault, Fault::message);
            return Err(name_author(fault, &described.connector));
        }
    };
    let rows = session.fetch(&statement, Level::Tables.columns(), limit.into()).await;
    rows.map(|rows| Ok(Some(rows))).map_err(|fault| name_author(fault, &described.connector))
}

/// Takes the rows of a schema out of those of all, and gives them its name.
fn take_own(rows: &mut Vec<Row>, listed_as: &str, schema: &str) -> Vec<Row> {
    let is_own = |row: &mut Row| row.first().is_some_and(|name| name.as_deref() == Some(listed_as));
    let named = |mut row: Row| {
        row.iter_mut().take(1).for_each(|name| *name = Some(schema.to_owned()));
        row
    };
    rows.extract_if(.., is_own).map(named).collect()
}

/// Says whose statement it was: not the user's, nor the host's.
fn name_author(fault: Fault, connector: &VersionInUse) -> Fault {
    if fault.blame == Blame::Config {
        return fault;
    }
    let message = format!("{} (The statement is the connector's: {}.)", fault.message, connector.label());
    fault.message(message)
}

/// The tables of each schema, their names as they are shown.
fn group(rows: Vec<Row>, show: impl Fn(&str) -> String) -> Vec<Schema> {
    let mut schemas: Vec<(String, Schema)> = Vec::new();
    for row in rows {
        let mut columns = row.into_iter();
        let (Some(Some(schema)), Some(Some(table))) = (columns.next(), columns.next()) else { continue };
        match schemas.last_mut() {
            Some((last, listed)) if *last == schema => listed.tables.push(show(&table)),
            _ => {
                let listed = Schema { name: show(&schema), tables: vec![show(&table)] };
                schemas.push((schema, listed));
            }
        }
    }
    schemas.into_iter().map(|(_, schema)| schema).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(schema: &str, table: &str) -> Row {
        vec![Some(schema.into()), Some(table.into()), Some("table".into()), None, None]
    }

    #[test]
    fn groups_by_schema() {
        let rows = vec![row("a", "x"), row("a", "y"), row("b", "x"), row("b.c", "x"), row("B.C", "x")];
        let schemas = group(rows, str::to_lowercase);
        let names: Vec<_> = schemas.iter().map(|schema| (schema.name.as_str(), schema.tables.join(" "))).collect();
        // Schemas that are shown alike are still two.
        let x = "x".to_owned();
        assert_eq!(names, [("a", "x y".to_owned()), ("b", x.clone()), ("b.c", x.clone()), ("b.c", x)]);
    }
}
