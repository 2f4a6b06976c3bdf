//! The same faults in the test of a stored connection, which keeps the outcome as its status.

use serde_json::{Value, json};
use test_support::postgres::Postgres;
use test_support::sales;

use super::{Attempt, FINAL, RETRYABLE, Report, attempt, attempt_by, client, host_of_guests};

/// A registered connection.
struct Stored {
    attempt: Attempt,
    path: String,
}

impl Stored {
    fn register(name: &str, attempt: Attempt) -> Self {
        let mut body = attempt.body();
        body["name"] = json!(name);
        let reply = attempt.client.post("/assets/data", &body).unwrap();
        assert_eq!(reply.status.as_u16(), 201, "{}", reply.body);
        let record = reply.json().unwrap();
        assert_eq!(record["status"], "PENDING");
        Self { attempt, path: format!("/assets/data/{}", record["resource_uri"].as_str().unwrap()) }
    }

    fn test(&self) -> Report {
        Report::read(&self.attempt.client.send("POST", &format!("{}/test", self.path), "").unwrap(), &self.attempt)
    }

    fn status(&self) -> (Value, Value) {
        let record = self.attempt.client.get(&self.path).unwrap().json().unwrap();
        (record["status"].clone(), record["status_reason"].clone())
    }
}

#[test]
fn a_stored_connection_recovers_when_its_fault_is_repaired() {
    let mut server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let stored = Stored::register("Recovering", attempt(server.port()));
    stored.test().expect_success(&[]);
    assert_eq!(stored.status(), (json!("ACTIVE"), Value::Null));

    server.sql(sales::DATABASE, "REVOKE USAGE ON SCHEMA sales FROM reader").unwrap();
    let report = stored.test().expect_fault("privileges", "no_schema_usage", "server", FINAL, None);
    let (status, reason) = stored.status();
    assert_eq!(status, "ERROR");
    assert!(reason.as_str().unwrap().contains(report.message()), "{reason}");

    server.sql(sales::DATABASE, "GRANT USAGE ON SCHEMA sales TO reader").unwrap();
    server.sql("postgres", "ALTER ROLE reader PASSWORD 'another-throw-away-password'").unwrap();
    stored.test().expect_fault("authenticate", "password_rejected", "credential", FINAL, Some("28P01"));
    let change = json!({ "credentials": { "password": "another-throw-away-password" } });
    let reply = client().put(&stored.path, &change).unwrap();
    assert_eq!(reply.status.as_u16(), 200, "{}", reply.body);
    stored.test().expect_success(&[]);
    assert_eq!(stored.status(), (json!("ACTIVE"), Value::Null));

    server.stop().unwrap();
    stored.test().expect_fault("connect", "connection_refused", "network", RETRYABLE, None);
    assert_eq!(stored.status().0, "ERROR");
}

#[test]
fn what_a_connector_says_of_the_whole_configuration_is_said_without_an_empty_pointer() {
    let host = host_of_guests(&["refuse-in-use", "count-calls"]);
    let client = host.client_of("acme", "faults", "admin").unwrap();
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let stored = Stored::register("Refused", attempt_by("refuse-in-use", &client, server.port()));
    let report = stored.test().expect_fault("config", "config_rejected", "config", FINAL, None);
    assert_eq!(report.message(), "Not today.");
    assert_eq!(stored.status(), (json!("ERROR"), json!("config_rejected: Not today.")));

    let report = attempt_by("count-calls", &client, server.port()).works(&["config_warning"]);
    assert_eq!(report.stages()[0]["warnings"][0]["message"], "/database_config: Called 0 times before.");
}
