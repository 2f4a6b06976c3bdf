//! The conformance kit: over this repository's connectors, and as the author of one uses it.

use std::path::{Path, PathBuf};

use serde_json::Value;
use test_support::guests;
use test_support::patchpanel;

use super::{Author, files};

/// What the kit says as JSON, and how it exits.
fn report(author: &Author, directory: &str, arguments: &[&str]) -> (Option<i32>, Value) {
    let done = author.run(directory, &[&["test", "--json", "--configs", "300"], arguments].concat());
    let report = serde_json::from_str(&done.output).unwrap_or_else(|_| panic!("{done:?}"));
    (done.code, report)
}

/// The codes of what a check found.
fn found(report: &Value, check: &str) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|it| it["name"] == check).unwrap_or_else(|| panic!("no {check}: {report:#}"));
    check["findings"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect()
}

/// A project in C, which is built in no time.
fn project() -> Author {
    let author = Author::new();
    author.succeed("", &["new", "mine", "--lang", "c"]);
    author
}

fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("plugins")
}

#[test]
fn every_connector_of_this_repository_passes_with_all_that_its_versions_accepted() {
    let author = Author::new();
    let components = files(&patchpanel::built_connectors().unwrap());
    assert!(components.contains(&"postgres.wasm".to_owned()), "{components:?}");
    for component in components {
        let name = component.trim_end_matches(".wasm");
        let recorded = plugins().join(name).join("recorded");
        let path = patchpanel::built_connectors().unwrap().join(&component);
        let arguments = [path.to_str().unwrap(), "--recorded", recorded.to_str().unwrap()];
        let (code, report) = report(&author, "", &arguments);
        assert_eq!((code, &report["passed"]), (Some(0), &true.into()), "{report:#}");
        let records = files(&recorded).len();
        assert!(records > 0, "nothing of {name} is recorded in {}", recorded.display());
        let checks = report["checks"].as_array().unwrap();
        let what = &checks.iter().find(|check| check["name"] == "recorded").unwrap()["what"];
        assert_eq!(*what, format!("{records} recorded configurations"));
        assert!(report["digest"].as_str().unwrap().starts_with("sha256:"), "{report:#}");
    }
}

#[test]
fn what_behaves_well_passes_and_the_same_seed_says_the_same() {
    let author = Author::new();
    std::fs::write(author.path("good.wasm"), guests::named("good").unwrap()).unwrap();
    let run = |seed: &str| {
        let (code, mut report) = report(&author, "", &["good.wasm", "--seed", seed]);
        assert_eq!(code, Some(0), "{report:#}");
        report["checks"].as_array_mut().unwrap().iter_mut().for_each(|check| check["seconds"] = Value::Null);
        // What it says of time and memory is of this run.
        report["checks"].as_array_mut().unwrap().retain(|check| check["name"] != "budgets");
        report
    };
    let first = run("7");
    assert_eq!(first, run("7"));
    assert_ne!(first, run("8"));
    assert_eq!(found(&first, "forms").last().unwrap(), "secret_shown");
}

