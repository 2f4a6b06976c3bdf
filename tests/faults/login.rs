//! Logging in: users, passwords, and what `pg_hba.conf` says of them.

use std::sync::OnceLock;

use test_support::certificates::Authority;
use test_support::listener::Witness;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;

use super::{Attempt, FINAL, RETRYABLE, attempt, attempt_by, host_of_guests};

/// All have the reader's password and rights; `ghost` and `unknown` of the lines below do not exist, and `stranger` has no
/// line.
const USERS: &str = "
    CREATE ROLE trusted LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE sleeper NOLOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE bare LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    SET password_encryption = 'md5';
    CREATE ROLE antique LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE renewed LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    RESET password_encryption;
    CREATE ROLE banned LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE recalled NOLOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE retired NOLOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE stranger LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE prepared;
    -- The same password, hashed in 1,000, 200,000 and 200,001 rounds.
    CREATE ROLE hasty LOGIN IN ROLE reader PASSWORD
      'SCRAM-SHA-256$1000:c2FsdCBvZiB0aGlzIG9uZQ==$0sCeeuzAqz+TbrHECM/sZnZ5e5RXE6vLD5erd+OadcY=:xEWuYROGRXK8RHK8dFYKltFW+A9kMLNmC1j9cq5pM2I=';
    CREATE ROLE patient LOGIN IN ROLE reader PASSWORD
      'SCRAM-SHA-256$200000:c2FsdCBvZiB0aGlzIG9uZQ==$rcCHENbtasqTAfM+yCgBMkJGgpLNrefVcSK+8NET9ck=:B/CEI1Bgj1VkY0+NYQNgKyGvKJTli66MsY3iGsZ9Cwo=';
    CREATE ROLE tireless LOGIN IN ROLE reader PASSWORD
      'SCRAM-SHA-256$200001:c2FsdCBvZiB0aGlzIG9uZQ==$IdeQKcc1iyp4fH9kBDTXeA2kZ7CL0lgUhaEVUeDylRY=:ZwxYsv5zc/Cmz+54Ud0U9GybM2VTrMc7O2Hom028nUw=';";

const HBA: &str = "
hostssl all reader   all scram-sha-256
host    all trusted  all trust
host    all ghost    all trust
host    all sleeper  all trust
hostssl all bare     all password
hostssl all antique  all md5
hostssl all renewed  all md5
hostssl all banned   all reject
hostssl all recalled all scram-sha-256
hostssl all retired  all scram-sha-256
hostssl all hasty    all scram-sha-256
hostssl all patient  all scram-sha-256
hostssl all tireless all scram-sha-256
hostssl all +prepared all scram-sha-256
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

fn unencrypted(server: &Postgres) -> Attempt {
    super::attempt(server.port())
}

