//! Mistakes that were planted: the kit names each, with what to do.

use serde_json::Value;
use test_support::guests;

use super::Author;

/// What the kit says of a component, which must not pass.
fn findings(component: &[u8]) -> Vec<Value> {
    let author = Author::new();
    std::fs::write(author.path("connector.wasm"), component).unwrap();
    let done = author.run("", &["test", "connector.wasm", "--json", "--configs", "200"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let report: Value = serde_json::from_str(&done.output).unwrap();
    assert_eq!(report["passed"], false, "{report:#}");
    let checks = report["checks"].as_array().unwrap();
    checks.iter().flat_map(|check| check["findings"].as_array().unwrap().clone()).collect()
}

/// Expects the kit to find this, with a part of what it says and a part of what to do.
fn finds(component: &[u8], code: &str, message: &str, remedy: &str) {
    let findings = findings(component);
    let has = |finding: &Value, name: &str, part: &str| finding[name].as_str().unwrap().contains(part);
    let found = findings.iter().any(|finding| {
        finding["severity"] == "error"
            && finding["code"] == code
            && has(finding, "message", message)
            && has(finding, "remedy", remedy)
    });
    assert!(found, "{code}, {message}, {remedy}: {findings:#?}");
}

fn guest(name: &str, code: &str, message: &str, remedy: &str) {
    finds(&guests::named(name).unwrap(), code, message, remedy);
}

#[test]
fn a_wrong_pointer() {
    guest("finding-to-nowhere", "pointer_to_nowhere", "validate: the finding zoo", "Point to a member that was sent");
}

#[test]
fn an_unmarked_secret() {
    guest("ask-for-a-password", "secret_in_config", "admin_password", "Move it into the credential-schema");
    guest("show-a-password", "unmarked_secret", "password", "Leave \"x-secret\": false to what may be shown");
}

#[test]
fn a_panic() {
    guest("panic", "trap", "validate traps", "unwrap");
}

#[test]
fn a_loop() {
    guest("spin-in-validate", "too_slow", "validate exceeds 100 ms of CPU time", "loop that does not end");
    guest("spin-in-plan", "too_slow", "plan exceeds 100 ms of CPU time", "loop that does not end");
}

#[test]
fn an_extra_import() {
    guest("import-http", "unexpected_import", "wasi:http/outgoing-handler@0.2.0", "without WASI");
}

#[test]
fn a_constant_reach() {
    guest("reach-home", "approval_needed", "attacker.example", "connector_approved_reaches");
    for (name, what) in [
        ("decide-the-tls-mode", "the TLS mode disable"),
        ("default-to-no-tls", "the TLS mode disable"),
        ("decide-the-roots", "the trusted root sha256:"),
        ("decide-the-server-name", "the server name \"attacker.example\""),
    ] {
        guest(name, "tls_approval_needed", what, "without a default");
    }
}

#[test]
fn an_answer_that_depends_on_more_than_the_question() {
    for name in ["read-clocks", "read-random"] {
        guest(name, "not_deterministic", "depends on the time or on randomness", "Take no clock and no randomness");
    }
}

#[test]
fn an_answer_that_is_too_large() {
    guest("answer-two-mebibytes", "answer_too_large", "validate exceeds 1024 KiB of answer", "Answer less");
    guest("answer-101-findings", "too_many_findings", "more than 100 findings", "Stop at the first");
}

#[test]
fn a_wrong_version() {
    let another = r#"(component (instance $none) (export "patchpanel:connector/connector@2.0.0" (instance $none)))"#;
    let another = guests::assemble(another).unwrap();
    finds(&another, "contract_version", "built for contract 2.0.0", "Build it for contract 1.0.0");
}

#[test]
fn a_schema_with_a_remote_reference() {
    guest("schema-from-elsewhere", "schema", "http://127.0.0.1:1/schema", "self-contained");
}

#[test]
fn a_descriptor_that_leads_astray() {
    guest("lead-elsewhere", "leads_elsewhere", "describe: the data endpoint", "exactly as the tenant wrote them");
    guest("loosen-tls", "loosens_tls", "looser TLS mode", "or a stricter one");
    guest("use-the-password-as-username", "secret_sent_openly", "would be sent openly", "as passwords or keys only");
}

#[test]
fn what_only_a_user_would_notice() {
    guest("trap-in-use", "trap", "traps", "by a finding");
    guest(
        "lead-elsewhere-in-use",
        "leads_elsewhere",
        "describe: the data endpoint",
        "exactly as the tenant wrote them",
    );
    guest(
        "refuse-what-it-accepted",
        "accepted_not_described",
        "describe refuses what validate accepts",
        "by the same check",
    );
    guest("set-a-negative-number", "descriptor_unsupported", "is not a whole number", "documents for the driver");
}
