//! Logging in: users, passwords, and what `pg_hba.conf` says of them.

use std::sync::OnceLock;

use test_support::certificates::Authority;
use test_support::postgres::Postgres;
use test_support::sales;

use super::{Attempt, FINAL, attempt};

/// All have the reader's password and rights; `ghost` and `unknown` of the lines below do not exist, and `stranger` has no
/// line.
const USERS: &str = "
    CREATE ROLE trusted LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE bare LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    SET password_encryption = 'md5';
    CREATE ROLE antique LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE renewed LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    RESET password_encryption;
    CREATE ROLE banned LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE recalled NOLOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE retired NOLOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE stranger LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;";

const HBA: &str = "
hostssl all reader   all scram-sha-256
hostssl all trusted  all trust
hostssl all ghost    all trust
hostssl all bare     all password
hostssl all antique  all md5
hostssl all renewed  all md5
hostssl all banned   all reject
hostssl all recalled all scram-sha-256
hostssl all retired  all scram-sha-256
hostssl all unknown  all scram-sha-256
";

fn serve(hba: &str) -> (Postgres, Attempt) {
    let authority = Authority::new("test").unwrap();
    let identity = authority.server(&["127.0.0.1"]).unwrap();
    let server = Postgres::builder().tls(&identity).hba(hba).sql(sales::SQL).sql(USERS).start().unwrap();
    let attempt = attempt(server.port()).tls("verify-full", Some(authority.certificate()));
    (server, attempt)
}

/// One server for the tests that leave it as it is, or have users of their own.
fn shared() -> (&'static Postgres, &'static Attempt) {
    static SHARED: OnceLock<(Postgres, Attempt)> = OnceLock::new();
    let (server, attempt) = SHARED.get_or_init(|| serve(HBA));
    (server, attempt)
}

#[test]
fn every_refusal_of_a_login_has_its_reason() {
    let (server, attempt) = shared();
    attempt.works(&[]);
    for password in ["canary-another", "reader-throw-away-passwor", "READER-THROW-AWAY-PASSWORD"] {
        let attempt = attempt.credential("password", password);
        attempt.fails("authenticate", "password_rejected", "credential", FINAL, Some("28P01"));
    }
    for (user, code, blame, sqlstate) in [
        // PostgreSQL lets nobody learn whether a user exists where it asks for a password.
        ("unknown", "password_rejected", "credential", Some("28P01")),
        ("ghost", "unknown_user", "credential", Some("28000")),
        ("retired", "login_not_permitted", "server", Some("28000")),
        ("banned", "pg_hba_rejected", "server", Some("28000")),
        ("stranger", "no_pg_hba_entry", "server", Some("28000")),
        ("bare", "weak_authentication", "server", None),
        ("antique", "weak_authentication", "server", None),
    ] {
        attempt.user(user).fails("authenticate", code, blame, FINAL, sqlstate);
    }
    // Neither of the two who were asked for it in a weak form has sent it.
    let log = server.log().unwrap();
    for user in ["bare", "antique"] {
        assert!(!log.contains(&format!("connection authenticated: identity=\"{user}\"")), "{log}");
    }
}

#[test]
fn a_user_gets_in_as_soon_as_the_server_is_put_right() {
    let (server, attempt) = shared();
    let renewed = attempt.user("renewed");
    renewed.fails("authenticate", "weak_authentication", "server", FINAL, None);
    server.sql("postgres", "ALTER ROLE renewed PASSWORD 'reader-throw-away-password'").unwrap();
    renewed.works(&[]);

    let recalled = attempt.user("recalled");
    recalled.fails("authenticate", "login_not_permitted", "server", FINAL, Some("28000"));
    server.sql("postgres", "ALTER ROLE recalled LOGIN").unwrap();
    recalled.works(&[]);
}

#[test]
fn the_remedy_for_a_missing_pg_hba_line_is_that_line() {
    let (_, attempt) = shared();
    let stranger = attempt.user("stranger");
    let report = stranger.fails("authenticate", "no_pg_hba_entry", "server", FINAL, Some("28000"));
    assert!(report.message().contains("from 127.0.0.1, the client address"), "{}", report.message());
    let (_, line) = report.remedy().split_once("server: ").unwrap();
    assert_eq!(line, "hostssl \"shop\" <user> 127.0.0.1/32 scram-sha-256");

    let (_server, attempt) = serve(&line.replace("<user>", "stranger"));
    attempt.user("stranger").works(&[]);
    attempt.fails("authenticate", "no_pg_hba_entry", "server", FINAL, Some("28000"));
}

#[test]
fn a_server_that_asks_nobody_for_a_password_is_warned_about() {
    let (_, attempt) = shared();
    let report = attempt.user("trusted").works(&["password_not_asked"]);
    assert_eq!(report.details("server")["authentication"], "trust");
    assert_eq!(attempt.works(&[]).details("server")["authentication"], "scram-sha-256-plus");
}