#[test]
fn every_refusal_of_a_login_has_its_reason() {
    let (server, attempt) = shared();
    attempt.works(&[]);
    attempt.user("patient").works(&[]);
    for password in ["canary-another", "reader-throw-away-passwor", "READER-THROW-AWAY-PASSWORD"] {
        let attempt = attempt.credential("password", password);
        attempt.fails("authenticate", "password_rejected", "credential", FINAL, Some("28P01"));
    }
    for (user, code, blame, sqlstate) in [
        // PostgreSQL lets nobody learn whether a user exists where it asks for a password.
        ("unknown", "password_rejected", "credential", Some("28P01")),
        ("retired", "login_not_permitted", "server", Some("28000")),
        ("banned", "pg_hba_rejected", "server", Some("28000")),
        ("stranger", "no_pg_hba_entry", "server", Some("28000")),
        ("bare", "weak_authentication", "server", None),
        ("antique", "weak_authentication", "server", None),
        ("hasty", "weak_hashing", "server", None),
        ("tireless", "costly_hashing", "server", None),
    ] {
        attempt.user(user).fails("authenticate", code, blame, FINAL, sqlstate);
    }
    for (user, code, blame) in [("ghost", "unknown_user", "credential"), ("sleeper", "login_not_permitted", "server")] {
        unencrypted(server).user(user).fails("authenticate", code, blame, FINAL, Some("28000"));
    }
    // Nobody who was asked for it in a weak form has sent it.
    let log = server.log().unwrap();
    for user in ["bare", "antique", "hasty"] {
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
fn a_server_that_asks_nobody_for_a_password_has_proven_nothing() {
    let (server, attempt) = shared();
    let trusted = attempt.user("trusted");
    for mode in ["require", "verify-ca", "verify-full"] {
        let trusted = trusted.config("ssl_mode", mode);
        trusted.fails("authenticate", "password_not_asked", "server", FINAL, None);
    }
    assert_eq!(attempt.works(&[]).details("server")["authentication"], "scram-sha-256-plus");
    let report = unencrypted(server).user("trusted").works(&["password_not_asked"]);
    assert_eq!(report.details("server")["authentication"], "trust");
}

/// PostgreSQL makes each secret itself, and so decides what the password is that is hashed.
#[test]
fn a_password_is_prepared_as_the_server_has_done_it() {
    let (server, attempt) = shared();
    for (at, password) in [
        "caf\u{e9} na\u{ef}ve",
        "cafe\u{301}",
        "\u{2168}\u{a0}x\u{ad}",
        "\u{1d56}\u{1d43}\u{2e2}\u{2e2}",
        "\u{32ff}pw",
        "\u{1f130}bc",
        "\u{1f130}bc\u{2168}",
        "\u{ad}",
        "\u{e9}\u{7}\u{2168}",
        "\u{e000}\u{2168}",
        "\u{5d0}\u{ff11}\u{5d1}",
        "\u{5d0}b\u{2168}",
        "\u{5d0}1\u{ff11}",
        "\u{627}\u{631}\u{2800}",
        "del\u{7f}",
        "\u{1f600}",
    ]
    .iter()
    .enumerate()
    {
        let user = format!("prepared_{at}");
        let role = format!("CREATE ROLE {user} LOGIN PASSWORD '{password}' IN ROLE reader, prepared");
        server.sql("postgres", &role).unwrap();
        let report = attempt.user(&user).credential("password", password).verify();
        assert_eq!(report.body["success"], true, "{password:?}: {:#}", report.body);
    }
}

#[test]
fn an_operator_may_accept_fewer_rounds_of_hashing() {
    let (_server, attempt) = serve(HBA);
    let host = Patchpanel::builder().setting("POSTGRES_SCRAM_MIN_ITERATIONS", "1000").start().unwrap();
    let client = host.client_of("acme", "faults", "admin").unwrap();
    attempt.user("hasty").through(&client).works(&[]);
    let report = attempt.user("hasty").fails("authenticate", "weak_hashing", "server", FINAL, None);
    assert!(report.message().contains("1000 rounds"), "{}", report.message());
    assert!(report.remedy().contains("--postgres-scram-min-iterations"), "{}", report.remedy());
}

#[test]
fn a_user_name_with_a_line_of_its_own_reaches_nobody() {
    let host = host_of_guests(&["good"]);
    let client = host.client_of("acme", "faults", "admin").unwrap();
    let witness = Witness::start().unwrap();
    let port = witness.address().unwrap().port();
    // The connector says nothing about what a user name looks like.
    let attempt = attempt_by("good", &client, port);
    for name in ["a\r\nSET pwned 1\r\n", "a\nb", "\u{1b}[2J", "a\u{7f}", "a\u{85}b"] {
        attempt.user(name).fails("config", "credential_invalid", "credential", FINAL, None);
    }
    assert_eq!(witness.connections(), 0);
    // The witness is not blind.
    attempt.user("ab").fails("authenticate", "authenticate_timeout", "network", RETRYABLE, None);
    assert_eq!(witness.connections(), 1);
}
