//! Clients that are generated from the document, and programs that use them.

use std::process::Command;

use serde_json::Value;
use test_support::sales;
use test_support::tools::Tools;

use super::{document, document_without_streams, host, run, write};
use crate::database;

#[test]
fn the_document_passes_the_validator_of_openapi() {
    let Some(tools) = Tools::find("the_document_passes_the_validator_of_openapi", "python").unwrap() else { return };
    let path = tools.directory().join("whole.json");
    write(&path, &document());
    run(tools.command("openapi-spec-validator").args(["--errors", "all"]).arg(&path));
    // One that it must refuse.
    let mut broken = document();
    broken["components"]["schemas"]["Tag"]["pattern"] = r"^\P{Cc}*$".into();
    write(&path, &broken);
    let refused = tools.command("openapi-spec-validator").arg(&path).output().unwrap();
    assert!(!refused.status.success(), "{refused:?}");
}

#[test]
fn a_generated_client_in_python_does_the_main_job() {
    let Some(tools) = Tools::find("a_generated_client_in_python_does_the_main_job", "python").unwrap() else { return };
    write(&tools.directory().join("openapi.json"), &document_without_streams());
    let generate = ["generate", "--path", "openapi.json", "--config", "generator.yaml", "--meta", "none"];
    let said = run(tools.command("openapi-python-client").args(generate).args(["--fail-on-warning", "--overwrite"]));
    assert!(!said.contains("WARNING"), "{said}");
    run(tools.command("mypy").args(["--cache-dir", ".mypy/generated", "patchpanel_client"]));
    run(tools.command("mypy").args(["--cache-dir", ".mypy/program", "--strict", "main.py"]));
    does_the_main_job(tools.command("python").arg("main.py"), "python");
}

#[test]
fn a_generated_client_in_typescript_does_the_main_job() {
    let Some(tools) = Tools::find("a_generated_client_in_typescript_does_the_main_job", "typescript").unwrap() else {
        return;
    };
    write(&tools.directory().join("openapi.json"), &document_without_streams());
    run(tools.command("openapi-typescript").args(["openapi.json", "--output", "schema.d.ts"]));
    run(&mut tools.command("tsc"));
    does_the_main_job(tools.command("node").arg("main.js"), "typescript");
}

/// Runs a program that registers, tests, lists, changes and deletes a connection, and prints what it has seen.
fn does_the_main_job(program: &mut Command, organization: &str) {
    let token = host().token(&["--org", organization, "--project", "sales", "--role", "owner"]).unwrap();
    let printed = run(program
        .env("PATCHPANEL", host().origin())
        .env("TOKEN", token)
        .env("DATABASE_PORT", database().port().to_string())
        .env("DATABASE", sales::DATABASE)
        .env("DATABASE_USER", sales::READER)
        .env("DATABASE_PASSWORD", sales::READER_PASSWORD));
    let seen: Value = serde_json::from_str(&printed).unwrap();
    let expected = serde_json::json!({
        "refused": ["VALIDATION_ERROR", "/database_config/port", "out_of_range"],
        "wrong_password": ["authenticate", "failed", "password_rejected", "credential"],
        "registered": format!("data:{organization}:sales:orders"),
        "status": "PENDING",
        "credentials_set": {"password": true, "username": true, "ssl_client_key": false},
        "tested": true,
        "status_after_test": "ACTIVE",
        "listed": ["Orders"],
        "changed": ["Orders and customers", "ACTIVE"],
        "stale": "PRECONDITION_FAILED",
        "gone": "RESOURCE_NOT_FOUND",
    });
    assert_eq!(seen, expected, "{printed}");
}
