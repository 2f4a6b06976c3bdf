//! After the login: the database, and room on the server.

use std::time::{Duration, Instant};

use test_support::directory::TemporaryDirectory;
use test_support::eventually::eventually;
use test_support::postgres::Postgres;
use test_support::sales;

use super::{FINAL, RETRYABLE, attempt};

#[test]
fn a_database_that_is_not_open_to_the_user_is_named() {
    let databases = "
        CREATE DATABASE closed;
        ALTER DATABASE closed ALLOW_CONNECTIONS false;
        -- What is left of a database that was being dropped.
        CREATE DATABASE broken;
        UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken';
        CREATE DATABASE private;
        REVOKE CONNECT ON DATABASE private FROM PUBLIC;";
    let server = Postgres::builder().sql(databases).sql(sales::SQL).start().unwrap();
    let attempt = attempt(server.port());
    attempt.works(&[]);
    for (database, code, blame, sqlstate) in [
        ("nowhere", "unknown_database", "config", "3D000"),
        ("Shop", "unknown_database", "config", "3D000"),
        ("closed", "database_not_accepting", "server", "55000"),
        ("broken", "invalid_database", "server", "55000"),
        ("private", "no_connect_privilege", "server", "42501"),
    ] {
        let report = attempt.config("database", database).fails("session", code, blame, FINAL, Some(sqlstate));
        assert!(report.message().contains(database), "{}", report.message());
    }
    let report = attempt.config("database", "private").verify();
    assert!(report.remedy().contains("GRANT CONNECT ON DATABASE \"private\" TO <user>;"), "{}", report.remedy());
    server.sql("postgres", "GRANT CONNECT ON DATABASE private TO reader").unwrap();
    server.sql("private", "GRANT USAGE ON SCHEMA public TO reader").unwrap();
    attempt.config("database", "private").config("db_schema", "public").works(&[]);
}

#[test]
fn a_database_and_a_schema_of_the_users_name_keep_their_names() {
    let names = "
        CREATE ROLE till LOGIN PASSWORD 'reader-throw-away-password';
        CREATE DATABASE till;
        REVOKE CONNECT ON DATABASE till FROM PUBLIC;
        CREATE ROLE nosuch LOGIN PASSWORD 'reader-throw-away-password';
        \\connect till
        CREATE SCHEMA till;";
    let server = Postgres::builder().sql(names).start().unwrap();
    let attempt = attempt(server.port()).user("till").config("database", "till").config("db_schema", "till");
    let report = attempt.fails("session", "no_connect_privilege", "server", FINAL, Some("42501"));
    let grant = report.remedy().strip_prefix("Grant it: ").unwrap();
    assert_eq!(grant, "GRANT CONNECT ON DATABASE \"till\" TO <user>;");
    server.sql("postgres", &grant.replace("<user>", "till")).unwrap();

    let report = attempt.fails("privileges", "no_schema_usage", "server", FINAL, None);
    let grant = report.remedy().strip_prefix("Grant it: ").unwrap();
    assert_eq!(grant, "GRANT USAGE ON SCHEMA \"till\" TO <user>;");
    server.sql("till", &grant.replace("<user>", "till")).unwrap();
    attempt.works(&[]);

    let attempt = attempt.user("nosuch").config("database", "nosuch");
    let report = attempt.fails("session", "unknown_database", "config", FINAL, Some("3D000"));
    assert!(report.message().contains("\"nosuch\""), "{}", report.message());
}

#[test]
fn a_limit_of_the_role_or_the_database_is_too_many_connections() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let attempt = attempt(server.port());
    for (limit, lift) in [
        ("ALTER ROLE reader CONNECTION LIMIT 0", "ALTER ROLE reader CONNECTION LIMIT -1"),
        ("ALTER DATABASE shop CONNECTION LIMIT 0", "ALTER DATABASE shop CONNECTION LIMIT -1"),
    ] {
        server.sql("postgres", limit).unwrap();
        attempt.fails("session", "too_many_connections", "server", RETRYABLE, Some("53300"));
        server.sql("postgres", lift).unwrap();
        attempt.works(&[]);
    }
}

#[test]
fn a_full_server_is_too_many_connections() {
    let builder = Postgres::builder().setting("max_connections", "4").setting("superuser_reserved_connections", "3");
    let server = &builder.sql(sales::SQL).start().unwrap();
    let attempt = attempt(server.port());
    // The server forgets a session some time after its end.
    wait_until(|| attempt.verify().body["success"] == true);
    let signals = TemporaryDirectory::new("signals").unwrap();
    std::thread::scope(|scope| {
        let sleeper = || scope.spawn(|| occupy(server, "SELECT pg_sleep(60)"));
        // One superuser leaves only the places that are reserved for others of its kind.
        let mut sleepers = vec![sleeper()];
        wait_until(|| occupy(server, SLEEPING).unwrap() == "1");
        attempt.fails("session", "too_many_connections", "server", RETRYABLE, Some("53300"));
        sleepers.extend([sleeper(), sleeper()]);
        wait_until(|| occupy(server, SLEEPING).unwrap() == "3");
        // Nobody can come in to send them away but who has the last place.
        let directory = signals.path().display();
        let last = format!(
            "\\! touch {directory}/full; timeout 20 sh -c 'until [ -e {directory}/go ]; do sleep 0.02; done'
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'"
        );
        let last = scope.spawn(move || occupy(server, &last));
        wait_until(|| signals.path().join("full").exists());
        attempt.fails("authenticate", "too_many_connections", "server", RETRYABLE, Some("53300"));
        signals.write("go", "").unwrap();
        last.join().unwrap().unwrap();
        for sleeper in sleepers {
            sleeper.join().unwrap().unwrap_err();
        }
    });
    wait_until(|| attempt.verify().body["success"] == true);
}

const SLEEPING: &str = "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'";

fn wait_until(condition: impl Fn() -> bool) {
    let comes_true = eventually(Duration::from_secs(20), || condition().then_some(()));
    assert!(comes_true.is_some(), "it never comes true");
}

/// Runs a script as soon as there is room for its session.
fn occupy(server: &Postgres, script: &str) -> anyhow::Result<String> {
    let start = Instant::now();
    loop {
        let outcome = server.sql("postgres", script);
        let full = outcome.as_ref().is_err_and(|error| error.to_string().contains("too many clients"));
        if !full || start.elapsed() > Duration::from_secs(20) {
            return outcome;
        }
    }
}