#[test]
fn a_report_for_people_says_what_is_wrong_with_what_and_what_to_do() {
    let author = Author::new();
    std::fs::write(author.path("panic.wasm"), guests::named("panic").unwrap()).unwrap();
    let done = author.run("", &["test", "panic.wasm", "--configs", "300"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    for part in
        ["CHECK", "generated", "failed", "✗ generated: trap", r#""trigger":"on""#, "→ Say what is wrong", "sha256:"]
    {
        assert!(done.output.contains(part), "{part}: {}", done.output);
    }
    assert!(done.errors.contains("✗ generated") && done.errors.contains("✓ hostile"), "{}", done.errors);
    assert!(!done.output.contains('\u{1b}') && !done.output.contains('\0'), "{}", done.output);

    let done = author.run("", &["test", "absent.wasm"]);
    assert!(done.code == Some(2) && done.errors.contains("absent.wasm is no file"), "{done:?}");
}

#[test]
fn a_case_that_says_otherwise_fails_and_is_named() {
    let author = project();
    assert_eq!(author.run("mine", &["test", "--configs", "300"]).code, Some(0));
    author.edit("mine/cases/nothing.json", "/host required", "/host empty");
    std::fs::write(author.path("mine/cases/broken.json"), "{").unwrap();
    let (code, report) = report(&author, "mine", &[]);
    assert_eq!((code, found(&report, "cases")), (Some(1), vec!["unreadable".to_owned(), "case".to_owned()]));
    let text = report.to_string();
    assert!(text.contains("nothing.json: it says") && text.contains("broken.json cannot be read"), "{report:#}");
}

#[test]
fn what_an_earlier_version_accepted_must_stay_accepted() {
    let author = project();
    let done = author.succeed("mine", &["test", "--configs", "300", "--record"]);
    assert!(done.output.contains("Recorded recorded/0.1.0-0.json"), "{done:?}");
    assert_eq!(files(&author.path("mine/recorded")), ["0.1.0-0.json", "0.1.0-1.json"]);
    let before = std::fs::read(author.path("mine/recorded/0.1.0-0.json")).unwrap();

    // Another default is no mistake in itself, but a stored connection must not move.
    author.edit("mine/src/contract.h", "DEFAULT_PORT = 5432", "DEFAULT_PORT = 5433");
    author.edit("mine/src/manifest.c", "\"default\": 5432", "\"default\": 5433");
    author.edit("mine/src/manifest.c", "0.1.0", "0.2.0");
    let (code, report) = report(&author, "mine", &["--record"]);
    assert_eq!(code, Some(1), "{report:#}");
    assert_eq!(found(&report, "recorded"), ["leads_elsewhere"], "{report:#}");
    assert_eq!(std::fs::read(author.path("mine/recorded/0.1.0-0.json")).unwrap(), before, "it was recorded anew");

    author.edit("mine/src/contract.h", "DEFAULT_PORT = 5433", "DEFAULT_PORT = 5432");
    author.edit("mine/src/manifest.c", "\"default\": 5433", "\"default\": 5432");
    author.edit("mine/src/connector.c", "port < 1 ||", "port < 1 || port == 5433 ||");
    author.edit("mine/src/manifest.c", "\"port\": 5433, ", "");
    let (code, report) = self::report(&author, "mine", &[]);
    assert_eq!(code, Some(1), "{report:#}");
    let codes = found(&report, "recorded");
    assert_eq!(codes, ["recorded_refused", "recorded_not_described"], "{report:#}");
}

#[test]
fn mistakes_in_schemas_and_messages_are_named() {
    for (file, from, to, check, code) in [
        ("src/manifest.c", "\"title\": \"Port\", ", "", "forms", "no_words"),
        ("src/manifest.c", "\"examples\": [\"sales\"]", "\"examples\": [\"\"]", "forms", "bad_offer"),
        ("src/manifest.c", "\"type\": \"integer\", \"title\"", "\"title\"", "forms", "not_drawable"),
        ("src/manifest.c", "[\"host\", \"database\"]", "[\"host\"]", "required", "required_not_declared"),
        ("src/manifest.c", ", \"writeOnly\": true", "", "forms", "secret_shown"),
        ("src/manifest.c", "\"maxLength\": 253, ", "", "forms", "unbounded"),
        (
            "src/manifest.c",
            "\"maxLength\": 253, ",
            r#""maxLength": 253, "pattern": "^\\P{Cc}*$", "#,
            "forms",
            "unportable_pattern",
        ),
    ] {
        let author = project();
        author.edit(&format!("mine/{file}"), from, to);
        let (_, report) = report(&author, "mine", &[]);
        assert!(found(&report, check).iter().any(|it| it == code), "{to}: {code}: {report:#}");
    }
    // Required by the connector alone, which does not say where.
    let author = project();
    author.edit("mine/src/manifest.c", "[\"host\", \"database\"]", "[\"host\"]");
    author.edit("mine/src/connector.c", ".pointer = join(\"/\", member)", ".pointer = text(\"\")");
    let (_, report) = report(&author, "mine", &[]);
    assert!(found(&report, "required").contains(&"missing_not_found".to_owned()), "{report:#}");
}

#[test]
fn a_value_that_is_repeated_in_the_log_or_in_a_field_of_no_example_is_found() {
    let author = project();
    let validate = "  (void)context;\n  check_t check = check_config(configuration->config);\n  *verdict";
    let logs = "  patchpanel_connector_log_level_t level = {0};\n  patchpanel_connector_log_write(&level, &configuration->config);\n";
    author.edit("mine/src/connector.c", validate, &format!("{logs}{validate}"));
    let (code, report) = report(&author, "mine", &[]);
    assert_eq!((code, found(&report, "canaries")), (Some(1), vec!["logs_value".to_owned()]), "{report:#}");

    let author = project();
    author.edit(
        "mine/src/manifest.c",
        r#"      "ssl_mode": {"#,
        r#"      "label": {"type": "string", "title": "Label", "description": "A name for the server's log."},
      "ssl_mode": {"#,
    );
    author.edit(
        "mine/src/connector.c",
        "  while (json_next(&reader, &name, &value))\n",
        r#"  while (json_next(&reader, &name, &value)) {
    if (equal(name.text, text("label")) && characters(value.text) == 12) {
      say(&check, PATCHPANEL_CONNECTOR_TYPES_SEVERITY_WARNING, "odd", "label", "", NULL);
      check.findings.ptr[check.findings.len - 1].message = value.text;
    }
"#,
    );
    author.edit("mine/src/connector.c", "*members[i].value = value;\n", "*members[i].value = value;\n  }\n");
    let (code, report) = self::report(&author, "mine", &[]);
    assert_eq!((code, found(&report, "canaries")), (Some(1), vec!["repeats_value".to_owned()]), "{report:#}");
}

#[test]
fn a_directory_that_is_named_and_absent_is_refused() {
    let author = Author::new();
    std::fs::write(author.path("good.wasm"), guests::named("good").unwrap()).unwrap();
    for (arguments, part) in [
        (&["--cases", "nope"][..], "--cases nope"),
        (&["--recorded", "nope"], "--recorded nope"),
        (&["--record"], "--record with a file needs --recorded"),
    ] {
        let done = author.run("", &[&["test", "good.wasm", "--configs", "1"], arguments].concat());
        assert!(done.code == Some(2) && done.errors.contains(part), "{arguments:?}: {done:?}");
    }
    author.succeed("", &["test", "good.wasm", "--configs", "1", "--record", "--recorded", "new"]);
    assert!(author.path("new").is_dir());
}
