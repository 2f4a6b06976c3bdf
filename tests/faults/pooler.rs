//! Servers behind `PgBouncer`, which has one SQLSTATE for everything.

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use test_support::directory::TemporaryDirectory;
use test_support::eventually::eventually;
use test_support::pgbouncer::{self, Builder, PgBouncer};
use test_support::postgres::Postgres;
use test_support::process::Process;
use test_support::sales;
use test_support::skip::skip;

use super::{Attempt, FINAL, RETRYABLE, attempt, host};

/// The SQLSTATE of everything.
const POOLERS: Option<&str> = Some("08P01");

/// Tests at once.
const AT_ONCE: usize = 30;

/// Says that the test is skipped where there is no `PgBouncer`.
fn is_missing(test: &str) -> bool {
    pgbouncer::program().inspect_err(|reason| skip(test, reason)).is_err()
}

fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| Postgres::builder().sql(sales::SQL).start().unwrap())
}

/// Longer than the last of all tests at once waits for its turn, in seconds.
const PATIENCE: u32 = 60;

/// A pooler of the sample database, with one connection to the server.
fn pooler(port: u16) -> Builder {
    PgBouncer::builder()
        .database(sales::DATABASE, &format!("host=127.0.0.1 port={port} dbname=shop"))
        .user(sales::READER, sales::READER_PASSWORD)
        .setting("default_pool_size", "1")
        .setting("query_wait_timeout", &PATIENCE.to_string())
}

fn serve(mode: &str) -> (PgBouncer, Attempt) {
    let pooler = pooler(server().port()).setting("pool_mode", mode).start().unwrap();
    let attempt = attempt(pooler.port());
    (pooler, attempt)
}

#[test]
fn a_pooler_works_in_all_its_modes() {
    if is_missing("a_pooler_works_in_all_its_modes") {
        return;
    }
    // In statement mode there are no transactions, but what is sent as one series stays together.
    for mode in ["session", "transaction", "statement"] {
        let (_pooler, attempt) = serve(mode);
        for _ in 0..2 {
            assert_eq!(attempt.works(&[]).details("server")["authentication"], "scram-sha-256", "{mode}");
        }
        attempt.config("db_schema", "nowhere").fails("privileges", "unknown_schema", "config", FINAL, None);
    }
}

#[test]
fn statements_of_others_on_the_same_connection_are_in_nobodys_way() {
    if is_missing("statements_of_others_on_the_same_connection_are_in_nobodys_way") {
        return;
    }
    let (pooler, attempt) = serve("transaction");
    let run = |script: &str| pooler.sql(sales::READER, sales::READER_PASSWORD, sales::DATABASE, script).unwrap();
    // They stay in the one session at the server when their client has gone.
    for name in ["s0", "s1"] {
        run(&format!("PREPARE {name} AS SELECT 1"));
    }
    assert_eq!(run("SELECT string_agg(name, ',' ORDER BY name) FROM pg_prepared_statements"), "s0,s1");
    attempt.works(&[]);
    let attempt = attempt.config("connect_timeout_ms", 1000 * PATIENCE);
    // No organization may have as many at once.
    let clients = ["acme", "other"].map(|organization| host().client_of(organization, "faults", "admin").unwrap());
    thread::scope(|scope| {
        let tests: Vec<_> = (0..AT_ONCE)
            .map(|at| attempt.through(&clients[at % clients.len()]))
            .map(|attempt| scope.spawn(move || attempt.verify()))
            .collect();
        for test in tests {
            test.join().unwrap().expect_success(&[]);
        }
    });
}

#[test]
fn what_a_pooler_refuses_has_its_reason() {
    if is_missing("what_a_pooler_refuses_has_its_reason") {
        return;
    }
    let port = server().port();
    let pooler = pooler(port)
        .database("gone", &format!("host=127.0.0.1 port={port} dbname=gone"))
        .database("closed", &format!("host=127.0.0.1 port={port} dbname=shop"))
        .start()
        .unwrap();
    let attempt = attempt(pooler.port());
    attempt.works(&[]);
    let credential = attempt.credential("password", "canary-another");
    credential.fails("authenticate", "password_rejected", "credential", FINAL, POOLERS);
    let stranger = attempt.user("stranger");
    stranger.fails("authenticate", "password_rejected", "credential", FINAL, POOLERS);
    for database in ["nowhere", "gone"] {
        let attempt = attempt.config("database", database);
        let report = attempt.fails("authenticate", "unknown_database", "config", FINAL, POOLERS);
        assert!(report.message().contains(database), "{}", report.message());
    }
    let closed = attempt.config("database", "closed");
    pooler.admin("DISABLE closed").unwrap();
    let report = closed.fails("authenticate", "database_not_accepting", "server", FINAL, POOLERS);
    assert!(report.message().contains("disabled"), "{}", report.message());
    pooler.admin("ENABLE closed").unwrap();
    closed.works(&[]);
}

#[test]
fn what_is_behind_a_pooler_and_does_not_answer_is_the_servers_fault() {
    if is_missing("what_is_behind_a_pooler_and_does_not_answer_is_the_servers_fault") {
        return;
    }
    let mut server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let pooler = pooler(server.port()).setting("query_wait_timeout", "1").start().unwrap();
    let attempt = attempt(pooler.port()).config("connect_timeout_ms", 9_000);
    attempt.works(&[]);

    pooler.admin("PAUSE").unwrap();
    attempt.fails("privileges", "server_failing", "server", RETRYABLE, POOLERS);
    pooler.admin("RESUME").unwrap();
    attempt.works(&[]);

    server.stop().unwrap();
    let report = attempt.verify();
    let failed = report.failed();
    assert_eq!((&failed["blame"], &failed["retryable"]), (&"server".into(), &true.into()), "{failed:#}");
    assert!(["server_failing", "server_starting"].contains(&failed["code"].as_str().unwrap()), "{failed:#}");
}

#[test]
fn a_server_that_was_never_there_is_no_fault_of_the_credentials() {
    if is_missing("a_server_that_was_never_there_is_no_fault_of_the_credentials") {
        return;
    }
    let mut server = Postgres::builder().start().unwrap();
    let port = server.port();
    server.stop().unwrap();
    let pooler = pooler(port).setting("query_wait_timeout", "1").start().unwrap();
    let attempt = attempt(pooler.port()).config("connect_timeout_ms", 9_000);
    for _ in 0..2 {
        attempt.fails("authenticate", "server_failing", "server", RETRYABLE, POOLERS);
    }
}

#[test]
fn a_full_pooler_is_too_many_connections() {
    if is_missing("a_full_pooler_is_too_many_connections") {
        return;
    }
    let pooler = pooler(server().port()).setting("max_client_conn", "1").start().unwrap();
    let attempt = attempt(pooler.port());
    let script = "SELECT pg_sleep(60)";
    let mut client = pooler.client(sales::READER, sales::READER_PASSWORD, sales::DATABASE, script).unwrap();
    let directory = TemporaryDirectory::new("client").unwrap();
    let mut client = Process::start(&mut client, directory.path().join("log"), Signal::TERM, &directory).unwrap();
    let full = eventually(Duration::from_secs(20), || {
        pooler.admin("SHOW CLIENTS").unwrap().contains(sales::DATABASE).then_some(())
    });
    full.expect("the other client comes in");
    attempt.fails("authenticate", "too_many_connections", "server", RETRYABLE, POOLERS);
    client.kill().unwrap();
    eventually(Duration::from_secs(20), || (attempt.verify().body["success"] == true).then_some(())).unwrap();
}
