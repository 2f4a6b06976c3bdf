//! What there is to see in a data source: schemas with their tables, bounded.

use super::trial::Prepared;
use crate::connectors::Call;
use crate::connectors::contract::{Level, Page};
use crate::descriptor::{Descriptor, Value};
use crate::diagnosis::{Fault, Schema, code};
use crate::drivers::{Row, Session};

/// At most this many tables are listed.
const MAX_TABLES: usize = 200;

/// Where only some tables are selected, they are looked for among this many.
const MAX_ROWS: u32 = 5_000;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Discovered {
    pub(super) schemas: Vec<Schema>,
    pub(super) truncated: bool,
}

/// Lists the tables that the connection is about; none when the connector plans no listing.
pub(super) async fn discover(
    call: Call<'_>,
    prepared: &Prepared,
    session: &mut Session,
) -> Result<Option<Discovered>, Fault> {
    let selection = Selection::of(&prepared.target.descriptor)?;
    // One row more than is listed shows that there is more.
    let limit = if selection.tables.is_some() { MAX_ROWS } else { u32::try_from(MAX_TABLES).unwrap_or(MAX_ROWS) + 1 };
    let page = Page { level: Level::Tables, parents: Vec::new(), pattern: None, after: Vec::new(), limit };
    let planned = prepared.connector.plan(call, &prepared.accepted, &page).await;
    let statement = match planned.map_err(|error| Fault::new(&code::CONNECTOR_FAILED).message(error.to_string()))? {
        None => return Ok(None),
        Some(Ok(statement)) => statement,
        Some(Err(findings)) => {
            let message = findings.into_iter().next().map(|finding| finding.message);
            let fault = Fault::new(&code::CONNECTOR_FAILED);
            return Err(message.into_iter().fold(fault, Fault::message));
        }
    };
    let max_rows = usize::try_from(limit).unwrap_or(MAX_TABLES);
    let rows = session.fetch(&statement, Level::Tables.columns(), max_rows).await?;
    let complete = rows.len() < max_rows;
    Ok(Some(group(rows, &selection, complete)))
}

/// The tables that the tenant selected.
#[derive(Debug, Default)]
struct Selection {
    /// `schema.table` or `table`; none means all.
    tables: Option<Vec<String>>,
    /// The schema of a table that is named without one.
    schema: Option<String>,
}

impl Selection {
    fn of(descriptor: &Descriptor) -> Result<Self, Fault> {
        let text = |name: &str| {
            descriptor.parameters.iter().find(|parameter| parameter.name == name).and_then(|parameter| match &parameter
                .value
            {
                Value::Text(text) => Some(text.clone()),
                Value::Credential(_) => None,
            })
        };
        let tables: Option<Vec<String>> =
            text("selected_tables").map(|json| serde_json::from_str(&json)).transpose().map_err(|_| {
                Fault::new(&code::CONNECTOR_FAILED).message("The list of selected tables is not a list.")
            })?;
        Ok(Self { tables: tables.filter(|tables| !tables.is_empty()), schema: text("schema") })
    }

    fn has(&self, schema: &str, table: &str) -> bool {
        let Some(selected) = &self.tables else { return true };
        selected.iter().any(|name| {
            let unqualified = name == table && self.schema.as_deref().is_none_or(|default| default == schema);
            unqualified || name.strip_prefix(schema).and_then(|rest| rest.strip_prefix('.')) == Some(table)
        })
    }
}

fn group(rows: Vec<Row>, selection: &Selection, complete: bool) -> Discovered {
    let mut discovered = Discovered { schemas: Vec::new(), truncated: !complete };
    let mut listed = 0;
    for row in rows {
        let mut columns = row.into_iter();
        let (Some(Some(schema)), Some(Some(table))) = (columns.next(), columns.next()) else { continue };
        if !selection.has(&schema, &table) {
            continue;
        }
        if listed == MAX_TABLES {
            discovered.truncated = true;
            break;
        }
        listed += 1;
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

    fn names(discovered: &Discovered) -> Vec<(&str, Vec<&str>)> {
        let schemas = discovered.schemas.iter();
        schemas.map(|schema| (schema.name.as_str(), schema.tables.iter().map(String::as_str).collect())).collect()
    }

    #[test]
    fn groups_by_schema_and_keeps_what_is_selected() {
        let rows = || vec![row("a", "x"), row("a", "y"), row("b", "x"), row("b.c", "x")];
        let all = group(rows(), &Selection::default(), true);
        assert_eq!(names(&all), [("a", vec!["x", "y"]), ("b", vec!["x"]), ("b.c", vec!["x"])]);
        assert!(!all.truncated);
        let select = |tables: &[&str], schema: &str| Selection {
            tables: Some(tables.iter().map(|table| (*table).to_owned()).collect()),
            schema: Some(schema.into()),
        };
        assert_eq!(names(&group(rows(), &select(&["x"], "b"), true)), [("b", vec!["x"])]);
        assert_eq!(
            names(&group(rows(), &select(&["a.y", "b.c.x"], "b"), true)),
            [("a", vec!["y"]), ("b.c", vec!["x"])]
        );
        assert_eq!(names(&group(rows(), &select(&["nothing"], "b"), true)), []);
    }

    #[test]
    fn says_when_there_is_more() {
        let rows = |count: usize| (0..count).map(|number| row("a", &number.to_string())).collect::<Vec<_>>();
        assert!(!group(rows(MAX_TABLES), &Selection::default(), true).truncated);
        let more = group(rows(MAX_TABLES + 1), &Selection::default(), false);
        assert!(more.truncated);
        assert_eq!(more.schemas[0].tables.len(), MAX_TABLES);
        assert!(group(rows(1), &Selection::default(), false).truncated);
    }
}
