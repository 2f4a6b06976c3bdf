//! Plans the statements that list schemas, tables and columns from the system catalogs (PostgreSQL manual, "System
//! Catalogs"). Only what the user may see is listed; names are compared byte by byte.

use crate::config::{Config, error};
use crate::contract::exports::patchpanel::connector::catalog::{Page, Statement};
use crate::contract::patchpanel::connector::types::{Finding, Value};

const SCHEMAS: &str = "\
select n.nspname::text as schema_name, pg_catalog.obj_description(n.oid, 'pg_namespace') as comment
from pg_catalog.pg_namespace n
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and pg_catalog.has_schema_privilege(n.oid, 'USAGE')";

const TABLES: &str = "\
select n.nspname::text as schema_name, c.relname::text as table_name,
  case c.relkind when 'r' then 'table' when 'p' then 'partitioned_table' when 'v' then 'view'
    when 'm' then 'materialized_view' else 'foreign_table' end as table_kind,
  pg_catalog.obj_description(c.oid, 'pg_class') as comment,
  case when c.reltuples >= 0 and c.relkind in ('r', 'm', 'p') then c.reltuples::bigint::text end as estimated_rows
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  and (pg_catalog.has_table_privilege(c.oid, 'SELECT') or pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))";

const COLUMNS: &str = "\
select n.nspname::text as schema_name, c.relname::text as table_name, a.attnum::text as ordinal_position,
  a.attname::text as column_name, pg_catalog.format_type(a.atttypid, null) as data_type,
  pg_catalog.format_type(a.atttypid, a.atttypmod) as data_type_display,
  case when a.attnotnull then 'false' else 'true' end as nullable,
  (select case k.contype when 'p' then 'primary_key' when 'u' then 'unique' else 'foreign_key' end
   from pg_catalog.pg_constraint k
   where k.conrelid = c.oid and k.contype in ('p', 'u', 'f') and a.attnum = any (k.conkey)
   order by case k.contype when 'p' then 1 when 'u' then 2 else 3 end limit 1) as constraint_kind,
  case when a.atttypid = 'pg_catalog.numeric'::regtype and a.atttypmod >= 4
    then (((a.atttypmod - 4) >> 16) & 65535)::text end as precision,
  case when a.atttypid = 'pg_catalog.numeric'::regtype and a.atttypmod >= 4
    then ((a.atttypmod - 4) & 65535)::text end as scale,
  pg_catalog.col_description(c.oid, a.attnum) as comment
from pg_catalog.pg_attribute a
  join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where a.attnum > 0 and not a.attisdropped
  and pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  and pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')";

/// The statement for one page.
pub fn plan(config: &Config, page: &Page) -> Result<Statement, Vec<Finding>> {
    let parents = page.parents.iter().map(String::as_str).collect::<Vec<_>>();
    let after = page.after.iter().map(String::as_str).collect::<Vec<_>>();
    let mut query = Query::default();
    match (page.level.as_str(), parents.as_slice()) {
        ("schemas", []) => {
            query.push(SCHEMAS);
            query.containing("n.nspname", page.pattern.as_deref());
            query.after(&["n.nspname::text collate \"C\""], &after)?;
            query.end("n.nspname::text collate \"C\"", page.limit);
        }
        ("tables", [] | [_]) => {
            query.push(TABLES);
            if let [schema] = parents.as_slice() {
                query.equal("n.nspname", schema);
            }
            query.selected(config);
            query.containing("c.relname", page.pattern.as_deref());
            query.after(&["n.nspname::text collate \"C\"", "c.relname::text collate \"C\""], &after)?;
            query.end("n.nspname::text collate \"C\", c.relname::text collate \"C\"", page.limit);
        }
        ("columns", [schema, table]) => {
            query.push(COLUMNS);
            query.equal("n.nspname", schema);
            query.equal("c.relname", table);
            query.containing("a.attname", page.pattern.as_deref());
            query.after(&["a.attnum::int"], &after)?;
            query.end("a.attnum", page.limit);
        }
        _ => return Err(vec![error("unknown_level", "", "This level of the catalog is not known here.", None)]),
    }
    Ok(query.into_statement())
}

