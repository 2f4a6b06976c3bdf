//! What is listed of a database, and how much.

use serde_json::json;
use test_support::postgres::Postgres;
use test_support::sales;

use super::{Attempt, attempt};

const MAX_TABLES: usize = 200;

/// Every schema and table that was listed, and whether there is more.
fn listed(attempt: &Attempt) -> (Vec<(String, Vec<String>)>, bool) {
    let report = attempt.works(&[]);
    let schemas = report.details("schemas").as_array().unwrap().iter().map(|schema| {
        let tables = schema["tables"].as_array().unwrap().iter().map(|table| table.as_str().unwrap().to_owned());
        (schema["name"].as_str().unwrap().to_owned(), tables.collect())
    });
    (schemas.collect(), report.details("truncated").as_bool().unwrap())
}

fn schema(name: &str, tables: &[&str]) -> (String, Vec<String>) {
    (name.to_owned(), tables.iter().map(|&table| table.to_owned()).collect())
}

#[test]
fn tables_that_the_user_may_read_are_listed_by_schema() {
    let more = "
        CREATE SCHEMA archive;
        CREATE TABLE archive.orders (id int);
        CREATE TABLE archive.\"Old Orders\" (id int);
        CREATE TABLE archive.hidden (id int);
        GRANT USAGE ON SCHEMA archive TO reader;
        GRANT SELECT ON archive.orders, archive.\"Old Orders\" TO reader;
        CREATE SCHEMA secret;
        CREATE TABLE secret.plans (id int);
        GRANT SELECT ON secret.plans TO reader;";
    let server = Postgres::builder().sql(sales::SQL).sql(more).start().unwrap();
    let attempt = attempt(server.port());
    let archive = schema("archive", &["Old Orders", "orders"]);
    let sales = schema("sales", &["customers", "order_lines", "orders", "products", "revenue"]);
    assert_eq!(listed(&attempt), (vec![archive, sales], false));

    for (selected, expected) in [
        (json!(["orders"]), vec![schema("sales", &["orders"])]),
        (json!(["archive.orders", "revenue"]), vec![schema("archive", &["orders"]), schema("sales", &["revenue"])]),
        (json!(["archive.Old Orders"]), vec![schema("archive", &["Old Orders"])]),
        (json!(["archive.hidden", "secret.plans", "nothing", "Orders"]), vec![]),
    ] {
        let found = listed(&attempt.config("selected_tables", selected.clone()));
        assert_eq!(found, (expected, false), "{selected}");
    }
}

#[test]
fn a_long_list_is_cut_and_says_so() {
    let tables = format!(
        "CREATE SCHEMA wide;
         GRANT USAGE ON SCHEMA wide TO reader;
         SELECT format('CREATE TABLE wide.t%s (id int)', lpad(n::text, 4, '0')) FROM generate_series(1, {MAX_TABLES}) n \\gexec
         REVOKE ALL ON ALL TABLES IN SCHEMA sales FROM reader;
         GRANT SELECT ON ALL TABLES IN SCHEMA wide TO reader;"
    );
    let server = Postgres::builder().sql(sales::SQL).sql(&tables).start().unwrap();
    let attempt = attempt(server.port());
    let (schemas, truncated) = listed(&attempt);
    assert_eq!((schemas.len(), schemas[0].1.len(), truncated), (1, MAX_TABLES, false));
    server.sql(sales::DATABASE, "CREATE TABLE wide.t9999 (id int); GRANT SELECT ON wide.t9999 TO reader").unwrap();
    let (schemas, truncated) = listed(&attempt);
    assert_eq!((schemas.len(), schemas[0].1.len(), truncated), (1, MAX_TABLES, true));
    assert!(!schemas[0].1.contains(&"t9999".to_owned()));
    // A selection reaches behind the cut.
    let selected = attempt.config("selected_tables", json!(["wide.t9999", "wide.t0001"]));
    assert_eq!(listed(&selected), (vec![schema("wide", &["t0001", "t9999"])], false));
}
