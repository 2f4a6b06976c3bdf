//! What is listed of a database, and how much.

use serde_json::json;
use test_support::postgres::Postgres;
use test_support::sales;

use super::{Attempt, FINAL, RETRYABLE, attempt, attempt_by, host_of_guests};

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

#[test]
fn a_statement_that_asks_for_too_much_is_said_to_be_the_connectors() {
    let cases = [
        (
            "plan-a-sleep",
            "discover_timeout",
            RETRYABLE,
            Some("57014"),
            &["did not end in time"][..],
            &["server is slow"][..],
        ),
        ("plan-rows-without-end", "listing_too_large", FINAL, None, &["not accepted"], &["database itself"]),
        ("plan-long-values", "listing_too_large", FINAL, None, &["not accepted"], &["database itself"]),
        ("plan-other-columns", "unexpected_columns", FINAL, None, &["columns"], &[]),
        ("plan-to-lift-its-limits", "statement_refused", FINAL, Some("25001"), &[], &[]),
    ];
    let host = host_of_guests(&cases.map(|(guest, ..)| guest));
    let client = host.client_of("acme", "faults", "admin").unwrap();
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    for (guest, code, retryable, sqlstate, says, advises) in cases {
        let attempt = attempt_by(guest, &client, server.port());
        let report = attempt.fails("discover", code, "connector", retryable, sqlstate);
        let author = format!("zoo-{guest} 1.0.0");
        for part in says.iter().copied().chain([author.as_str(), "statement"]) {
            assert!(report.message().contains(part), "{guest}: {part}: {}", report.message());
        }
        for part in advises.iter().copied().chain(["connector's author"]) {
            assert!(report.remedy().contains(part), "{guest}: {part}: {}", report.remedy());
        }
        // The same server lists what the same connector asks for when it behaves, if in a schema with a view that
        // everybody may update.
        attempt.config("trigger", "off").works(&["can_write"]);
    }
}

#[test]
fn what_the_server_refuses_stays_the_servers() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    server.sql(sales::DATABASE, "REVOKE SELECT ON pg_catalog.pg_description FROM PUBLIC").unwrap();
    let report = attempt(server.port()).fails("discover", "discovery_failed", "server", FINAL, Some("42501"));
    assert!(report.message().contains("postgres 1.0.0"), "{}", report.message());
}
