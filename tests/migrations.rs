//! The metadata's schema means the same to SQLite and to PostgreSQL, and every step of it keeps what is there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};
use test_support::postgres::Postgres;
use tokio::runtime::Runtime;

/// Rows in every table before each step.
const ROWS: u32 = 2;

/// Each view, and the table of which it shows every column.
const VIEWS: [(&str, &str); 1] = [("connection_records", "connections")];

/// All tables and views with their columns; each column with its type, in lower case.
type Schema = BTreeMap<String, Vec<(String, String)>>;

/// A database that runs the migrations.
trait Database {
    fn run(&mut self, script: &str);
    /// The first column of each row.
    fn texts(&mut self, query: &str) -> Vec<String>;
    /// A query for a line `table|kind|column|type` for each column, in order.
    const COLUMNS: &str;

    fn schema(&mut self, kind: &str) -> Schema {
        let mut schema = Schema::new();
        for line in self.texts(Self::COLUMNS) {
            let [table, of, column, type_name] = line.split('|').collect::<Vec<_>>().try_into().unwrap();
            if of == kind {
                let columns = schema.entry(table.to_owned()).or_default();
                columns.push((column.to_owned(), type_name.to_lowercase()));
            }
        }
        schema
    }

    /// Every row of a table or view, sorted.
    fn rows(&mut self, table: &str, columns: &[(String, String)]) -> Vec<String> {
        let values: Vec<_> =
            columns.iter().map(|(column, _)| format!("coalesce(cast({column} as text), '-')")).collect();
        let mut rows = self.texts(&format!("select {} from {table}", values.join(" || ',' || ")));
        rows.sort();
        rows
    }
}

struct Sqlite(Runtime, SqliteConnection);

impl Database for Sqlite {
    const COLUMNS: &str = "select object.name || '|' || object.type || '|' || part.name || '|' || part.type \
        from sqlite_master as object join pragma_table_info(object.name) as part \
        where object.type in ('table', 'view') order by object.name, part.cid";

    fn run(&mut self, script: &str) {
        self.0.block_on(sqlx::raw_sql(AssertSqlSafe(script.to_owned())).execute(&mut self.1)).unwrap();
    }

    fn texts(&mut self, query: &str) -> Vec<String> {
        let rows = self.0.block_on(sqlx::raw_sql(AssertSqlSafe(query.to_owned())).fetch_all(&mut self.1)).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

impl Database for Postgres {
    const COLUMNS: &str = "select part.table_name || '|' || case object.table_type when 'VIEW' then 'view' else 'table' \
        end || '|' || part.column_name || '|' || part.data_type from information_schema.columns as part \
        join information_schema.tables as object using (table_schema, table_name) where part.table_schema = 'public' \
        order by part.table_name, part.ordinal_position";

    fn run(&mut self, script: &str) {
        self.sql("postgres", &format!("begin;\n{script}\n;commit;")).unwrap();
    }

    fn texts(&mut self, query: &str) -> Vec<String> {
        self.sql("postgres", query).unwrap().lines().map(ToOwned::to_owned).collect()
    }
}

/// Rows for every table, of which those of one number belong together: whatever refers to another row refers to the one
/// of its own number.
fn fill(schema: &Schema, first: u32) -> String {
    let mut script = String::new();
    // What others refer to comes first.
    let mut tables: Vec<_> = schema.iter().collect();
    tables.sort_by_key(|(table, _)| *table != "connections");
    for (table, columns) in tables {
        for number in first..first + ROWS {
            let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
            let values: Vec<_> = columns
                .iter()
                .map(|(name, kind)| match kind.as_str() {
                    "text" => format!("'{number}'"),
                    "bigint" => number.to_string(),
                    other => panic!("{table}.{name} is {other}: PostgreSQL and SQLite share text and bigint alone"),
                })
                .collect();
            writeln!(script, "insert into {table} ({}) values ({});", names.join(", "), values.join(", ")).unwrap();
        }
    }
    script
}

#[test]
fn every_step_of_the_metadata_runs_on_both_databases_with_rows_in_every_table() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let options: SqliteConnectOptions = "sqlite::memory:".parse().unwrap();
    let connection = runtime.block_on(options.connect()).unwrap();
    let (mut sqlite, mut postgres) = (Sqlite(runtime, connection), Postgres::start().unwrap());
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/metadata");
    let mut steps: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    steps.sort();
    assert!(steps.len() >= 3, "{steps:?}");

    for (number, step) in (0..).zip(&steps) {
        let script = std::fs::read_to_string(step).unwrap();
        let before = sqlite.schema("table");
        let kept: BTreeMap<_, _> =
            before.iter().map(|(table, columns)| (table, sqlite.rows(table, columns).len())).collect();
        sqlite.run(&script);
        postgres.run(&script);
        let tables = sqlite.schema("table");
        assert_eq!(tables, postgres.schema("table"), "after {}", step.display());
        let views = sqlite.schema("view");
        // PostgreSQL freezes the columns of a view when it is made.
        for (view, columns) in &views {
            assert_eq!(columns, &postgres.schema("view")[view], "{view} after {}", step.display());
            let table = VIEWS.iter().find(|(name, _)| name == view);
            let (_, table) = table.unwrap_or_else(|| panic!("{view} is not in VIEWS"));
            let has = |name: &String| columns.iter().any(|(column, _)| column == name);
            let missing: Vec<_> = tables[*table].iter().map(|(name, _)| name).filter(|it| !has(it)).collect();
            assert!(missing.is_empty(), "{view} lacks {missing:?} after {}", step.display());
        }
        for (table, columns) in tables.iter().chain(&views) {
            let rows = sqlite.rows(table, columns);
            assert_eq!(rows, postgres.rows(table, columns), "{table} after {}", step.display());
            let at_least = kept.get(table).copied().unwrap_or_default();
            assert!(rows.len() >= at_least, "{} loses rows of {table}", step.display());
        }
        let rows = fill(&tables, 1 + number * ROWS);
        sqlite.run(&rows);
        postgres.run(&rows);
    }
}
