//! What is listed of a database, and how much.

use serde_json::json;
use test_support::postgres::Postgres;
use test_support::sales;

use super::{Attempt, FINAL, RETRYABLE, Report, attempt, attempt_by, host_of_guests};

const MAX_TABLES: usize = 200;

/// Every schema and table that was listed, and whether there is more.
fn listed(attempt: &Attempt) -> (Vec<(String, Vec<String>)>, bool) {
    listed_with(attempt, &[])
}

/// The same with these warnings.
fn listed_with(attempt: &Attempt, warnings: &[&str]) -> (Vec<(String, Vec<String>)>, bool) {
    let report = attempt.works(warnings);
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
    // That of the connection comes first.
    assert_eq!(listed(&attempt), (vec![sales, archive], false));

    for (selected, expected) in [
        (json!(["orders"]), vec![schema("sales", &["orders"])]),
        (json!(["archive.orders", "revenue"]), vec![schema("sales", &["revenue"]), schema("archive", &["orders"])]),
        (json!(["archive.Old Orders"]), vec![schema("archive", &["Old Orders"])]),
    ] {
        let found = listed(&attempt.config("selected_tables", selected.clone()));
        assert_eq!(found, (expected, false), "{selected}");
    }

    let selected = json!(["archive.hidden", "secret.plans", "nothing", "Orders", "archive.orders"]);
    let report = attempt.config("selected_tables", selected).works(&["table_not_found", "table_not_readable"]);
    let [not_found, not_readable] = told(&report).try_into().unwrap();
    assert!(not_found.ends_with(r#"in the database: "Orders", "nothing"."#), "{not_found}");
    assert!(not_readable.ends_with(r#""archive.hidden", "secret.plans"."#), "{not_readable}");
    let many: Vec<_> = (10..40).map(|number| format!("none{number}")).collect();
    let report = attempt.config("selected_tables", many).works(&["table_not_found"]);
    assert!(told(&report)[0].ends_with(r#""none28", "none29" and more."#), "{:?}", told(&report));
}

/// What the warnings of the listing say.
fn told(report: &Report) -> Vec<&str> {
    let warnings = report.stages()[8]["warnings"].as_array().unwrap().iter();
    warnings.map(|warning| warning["message"].as_str().unwrap()).collect()
}

#[test]
fn a_schema_of_which_nothing_can_be_read_is_told() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    server.sql(sales::DATABASE, "REVOKE ALL ON ALL TABLES IN SCHEMA sales FROM reader").unwrap();
    let report = attempt(server.port()).works(&["table_not_readable"]);
    assert!(told(&report)[0].contains(r#""customers", "order_lines""#), "{:?}", told(&report));
    // One that can be read is listed, and the others are nobody's business.
    server.sql(sales::DATABASE, "GRANT SELECT ON sales.orders TO reader").unwrap();
    assert_eq!(listed(&attempt(server.port())), (vec![schema("sales", &["orders"])], false));
}

#[test]
fn names_are_shown_and_do_nothing() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let names = ["\u{1b}[2J", "a\u{202e}b\u{200b}c", "new\nline", "quote\"\\", sales::READER_PASSWORD];
    let create: String =
        names.map(|name| format!("CREATE TABLE odd.\"{}\" (id int);", name.replace('"', "\"\""))).concat();
    let script = format!("CREATE SCHEMA odd; GRANT USAGE ON SCHEMA odd TO reader; {create}");
    server.sql(sales::DATABASE, &script).unwrap();
    let odd = attempt(server.port()).config("db_schema", "odd");
    let shown = ["\\u{1b}[2J", "a\\u{202e}b\\u{200b}c", "new\\nline", "quote\"\\", "[password]"];
    let report = odd.works(&["table_not_readable"]);
    for name in shown {
        assert!(told(&report)[0].contains(&format!("\"{name}\"")), "{name}: {:?}", told(&report));
    }
    server.sql(sales::DATABASE, "GRANT SELECT ON ALL TABLES IN SCHEMA odd TO reader").unwrap();
    let (schemas, _) = listed(&odd);
    let mut expected = shown.map(str::to_owned).to_vec();
    let mut found = schemas[0].1.clone();
    expected.sort();
    found.sort();
    assert_eq!((schemas[0].0.as_str(), found), ("odd", expected));
}

/// Databases in other encodings, each with a name or a comment that is not possible in UTF-8.
const ENCODINGS: &str = "
    CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII';
    CREATE DATABASE windows TEMPLATE template0 ENCODING 'WIN1252';
    CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1';
    CREATE ROLE reader LOGIN PASSWORD 'reader-throw-away-password';
    \\connect bytes
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    DO $$ BEGIN EXECUTE format('CREATE TABLE public.%I (id int)', 'caf' || chr(233)); END $$;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
    \\connect windows
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    CREATE TABLE public.plain (id int);
    DO $$ BEGIN EXECUTE format('COMMENT ON TABLE public.plain IS %L', 'x' || chr(129)); END $$;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
    \\connect latin
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    DO $$ BEGIN EXECUTE format('CREATE TABLE public.%I (id int)', 'M' || chr(252) || 'ller'); END $$;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;";

#[test]
fn databases_in_other_encodings_are_listed() {
    let server = Postgres::builder().sql(ENCODINGS).start().unwrap();
    let of = |database: &str| attempt(server.port()).config("database", database).config("db_schema", "public");
    for (database, table) in [("bytes", "caf\u{fffd}"), ("windows", "plain"), ("latin", "Müller")] {
        assert_eq!(listed(&of(database)), (vec![schema("public", &[table])], false), "{database}");
    }
    let selected = of("latin").config("selected_tables", json!(["Müller"]));
    assert_eq!(listed(&selected), (vec![schema("public", &["Müller"])], false));
    // Nothing can have such a name there.
    let impossible = of("latin").config("selected_tables", json!(["Müller", "tab€lle", "other"]));
    let report = impossible.fails("discover", "name_not_in_encoding", "config", FINAL, Some("22P05"));
    assert!(report.message().contains("tab€lle") && report.message().contains("LATIN1"), "{}", report.message());
    assert!(!report.message().contains("other"), "{}", report.message());
    let report =
        of("latin").config("db_schema", "tab€lle").fails("privileges", "unknown_schema", "config", FINAL, None);
    assert!(report.message().contains("tab€lle"), "{}", report.message());
}

/// A database in Japanese, and a name in it of which UTF-8 has no character. Names are given as its own bytes.
const JAPANESE: &str = "
    CREATE ROLE reader LOGIN PASSWORD 'reader-throw-away-password';
    CREATE DATABASE euc TEMPLATE template0 ENCODING 'EUC_JP';
    \\connect euc
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    CREATE FUNCTION pg_temp.n(bytea) RETURNS text LANGUAGE sql AS $$ SELECT convert_from($1, 'EUC_JP') $$;
    SELECT format('CREATE SCHEMA %I', pg_temp.n(name)) FROM (VALUES ('\\xc6fccbdc'::bytea), ('\\xc6fccbdcc6fccbdc')) n (name) \\gexec
    SELECT format('GRANT USAGE ON SCHEMA %I TO reader', nspname) FROM pg_namespace WHERE nspname !~ '^[a-z]' \\gexec
    SELECT format('CREATE TABLE %I.plain (id int)', nspname) FROM pg_namespace WHERE nspname !~ '^[a-z]' \\gexec
    CREATE TABLE public.first (id int);
    SELECT format('CREATE TABLE public.%I (id int)', pg_temp.n('\\xa9a1')) \\gexec
    SELECT format('GRANT SELECT ON %s TO reader', oid::regclass) FROM pg_class
    WHERE relkind = 'r' AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') \\gexec";

#[test]
fn a_name_that_cannot_be_converted_hides_no_other() {
    let server = Postgres::builder().sql(JAPANESE).start().unwrap();
    let euc = attempt(server.port()).config("database", "euc");
    for name in ["日本", "日本日本"] {
        let (schemas, _) = listed(&euc.config("db_schema", name));
        assert_eq!(schemas[0], schema(name, &["plain"]), "{schemas:?}");
        assert_eq!(schemas.len(), 3, "{schemas:?}");
        let selected = euc.config("db_schema", name).config("selected_tables", json!(["plain"]));
        assert_eq!(listed(&selected), (vec![schema(name, &["plain"])], false));
    }
    let report = euc.config("db_schema", "日月").fails("privileges", "unknown_schema", "config", FINAL, None);
    assert!(report.message().contains("日月"), "{}", report.message());
}

#[test]
fn the_schema_of_the_connection_is_listed_first_however_many_there_are() {
    let tables = "
        \\connect shop
        CREATE SCHEMA a;
        GRANT USAGE ON SCHEMA a TO reader;
        SELECT format('CREATE TABLE a.t%s (id int)', n) FROM generate_series(1, 201) n \\gexec
        GRANT SELECT ON ALL TABLES IN SCHEMA a TO reader;
        GRANT USAGE ON SCHEMA public TO reader;
        CREATE TABLE public.wanted (id int);
        GRANT SELECT ON public.wanted TO reader;";
    let server = Postgres::builder().sql(sales::SQL).sql(tables).start().unwrap();
    for named in [true, false] {
        let mut attempt = attempt(server.port()).config("db_schema", "public");
        if !named {
            attempt.config.as_object_mut().unwrap().remove("db_schema");
        }
        let (schemas, truncated) = listed(&attempt);
        assert_eq!((&schemas[0], truncated), (&schema("public", &["wanted"]), true), "{named}");
        assert_eq!((schemas[1].0.as_str(), schemas[1].1.len()), ("a", MAX_TABLES - 1), "{named}");
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
    let attempt = attempt(server.port()).config("db_schema", "wide");
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
        // The same server lists what the same connector asks for when it behaves.
        attempt.config("trigger", "off").works(&[]);
    }
}

#[test]
fn what_the_server_refuses_stays_the_servers() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    server.sql(sales::DATABASE, "REVOKE SELECT ON pg_catalog.pg_description FROM PUBLIC").unwrap();
    let report = attempt(server.port()).fails("discover", "discovery_failed", "server", FINAL, Some("42501"));
    assert!(report.message().contains("postgres 1.0.0"), "{}", report.message());
}