/// A statement under construction: text, and the values of its placeholders.
#[derive(Default)]
struct Query {
    text: String,
    parameters: Vec<Value>,
}

impl Query {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a value and returns its placeholder.
    fn bind(&mut self, value: &str) -> String {
        self.parameters.push(Value::Text(value.to_owned()));
        format!("${}::text", self.parameters.len())
    }

    fn and(&mut self, condition: &str) {
        self.text.push_str("\n  and ");
        self.text.push_str(condition);
    }

    fn equal(&mut self, column: &str, value: &str) {
        let value = self.bind(value);
        self.and(&format!("{column} = {value}"));
    }

    fn containing(&mut self, column: &str, pattern: Option<&str>) {
        if let Some(pattern) = pattern {
            let pattern = self.bind(pattern);
            self.and(&format!("pg_catalog.strpos(pg_catalog.lower({column}::text), pg_catalog.lower({pattern})) > 0"));
        }
    }

    /// Keeps the rows behind the key of the last page. The last key may be a number; the names before it are text.
    fn after(&mut self, columns: &[&str], key: &[&str]) -> Result<(), Vec<Finding>> {
        if key.is_empty() {
            return Ok(());
        }
        if key.len() != columns.len() {
            let message = "The key of the last row does not have the key columns of this level.";
            return Err(vec![error("bad_page_key", "", message, None)]);
        }
        let values = columns.iter().zip(key).map(|(column, value)| {
            let placeholder = self.bind(value);
            if column.ends_with("::int") { format!("{placeholder}::int") } else { placeholder }
        });
        let values = values.collect::<Vec<_>>().join(", ");
        self.and(&format!("({}) > ({values})", columns.join(", ")));
        Ok(())
    }

    /// Keeps the tables that the tenant selected, if any.
    fn selected(&mut self, config: &Config) {
        if config.selected_tables.is_empty() {
            return;
        }
        let names = self.bind(&config.selected_tables_json());
        let schema = self.bind(&config.db_schema);
        let names = format!("(select pg_catalog.json_array_elements_text({names}::json))");
        self.and(&format!(
            "(n.nspname::text || '.' || c.relname::text in {names} or n.nspname = {schema} and c.relname::text in {names})"
        ));
    }

    fn end(&mut self, order: &str, limit: u32) {
        self.push(&format!("\norder by {order}\nlimit {limit}"));
    }

    fn into_statement(self) -> Statement {
        Statement { language: "sql".to_owned(), text: self.text, parameters: self.parameters, extras: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::check;

    fn page(level: &str, parents: &[&str], after: &[&str]) -> Page {
        Page {
            level: level.to_owned(),
            parents: parents.iter().map(|&name| name.to_owned()).collect(),
            pattern: Some("x".to_owned()),
            after: after.iter().map(|&key| key.to_owned()).collect(),
            limit: 10,
            extras: Vec::new(),
        }
    }

    #[test]
    fn binds_every_value_and_puts_none_into_the_text() {
        let (_, config) = check(r#"{"host":"h","database":"d","selected_tables":["o'rders"]}"#, &[]);
        let cases = [
            (page("schemas", &[], &["a'"]), 2),
            (page("tables", &[], &["a'", "b'"]), 5),
            (page("tables", &["s'"], &[]), 4),
            (page("columns", &["s'", "t'"], &["3"]), 4),
        ];
        for (page, values) in cases {
            let statement = plan(&config, &page).unwrap();
            assert_eq!(statement.parameters.len(), values, "{}", statement.text);
            assert!(statement.text.contains(&format!("${values}::text")), "{}", statement.text);
            assert!(!statement.text.contains("o'rders") && !statement.text.contains("s'\n"), "{}", statement.text);
        }
    }

    #[test]
    fn refuses_levels_and_keys_that_it_does_not_know() {
        let (_, config) = check(r#"{"host":"h","database":"d"}"#, &[]);
        for page in [page("indexes", &[], &[]), page("columns", &["s"], &[]), page("tables", &[], &["only-one"])] {
            assert!(plan(&config, &page).is_err(), "{page:?}");
        }
    }
}
