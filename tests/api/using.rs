//! `POST /assets/data/{resource_uri}/test`, `/disable` and `/enable`.

use serde_json::{Value, json};

use super::{answer, client, refusal, register, working_registration};

#[test]
fn a_test_sets_the_status() {
    let client = client("status", "developer");
    let path = register(&client, &working_registration("Status"));
    let test = || answer(client.send("POST", &format!("{path}/test"), ""), 200);
    let record = || answer(client.get(&path), 200);
    let registered = record();
    assert_eq!(test()["success"], true);
    let active = record();
    assert_eq!((&active["status"], &active["status_reason"]), (&json!("ACTIVE"), &Value::Null));
    assert!(active["last_tested_at"].is_string());
    assert_eq!(active["updated_at"], registered["updated_at"], "a test is no change");

    answer(client.put(&path, &json!({"credentials": {"password": "wrong"}})), 200);
    assert_eq!(record()["status"], "PENDING");
    let result = test();
    assert_eq!(result["success"], false);
    let failed = record();
    assert_eq!(failed["status"], "ERROR");
    assert!(failed["status_reason"].as_str().unwrap().starts_with("password_rejected: "), "{failed}");
    // What does not touch the connection leaves its status.
    answer(client.put(&path, &json!({"description": "still broken"})), 200);
    assert_eq!(record()["status"], "ERROR");
}

#[test]
fn a_disabled_connection_can_be_read_and_deleted_and_not_used() {
    let (operator, admin) = (client("disabling", "operator"), client("disabling", "admin"));
    let path = register(&admin, &working_registration("Disabled"));
    answer(admin.send("POST", &format!("{path}/test"), ""), 200);
    for _ in 0..2 {
        let record = answer(operator.send("POST", &format!("{path}/disable"), ""), 200);
        assert_eq!(
            (&record["status"], &record["status_reason"]),
            (&json!("DISABLED"), &json!("disabled by user:developer"))
        );
    }
    refusal(admin.send("POST", &format!("{path}/test"), ""), 409, "CONNECTION_DISABLED");
    assert_eq!(answer(admin.get(&path), 200)["status"], "DISABLED");
    let changed = answer(admin.put(&path, &json!({"credentials": {"password": "x"}})), 200);
    assert_eq!(changed["status"], "DISABLED", "a change does not enable it");
    for _ in 0..2 {
        let record = answer(operator.send("POST", &format!("{path}/enable"), ""), 200);
        assert_eq!((&record["status"], &record["status_reason"]), (&json!("PENDING"), &Value::Null));
    }
    answer(admin.send("POST", &format!("{path}/test"), ""), 200);
    answer(operator.send("POST", &format!("{path}/disable"), ""), 200);
    answer(admin.delete(&path), 204);
}
