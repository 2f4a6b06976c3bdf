//! Poolers and proxies that are played: their whole sentences, with the SQLSTATE that they send, before anybody has proven
//! anything or after the login.

use std::collections::HashMap;
use std::io;

use test_support::hostile_postgres::{HostilePostgres, Session, message};
use test_support::names::Names;
use test_support::patchpanel::Patchpanel;
use test_support::sales;
use test_support::skip::skip;

use super::{FINAL, RETRYABLE, attempt};

/// SQLSTATE, message and detail of each; the code, blame and whether trying again can help.
const BEFORE_LOGIN: &[(&str, &str, &str, &str, &str, bool)] = &[
    ("08P01", "query_wait_timeout", "", "server_failing", "server", RETRYABLE),
    ("08P01", "client_login_timeout (server down)", "", "server_failing", "server", RETRYABLE),
    ("08P01", "database \"shop\" does not exist", "", "unknown_database", "config", FINAL),
    ("08P01", "database \"shop\" is disabled", "", "database_not_accepting", "server", FINAL),
    ("08P01", "SASL authentication failed", "", "password_rejected", "credential", FINAL),
    ("08P01", "SASL authentication failed, of all things", "", "server_failing", "server", RETRYABLE),
    // What PgBouncer's own login at the server came to is nothing that the client can do.
    ("08P01", "password authentication failed for user \"reader\"", "", "server_failing", "server", RETRYABLE),
    ("XX000", "Tenant or user not found", "", "unknown_user", "credential", FINAL),
    ("XX000", "(ENOTFOUND) tenant/user reader.x not found", "", "unknown_user", "credential", FINAL),
    ("XX000", "Max client connections reached", "", "too_many_connections", "server", RETRYABLE),
    ("XX000", "The endpoint has been disabled", "", "database_not_accepting", "server", FINAL),
    (
        "XX000",
        "The endpoint has been disabled. Enable it using the API and retry.",
        "",
        "database_not_accepting",
        "server",
        FINAL,
    ),
    ("XX000", "password authentication failed for user 'reader'", "", "password_rejected", "credential", FINAL),
    ("XX000", "something that nobody has heard of", "", "server_failing", "server", RETRYABLE),
    ("58000", "Pool down for database: \"shop\", user: \"reader\"", "", "server_failing", "server", RETRYABLE),
    (
        "57P03",
        "the database system is not accepting connections",
        "Hot standby mode is disabled.",
        "server_starting",
        "server",
        RETRYABLE,
    ),
];

/// Answers with the sentence whose number is the database's name.
fn say(session: &mut Session, startup: &HashMap<String, String>) -> io::Result<()> {
    let at = startup["database"].parse::<usize>().map_err(|_| io::ErrorKind::InvalidData)?;
    let (sqlstate, text, detail, ..) = BEFORE_LOGIN[at];
    let detail = if detail.is_empty() { String::new() } else { format!("D{detail}\0") };
    session.send(&message(b'E', format!("SFATAL\0C{sqlstate}\0M{text}\0{detail}\0").as_bytes()))
}

#[test]
fn what_poolers_and_proxies_say_is_taken_for_what_it_is() {
    let server = HostilePostgres::start_before_login(say).unwrap();
    for (at, (sqlstate, text, detail, code, blame, retryable)) in BEFORE_LOGIN.iter().enumerate() {
        let attempt = attempt(server.port()).config("database", at.to_string());
        let report = attempt.fails("authenticate", code, blame, *retryable, Some(sqlstate));
        assert!(*code == "unknown_database" || report.message().contains(text), "{}", report.message());
        assert!(report.message().contains(detail), "{}", report.message());
        assert!(detail.is_empty() || report.remedy().contains("hot_standby"), "{}", report.remedy());
    }
}

#[test]
fn statement_mode_is_named_wherever_it_shows() {
    let server = HostilePostgres::start(sales::READER_PASSWORD, |session| {
        session.wait_for(b'S')?;
        let text = "transaction blocks not allowed in statement pooling mode";
        session.send(&message(b'E', format!("SFATAL\0C08P01\0M{text}\0\0").as_bytes()))
    })
    .unwrap();
    let report = attempt(server.port()).fails("privileges", "pooler_statement_mode", "server", FINAL, Some("08P01"));
    assert!(report.remedy().contains("pool_mode = transaction"), "{}", report.remedy());
}

#[test]
fn a_provider_advice_shows_for_what_its_pooler_says() {
    if let Some(reason) = Names::unavailable() {
        return skip("a_provider_advice_shows_for_what_its_pooler_says", reason);
    }
    let name = "aws-0-eu-central-1.pooler.supabase.com";
    let names = Names::new(&format!("127.0.0.1 {name}"), &[], "").unwrap();
    let host = Patchpanel::builder().names(&names).start().unwrap();
    let client = host.client_of("acme", "faults", "developer").unwrap();
    let server = HostilePostgres::start_before_login(say).unwrap();
    let at = BEFORE_LOGIN.iter().position(|(_, text, ..)| *text == "Tenant or user not found").unwrap();
    let attempt = attempt(server.port()).through(&client).config("host", name).config("database", at.to_string());
    let report = attempt.fails("authenticate", "unknown_user", "credential", FINAL, Some("XX000"));
    assert!(report.remedy().contains("user.project-reference"), "{}", report.remedy());
}

/// A password that is a word of what every server says, or the name of the user or the database.
#[test]
fn what_a_server_says_shows_no_password() {
    let server = HostilePostgres::start_before_login(|session, _| {
        let text = "too many connections for role \"connections\", canary-passw0rd is not canary-passw0rds";
        session.send(&message(b'E', format!("SFATAL\0C53300\0M{text}\0\0").as_bytes()))
    })
    .unwrap();
    let attempt = attempt(server.port()).user("connections");
    let message = |password: &str| attempt.credential("password", password).verify_unseen().message().to_owned();
    let said =
        "The server says: too many connections for role \"connections\", canary-passw0rd is not canary-passw0rds";
    assert!(message("reader-throw-away-password").contains(said));
    assert!(message("canary-passw0rd").contains("\"connections\", [password] is not canary-passw0rds"));
    assert!(message("connection").contains(said), "no part of a word is hidden");
    assert!(message("connections").contains(said), "the user's name is no secret");
    // Which word it was is not to be seen.
    assert_eq!(message("not"), "The server has no connection left for this user. The server says: [hidden]");
}
