//! Servers that speak another language: what is said in words decides nothing.

use test_support::certificates::Authority;
use test_support::postgres::{Builder, Postgres};
use test_support::sales;
use test_support::skip::skip;

use super::{Attempt, FINAL, attempt};

const USERS: &str = "
    CREATE ROLE retired NOLOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE banned LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;
    CREATE ROLE badge LOGIN IN ROLE reader;
    CREATE ROLE rejections_ro LOGIN PASSWORD 'reader-throw-away-password' IN ROLE reader;";

const HBA: &str = "
hostssl shop,nowhere reader  all scram-sha-256
hostssl all          retired all scram-sha-256
hostssl all          banned  all reject
hostssl all          badge   all cert
host    all          ghost   all trust
";

fn serve(language: Option<&str>) -> (Postgres, Attempt, Attempt) {
    let (servers, clients) = (Authority::new("servers").unwrap(), Authority::new("clients").unwrap());
    let identity = servers.server(&["127.0.0.1"]).unwrap();
    let builder = Postgres::builder().tls(&identity).client_authority(clients.certificate()).hba(HBA);
    let builder = language.into_iter().fold(builder, Builder::language);
    let server = builder.sql(sales::SQL).sql(USERS).start().unwrap();
    let unencrypted = attempt(server.port());
    let encrypted = unencrypted.tls("verify-full", Some(servers.certificate()));
    (server, encrypted, unencrypted)
}

#[test]
fn a_refusal_in_any_language_has_its_reason() {
    for language in [None, Some("de"), Some("ja"), Some("fr"), Some("ru")] {
        let (server, attempt, unencrypted) = serve(language);
        let english = server.sql("postgres", "SELECT 1/0").unwrap_err().to_string().contains("division by zero");
        if english != language.is_none() {
            skip("a_refusal_in_any_language_has_its_reason", format!("PostgreSQL has no catalog of {language:?}"));
            continue;
        }
        attempt.works(&[]);
        // Where the words say which of two it is, they are English.
        let either = |words: &'static str, other: &'static str| if english { words } else { other };
        for (user, database, code, blame) in [
            ("retired", "shop", "login_not_permitted", "server"),
            ("banned", "shop", either("pg_hba_rejected", "no_pg_hba_entry"), "server"),
            ("stranger", "shop", "no_pg_hba_entry", "server"),
            ("rejections_ro", "shop", "no_pg_hba_entry", "server"),
            ("reader", "rejected_orders", "no_pg_hba_entry", "server"),
            ("badge", "shop", "client_certificate_required", "credential"),
        ] {
            let attempt = attempt.user(user).config("database", database);
            let report = attempt.fails("authenticate", code, blame, FINAL, Some("28000"));
            let both = report.message().contains("because no line lets it in, or by a line that rejects it");
            assert_eq!(both, code == "no_pg_hba_entry" && !english, "{language:?}: {}", report.message());
        }
        let nowhere = attempt.config("database", "nowhere");
        nowhere.fails("session", "unknown_database", "config", FINAL, Some("3D000"));
        let (code, blame) = if english { ("unknown_user", "credential") } else { ("login_not_permitted", "server") };
        let report = unencrypted.user("ghost").fails("authenticate", code, blame, FINAL, Some("28000"));
        assert!(report.remedy().contains("create the user"), "{}", report.remedy());
    }
}
