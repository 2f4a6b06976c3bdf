//! `patchpanel connector check`: what a host would say of a component, for its author.

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use test_support::directory::TemporaryDirectory;
use test_support::guests;
use test_support::patchpanel::{self, Patchpanel};

fn check(file: &Path, arguments: &[&str]) -> Output {
    let directory = TemporaryDirectory::new("check").unwrap();
    let mut command = Patchpanel::builder().directory(&directory).command("connector").unwrap();
    command.arg("check").arg(file).args(arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A file with this component.
fn file(directory: &TemporaryDirectory, text: &str) -> std::path::PathBuf {
    let path = directory.path().join("connector.wasm");
    std::fs::write(&path, guests::assemble(text).unwrap()).unwrap();
    path
}

#[test]
fn a_good_connector_is_admitted_and_described() {
    let path = patchpanel::built_connectors().unwrap().join("postgres.wasm");
    let output = check(&path, &[]);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    for part in ["✓ ", "postgres 1.0.0 (PostgreSQL)", "contract      1.0.0", "catalog, diagnosis", "sha256:"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let report = json(&check(&path, &["--json"]));
    assert_eq!((&report["admitted"], &report["reasons"]), (&true.into(), &Value::Array(vec![])), "{report}");
    assert_eq!(report["connector"]["connection_type"], "postgres");
    assert_eq!(report["connector"]["contract_version"], "1.0.0");
}

#[test]
fn a_refusal_names_every_reason_and_what_to_do() {
    let directory = TemporaryDirectory::new("check").unwrap();
    let path = file(
        &directory,
        r#"(component (import "wasi:http/types@0.2.0" (instance)) (import "acme:tools/thing" (instance)))"#,
    );
    let report = json(&check(&path, &["--json"]));
    let reasons: Vec<(&str, &str, &str)> = report["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| {
            let text = |name: &str| reason[name].as_str().unwrap();
            (text("code"), text("message"), text("remedy"))
        })
        .collect();
    let codes: Vec<&str> = reasons.iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes, ["unexpected_import", "unexpected_import", "no_contract"]);
    assert!(reasons[0].1.contains("wasi:http/types@0.2.0") && reasons[0].2.contains("--disable http"), "{reasons:?}");
    assert!(reasons[1].1.contains("acme:tools/thing"), "{reasons:?}");

    let output = check(&path, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("is refused for 3 reasons") && text.contains("→ "), "{text}");
}

#[test]
fn wasi_is_admitted_unless_the_operator_refuses_it() {
    let directory = TemporaryDirectory::new("check").unwrap();
    let path = file(&directory, r#"(component (import "wasi:cli/environment@0.2.6" (instance)))"#);
    let codes = |arguments: &[&str]| {
        let report = json(&check(&path, arguments));
        let reasons = report["reasons"].as_array().unwrap();
        reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&["--json"]), ["no_contract"]);
    assert_eq!(codes(&["--json", "--connector-wasi=refuse"]), ["unexpected_import", "no_contract"]);
    let text = String::from_utf8(check(&path, &["--connector-wasi=refuse"]).stdout).unwrap();
    for tool in ["componentize-py componentize --stub-wasi", "jco componentize --disable", "wasm32-unknown-unknown"] {
        assert!(text.contains(tool), "{tool}: {text}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_the_callers_mistake() {
    let directory = TemporaryDirectory::new("check").unwrap();
    let output = check(&directory.path().join("absent.wasm"), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stdout).unwrap().contains("unreadable"));
    assert_eq!(check(directory.path(), &[]).status.code(), Some(2), "a directory");
}

/// A connector of the draft 1.1.0 of the contract, whose functions answer as they should.
fn later(directory: &TemporaryDirectory, world: &str, imports: &str, fields: &str) -> std::path::PathBuf {
    let path = directory.path().join("later.wasm");
    let good = r#"
        (memory (export "memory") 1)
        (export "cabi_realloc" (func $realloc))
        (export "patchpanel:connector/connector@1.1.0#validate" (func $validate))"#;
    std::fs::write(&path, guests::draft(world, "later", imports, &format!("{good} {fields}")).unwrap()).unwrap();
    path
}

#[test]
fn a_connector_for_a_later_contract_is_admitted_if_it_needs_nothing_that_is_new_there() {
    let directory = TemporaryDirectory::new("check").unwrap();
    // What it offers that is new, nobody asks for.
    let page = r#"(func (export "patchpanel:connector/manual@1.1.0#page") (param i32 i32) (result i32) (unreachable))"#;
    let path = later(&directory, "connector-with-manual", "", page);
    let report = json(&check(&path, &["--json"]));
    let connector = &report["connector"];
    let facts = [&report["admitted"], &connector["contract_version"], &connector["contract_spoken"]];
    assert_eq!(serde_json::json!(facts), serde_json::json!([true, "1.1.0", "1.0.0"]), "{report:#}");
    assert_eq!(connector["capabilities"], Value::Array(vec![]));
    let text = String::from_utf8(check(&path, &[]).stdout).unwrap();
    assert!(text.contains("contract      1.1.0, spoken as 1.0.0"), "{text}");
}

#[test]
fn a_connector_that_needs_a_later_contract_is_told_which_versions_there_are() {
    let directory = TemporaryDirectory::new("check").unwrap();
    let enabled = r#"(import "patchpanel:connector/log@1.1.0" "enabled" (func (param i32 i32 i32) (result i32)))"#;
    let path = later(&directory, "connector-plugin", enabled, "");
    let report = json(&check(&path, &["--json"]));
    let [reason] = report["reasons"].as_array().unwrap().as_slice() else { panic!("{report:#}") };
    let text = |name: &str| reason[name].as_str().unwrap();
    assert_eq!(text("code"), "contract_version");
    for part in ["built for contract 1.1.0", "this host speaks 1.0.0", "enabled"] {
        assert!(text("message").contains(part), "{part}: {reason}");
    }
    assert_eq!(text("remedy"), "Build it for contract 1.0.0, or use a host that speaks 1.1.0.");

    // A whole interface of the host that is new, and a later contract altogether.
    for (component, code, part) in [
        (
            r#"(component (import "patchpanel:connector/clock@1.1.0" (instance)))"#,
            "unexpected_import",
            "speaks contract 1.0.0",
        ),
        (
            r#"(component
                (import "patchpanel:connector/log@2.1.0" (instance))
                (instance $none) (export "patchpanel:connector/connector@2.1.0" (instance $none)))"#,
            "contract_version",
            "built for contract 2.1.0, which this host does not speak; it speaks 1.0.0",
        ),
    ] {
        let report = json(&check(&file(&directory, component), &["--json"]));
        let reason = &report["reasons"][0];
        assert_eq!(reason["code"], code, "{report:#}");
        assert!(reason["message"].as_str().unwrap().contains(part), "{reason}");
    }
}
