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
