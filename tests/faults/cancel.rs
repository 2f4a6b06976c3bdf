//! A client that goes away takes its statement with it: nobody waits for it any more, and the server has better to do.

use std::time::Duration;

use test_support::certificates::Authority;
use test_support::eventually::eventually;
use test_support::postgres::Postgres;
use test_support::sales;

use super::{Attempt, attempt, begin, host};

/// Long enough for a busy machine, and shorter than the test of a connection may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What the connector's listing reads, while somebody else has it for a minute.
const LOCK: &str = "BEGIN; LOCK TABLE pg_catalog.pg_description IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)";

fn stops_with_its_client(server: &Postgres, attempt: &Attempt) {
    let sql = |script: &str| server.sql(sales::DATABASE, script).unwrap();
    let count = |what: &str| sql(&format!("SELECT count(*) FROM pg_stat_activity WHERE {what}"));
    let waits = "usename = 'reader' AND wait_event_type = 'Lock'";
    std::thread::scope(|scope| {
        let locker = scope.spawn(|| server.sql(sales::DATABASE, LOCK).unwrap_err());
        eventually(LIMIT, || (count("query ~ '^SELECT pg_sleep' AND state = 'active'") == "1").then_some(())).unwrap();
        let stream = begin(host(), "acme", attempt);
        eventually(LIMIT, || (count(waits) == "1").then_some(())).expect("the statement waits");
        drop(stream);
        let gone = eventually(LIMIT, || (count("usename = 'reader'") == "0").then_some(()));
        sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'");
        locker.join().unwrap();
        gone.expect("the statement has ended with its client");
    });
    let log = server.log().unwrap();
    assert!(log.contains("canceling statement due to user request"), "{log}");
    assert!(!log.contains("canceling statement due to statement timeout"), "{log}");
    attempt.works(&[]);
}

#[test]
fn a_statement_stops_when_its_client_goes_away() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    stops_with_its_client(&server, &attempt(server.port()));
}

#[test]
fn a_statement_is_cancelled_by_the_same_tls() {
    let authority = Authority::new("test").unwrap();
    let identity = authority.server(&["127.0.0.1"]).unwrap();
    let builder = Postgres::builder().tls(&identity).hba("hostssl all all all scram-sha-256");
    // What comes in without TLS is told apart in the log.
    let server = builder.setting("log_min_messages", "debug2").sql(sales::SQL).start().unwrap();
    stops_with_its_client(&server, &attempt(server.port()).tls("verify-full", Some(authority.certificate())));
}

#[test]
fn a_statement_that_has_ended_is_not_cancelled() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let attempt = attempt(server.port());
    attempt.works(&[]);
    server.sql(sales::DATABASE, "REVOKE SELECT ON pg_catalog.pg_description FROM PUBLIC").unwrap();
    attempt.verify();
    server.sql(sales::DATABASE, "GRANT SELECT ON pg_catalog.pg_description TO PUBLIC").unwrap();
    attempt.works(&[]);
    // The reader's three sessions, and none to cancel.
    let log = server.log().unwrap();
    let received = log.matches("connection received: host=127.0.0.1").count();
    assert_eq!(received, log.matches("connection authorized: user=reader").count(), "{log}");
}
