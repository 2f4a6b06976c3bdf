//! What there is to see in a data source: schemas with their tables, bounded.

use super::trial::Prepared;
use crate::connectors::contract::{Level, Page};
use crate::connectors::{Call, CallError, Connector};
use crate::diagnosis::{Fault, Schema, code};
use crate::drivers::{Row, Session};

/// At most this many tables are listed.
const MAX_TABLES: u16 = 200;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Discovered {
    pub(super) schemas: Vec<Schema>,
    pub(super) truncated: bool,
}

/// Lists the tables that the connection is about; none when the connector plans no listing. A connector that fails at
/// it is no fault of the data source.
pub(super) async fn discover(
    call: Call<'_>,
    prepared: &Prepared,
    session: &mut Session,
) -> Result<Result<Option<Discovered>, CallError>, Fault> {
    // One row more than is listed shows that there is more.
    let limit = MAX_TABLES + 1;
    let page =
        Page { level: Level::Tables, parents: Vec::new(), pattern: None, after: Vec::new(), limit: limit.into() };
    let statement = match prepared.connector.plan(call, &prepared.accepted, &page).await {
        Err(error) => return Ok(Err(error)),
        Ok(None) => return Ok(Ok(None)),
        Ok(Some(Ok(statement))) => statement,
        Ok(Some(Err(findings))) => {
            let fault = Fault::new(&code::CONNECTOR_FAILED);
            let fault = findings.first().map(ToString::to_string).into_iter().fold(fault, Fault::message);
            return Err(name_author(fault, &prepared.connector));
        }
    };
    let rows = session.fetch(&statement, Level::Tables.columns(), limit.into()).await;
    rows.map(|rows| Ok(Some(group(rows)))).map_err(|fault| name_author(fault, &prepared.connector))
}

/// Says whose statement it was: not the user's, nor the host's.
fn name_author(fault: Fault, connector: &Connector) -> Fault {
    let message = format!("{} (The statement is the connector's: {}.)", fault.message, connector.label());
    fault.message(message)
}

fn group(mut rows: Vec<Row>) -> Discovered {
    let mut discovered = Discovered { schemas: Vec::new(), truncated: rows.len() > MAX_TABLES.into() };
    rows.truncate(MAX_TABLES.into());
    for row in rows {
        let mut columns = row.into_iter();
        let (Some(Some(schema)), Some(Some(table))) = (columns.next(), columns.next()) else { continue };
        match discovered.schemas.last_mut() {
            Some(last) if last.name == schema => last.tables.push(table),
            _ => discovered.schemas.push(Schema { name: schema, tables: vec![table] }),
        }
    }
    discovered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(schema: &str, table: &str) -> Row {
        vec![Some(schema.into()), Some(table.into()), Some("table".into()), None, None]
    }

    #[test]
    fn groups_by_schema() {
        let discovered = group(vec![row("a", "x"), row("a", "y"), row("b", "x"), row("b.c", "x")]);
        let schemas = discovered.schemas.iter();
        let names: Vec<_> = schemas.map(|schema| (schema.name.as_str(), schema.tables.join(" "))).collect();
        assert_eq!(names, [("a", "x y".to_owned()), ("b", "x".to_owned()), ("b.c", "x".to_owned())]);
        assert!(!discovered.truncated);
    }

    #[test]
    fn says_when_there_is_more() {
        let rows = |count: u16| (0..count).map(|number| row("a", &number.to_string())).collect::<Vec<_>>();
        assert!(!group(rows(MAX_TABLES)).truncated);
        let more = group(rows(MAX_TABLES + 1));
        assert!(more.truncated);
        assert_eq!(more.schemas[0].tables.len(), usize::from(MAX_TABLES));
    }
}
