//! What others lean on, written down: a change of it shows in a diff, and is meant.
//!
//! `BLESS=true cargo test -p patchpanel --test system -- contracts` writes what is now.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::json;
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::Patchpanel;

/// Compares with the file of this name in `tests/golden`.
fn is_as_written_down(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("tests").join("golden").join(name);
    if std::env::var_os("BLESS").is_some_and(|value| value == "true") {
        std::fs::write(&path, now).unwrap();
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = written.lines().zip(now.lines()).position(|(written, now)| written != now);
    let line = differs.unwrap_or_else(|| written.lines().count().min(now.lines().count()));
    assert!(
        written == now,
        "tests/golden/{name} is otherwise from line {} on:\n- {}\n+ {}\nIf that is meant, write it down: \
         BLESS=true cargo test -p patchpanel --test system -- contracts",
        line + 1,
        written.lines().nth(line).unwrap_or_default(),
        now.lines().nth(line).unwrap_or_default(),
    );
}

/// What the program prints with no settings in its environment: the manual shows those.
fn output(arguments: &[&str]) -> String {
    let directory = TemporaryDirectory::new("contracts").unwrap();
    let command = Patchpanel::builder().directory(&directory).command("serve").unwrap();
    let output = Command::new(command.get_program()).env_clear().args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_document_of_the_api() {
    let host = Patchpanel::start().unwrap();
    let document = host.client().get("/openapi.json").unwrap().json().unwrap();
    is_as_written_down("openapi.json", &(serde_json::to_string_pretty(&document).unwrap() + "\n"));
}

#[test]
fn the_manual_of_the_settings() {
    is_as_written_down("manual.txt", &output(&["serve", "--help"]));
}

#[test]
fn the_codes_of_faults() {
    let list = output(&["explain"]);
    let codes = list.lines().filter_map(|line| line.split_whitespace().next());
    let mut seen = BTreeSet::new();
    let codes: Vec<_> = codes.filter(|code| seen.insert(code.to_owned())).collect();
    assert!(codes.len() > 200, "{list}");
    let pages: Vec<_> = codes.iter().map(|code| output(&["explain", code])).collect();
    is_as_written_down("codes.txt", &pages.join("\n"));
}

/// What stands before the code of a finding, a reason, an error.
const BEFORE_CODES: [&str; 11] = [
    "Finding::error(",
    "Finding::warning(",
    "Reason::new(",
    "Err((",
    "Some((",
    " error(",
    "[error(",
    "self.error(",
    "wrong(",
    "one(",
    "rule(",
];

/// The codes that a source text gives out, without its tests.
fn codes_in(text: &str) -> BTreeSet<&str> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let errors = text.split("(StatusCode::").skip(1).filter_map(|rest| rest.split_once(", "));
    let errors = errors.filter_map(|(_, rest)| rest.strip_prefix('"'));
    let others = BEFORE_CODES.iter().flat_map(|before| text.split(before).skip(1));
    let others = others.filter_map(|rest| rest.trim_start().strip_prefix('"'));
    let codes = errors.chain(others).filter_map(|rest| rest.split('"').next());
    codes.filter(|code| !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')).collect()
}

/// The sources below a directory that have neither tests nor the explanations alone.
fn sources(directory: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            if name != "tests" && name != "explanation" {
                texts.extend(sources(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
            texts.push(std::fs::read_to_string(&path).unwrap());
        }
    }
    texts
}

#[test]
fn every_code_is_explained_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let texts: Vec<_> =
        ["host/src", "plugins/postgres/src"].iter().flat_map(|part| sources(&root.join(part))).collect();
    let given: BTreeSet<_> = texts.iter().flat_map(|text| codes_in(text)).collect();
    assert!(given.len() > 100 && given.contains("VALIDATION_ERROR") && given.contains("too_deep"), "{given:?}");
    let list = output(&["explain"]);
    let explained: BTreeSet<_> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let missing: Vec<_> = given.difference(&explained).collect();
    assert!(missing.is_empty(), "without an explanation in host/src/explanation: {missing:?}");
    let literals: BTreeSet<_> = texts.iter().flat_map(|text| text.split('"')).collect();
    let unknown: Vec<_> = explained.difference(&literals).collect();
    assert!(unknown.is_empty(), "explained, and given out nowhere: {unknown:?}");
}

#[test]
fn the_contract_of_connectors() {
    is_as_written_down("connector.wit", &output(&["connector", "wit"]));
}

/// What the page of metrics says of one of them.
#[derive(Default)]
struct Metric {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

/// The metrics of a page, but for their numbers and the labels' values.
fn metrics(page: &str) -> BTreeMap<String, Metric> {
    let mut metrics: BTreeMap<String, Metric> = BTreeMap::new();
    for line in page.lines() {
        match line.splitn(4, ' ').collect::<Vec<_>>()[..] {
            ["#", "HELP", name, help] => help.clone_into(&mut metrics.entry(name.to_owned()).or_default().help),
            ["#", "TYPE", name, kind] => kind.clone_into(&mut metrics.entry(name.to_owned()).or_default().kind),
            _ => {
                let Some((series, labels)) = line.split_once('{') else { continue };
                // A histogram has three series, each with the metric's name before its own.
                let parts = ["", "_bucket", "_sum", "_count"];
                let is_of = |name: &&String| parts.iter().any(|part| series.strip_suffix(part) == Some(name));
                let Some(name) = metrics.keys().find(is_of).cloned() else { panic!("{line} comes before its name") };
                let labels = labels.split(',').filter_map(|label| label.split_once("=\"")).map(|(label, _)| label);
                let labels = labels.filter(|label| *label != "le").map(str::to_owned);
                metrics.entry(name).or_default().labels.extend(labels);
            }
        }
    }
    metrics
}

#[test]
fn the_metrics_of_a_host() {
    let host = Patchpanel::builder().setting("METRICS_LISTEN", "127.0.0.1:0").start().unwrap();
    let body = json!({"connection_type": "postgres", "database_config": {"host": ""}, "credentials": {}});
    let client = host.client_of("acme", "sales", "developer").unwrap();
    assert_eq!(client.post("/assets/data/verify", &body).unwrap().status, 422);
    let metrics = metrics(&host.metrics().unwrap().get("/metrics").unwrap().body);

    let names = include_str!("../host/src/metric.rs").split('"').filter(|text| text.starts_with("patchpanel_"));
    let names: BTreeSet<_> = names.collect();
    let shown: BTreeSet<_> = metrics.keys().map(String::as_str).collect();
    assert_eq!(names, shown, "what is counted is on the page of a host that has answered one request");
    let lines = metrics.iter().map(|(name, Metric { kind, help, labels })| {
        let labels = labels.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("{name}\n    {kind} by {labels}\n    {help}\n")
    });
    is_as_written_down("metrics.txt", &lines.collect::<String>());
}
