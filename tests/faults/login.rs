//! Logging in: users, passwords, and what `pg_hba.conf` says of them.

use test_support::certificates::Authority;
use test_support::postgres::Postgres;
use test_support::sales;

use super::{Attempt, FINAL, attempt};

/// Users in the order of their lines in `HBA`; all have the reader's password and rights. `ghost` does not exist.
const USERS: &str = "
    CREATE ROLE trusted LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE bare LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    SET password_encryption = 'md5';
    CREATE ROLE antique LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    RESET password_encryption;
    CREATE ROLE banned LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE retired NOLOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE stranger LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;";

const HBA: &str = "
hostssl all reader   all scram-sha-256
hostssl all trusted  all trust
hostssl all ghost    all trust
hostssl all bare     all password
hostssl all antique  all md5
hostssl all banned   all reject
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

#[test]
fn every_refusal_of_a_login_has_its_reason() {
    let (server, attempt) = serve(HBA);
    attempt.works(&[]);
    for password in ["wrong", "reader-throw-away-passwor", "READER-THROW-AWAY-PASSWORD"] {
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
fn a_password_is_proved_to_the_same_server_after_it_was_put_right() {
    let (server, attempt) = serve(HBA);
    let antique = attempt.user("antique");
    antique.fails("authenticate", "weak_authentication", "server", FINAL, None);
    server.sql("postgres", "ALTER ROLE antique PASSWORD 'reader-throw-away-password'").unwrap();
    antique.works(&[]);

    let retired = attempt.user("retired");
    retired.fails("authenticate", "login_not_permitted", "server", FINAL, Some("28000"));
    server.sql("postgres", "ALTER ROLE retired LOGIN").unwrap();
    retired.works(&[]);
}

#[test]
fn the_remedy_for_a_missing_pg_hba_line_is_that_line() {
    let (_server, attempt) = serve(HBA);
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
    let (_server, attempt) = serve(HBA);
    let report = attempt.user("trusted").works(&["password_not_asked"]);
    assert_eq!(report.details("server")["authentication"], "trust");
    assert_eq!(attempt.works(&[]).details("server")["authentication"], "scram-sha-256-plus");
}
