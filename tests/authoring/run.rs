//! `connector run`: a real connection to a real PostgreSQL, by a connector that was written a moment ago.

use serde_json::{Value, json};
use test_support::postgres::Postgres;
use test_support::sales;

use super::Author;

fn sample(server: &Postgres, password: &str) -> String {
    json!({
        "connection_type": "mine",
        "database_config": {
            "host": "127.0.0.1", "port": server.port(), "database": "postgres", "ssl_mode": "disable",
        },
        "credentials": {"username": sales::READER, "password": password},
    })
    .to_string()
}

#[test]
fn a_new_connector_connects_and_says_what_is_wrong_if_it_does_not() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let author = Author::new();
    author.succeed("", &["new", "mine", "--lang", "c"]);
    std::fs::write(author.path("mine/sample.json"), sample(&server, sales::READER_PASSWORD)).unwrap();
    std::fs::write(author.path("mine/wrong.private.json"), sample(&server, "wrong")).unwrap();

    let works = author.succeed("mine", &["run"]);
    assert!(works.output.contains("authenticate  passed") && works.output.contains("scram-sha-256"), "{works:?}");
    let fails = author.run("mine", &["run", "--config", "wrong.private.json", "--json"]);
    assert_eq!(fails.code, Some(1), "{fails:?}");
    let result: Value = serde_json::from_str(&fails.output).unwrap();
    let stages = result["details"]["stages"].as_array().unwrap();
    let login = stages.iter().find(|stage| stage["stage"] == "authenticate").unwrap();
    assert_eq!(login["code"], "password_rejected", "{result:#}");

    author.edit("mine/wrong.private.json", "disable", "prefer");
    let wrong = author.run("mine", &["run", "--config", "wrong.private.json"]);
    assert!(wrong.code == Some(2) && wrong.output.contains("/database_config/ssl_mode"), "{wrong:?}");
}

#[test]
fn a_connector_that_a_host_refuses_is_not_run() {
    let author = Author::new();
    author.succeed("", &["new", "mine", "--lang", "c"]);
    author.edit("mine/src/manifest.c", "TEXT(\"{/host}\")", "TEXT(\"db.example.com\")");
    let done = author.run("mine", &["run"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.errors.contains("`patchpanel connector check` says why"), "{done:?}");
}
