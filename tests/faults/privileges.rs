//! What the user may do, and what it should not be able to do.

use test_support::postgres::Postgres;
use test_support::sales;

use super::{FINAL, attempt};

const USERS: &str = "
    CREATE ROLE almighty SUPERUSER LOGIN PASSWORD 'reader-throw-away-password';
    CREATE ROLE maker LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    GRANT CREATE ON SCHEMA sales TO maker;
    CREATE ROLE corrector LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    GRANT UPDATE (title) ON sales.products TO corrector;
    CREATE ROLE careful LOGIN PASSWORD 'reader-throw-away-password' IN ROLE writer;
    ALTER ROLE careful SET default_transaction_read_only = on;";

#[test]
fn a_schema_must_be_there_and_open_to_the_user() {
    let server = Postgres::builder().sql(sales::SQL).sql("CREATE SCHEMA \"Back \"\"Office\";").start().unwrap();
    let attempt = attempt(server.port());
    attempt.works(&[]);
    for schema in ["nowhere", "Sales"] {
        let attempt = attempt.config("db_schema", schema);
        let report = attempt.fails("privileges", "unknown_schema", "config", FINAL, None);
        assert!(report.message().contains(schema), "{}", report.message());
        assert_eq!(report.details("server")["authentication"], "scram-sha-256");
    }
    let office = attempt.config("db_schema", "Back \"Office");
    let report = office.fails("privileges", "no_schema_usage", "server", FINAL, None);
    let grant = report.remedy().strip_prefix("Grant it: ").unwrap();
    assert_eq!(grant, "GRANT USAGE ON SCHEMA \"Back \"\"Office\" TO <user>;");
    server.sql(sales::DATABASE, &grant.replace("<user>", sales::READER)).unwrap();
    office.works(&[]);
}

#[test]
fn who_can_do_more_than_read_is_warned_about() {
    let server = Postgres::builder().sql(sales::SQL).sql(USERS).start().unwrap();
    let attempt = attempt(server.port());
    for (user, superuser, read_only, warnings) in [
        (sales::READER, false, "role", &[][..]),
        ("careful", false, "session", &[]),
        ("maker", false, "none", &["can_write"]),
        ("corrector", false, "none", &["can_write"]),
        ("almighty", true, "none", &["superuser", "can_write"]),
    ] {
        let report = attempt.user(user).works(warnings);
        let privileges = report.details("privileges");
        assert_eq!(privileges["superuser"], superuser, "{user}");
        assert_eq!(privileges["read_only"], read_only, "{user}");
        assert_eq!(privileges["warnings"].as_array().unwrap().len(), warnings.len(), "{user}");
    }
    let writer = attempt.user(sales::WRITER).credential("password", sales::WRITER_PASSWORD);
    assert_eq!(writer.works(&["can_write"]).details("privileges")["read_only"], "none");
}
