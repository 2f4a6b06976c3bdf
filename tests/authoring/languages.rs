//! From nothing to a connector that a host takes, in each language.

use std::fs;

use test_support::skip::skip;
use test_support::strangers::Stranger;
use test_support::tools::has_network;

use super::Author;

/// A language: its name on the command line, its tools, whether a build fetches more, a file of its project, a text in it,
/// and what spoils that.
struct Language {
    name: &'static str,
    tools: Option<Stranger>,
    fetches: bool,
    mistake: (&'static str, &'static str, &'static str),
}

const RUST: Language =
    Language { name: "rust", tools: None, fetches: true, mistake: ("src/config.rs", "fn text(", "fn text(;") };
const JAVASCRIPT: Language = Language {
    name: "js",
    tools: Some(Stranger::JavaScript),
    fetches: true,
    mistake: ("connector.js", "function check(", "function check(;"),
};
const PYTHON: Language = Language {
    name: "python",
    tools: Some(Stranger::Python),
    fetches: true,
    mistake: ("connector.py", "def is_host(", "def is_host(:"),
};
const C: Language =
    Language { name: "c", tools: Some(Stranger::C), fetches: false, mistake: ("src/connector.c", "enum {", "enum {{") };

#[test]
fn a_connector_in_rust_goes_from_new_to_admitted() {
    goes_from_new_to_admitted(&RUST);
}

#[test]
fn a_connector_in_javascript_goes_from_new_to_admitted() {
    goes_from_new_to_admitted(&JAVASCRIPT);
}

#[test]
fn a_connector_in_python_goes_from_new_to_admitted() {
    goes_from_new_to_admitted(&PYTHON);
}

#[test]
fn a_connector_in_c_goes_from_new_to_admitted() {
    goes_from_new_to_admitted(&C);
}

/// Whether the language's tools are there; if not, that is said loudly.
fn has_tools(language: &Language) -> bool {
    let Some(Err(missing)) = language.tools.map(Stranger::find_tool_chain) else { return true };
    skip(&test(language), missing);
    false
}

fn test(language: &Language) -> String {
    format!("a_connector_in_{}", language.name)
}

fn goes_from_new_to_admitted(language: &Language) {
    if !has_tools(language) {
        return;
    }
    let author = Author::new();
    author.succeed("", &["new", "my-database", "--lang", language.name]);
    let built = author.run("my-database", &["build"]);
    if built.code != Some(0) && language.fetches && !has_network() {
        return skip(&test(language), "there is no network to fetch from what builds it");
    }
    assert_eq!(built.code, Some(0), "{built:#?}");
    assert!(built.output.contains("build/my-database.wasm"), "{built:?}");
    let checked = author.succeed("my-database", &["check"]);
    assert!(checked.output.contains("my-database 0.1.0 (My Database)"), "{checked:?}");

    // A line of its own in the user name would be a command to what reads lines.
    author.edit("my-database/sample.json", "\"username\": \"postgres\"", "\"username\": \"a\\r\\nSET x 1\"");
    let refused = author.run("my-database", &["run"]);
    assert!(refused.code == Some(2) && refused.output.contains("/credentials/username"), "{refused:?}");

    let component = author.path("my-database/build/my-database.wasm");
    let before = fs::read(&component).unwrap();
    let (file, from, to) = language.mistake;
    author.edit(&format!("my-database/{file}"), from, to);
    let failed = author.run("my-database", &["build"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    // What its own tool says, and where.
    assert!(failed.errors.contains(file.rsplit('/').next().unwrap()), "{failed:?}");
    assert!(fs::read(&component).unwrap() == before, "a failed build changed the component");

    author.edit(&format!("my-database/{file}"), to, from);
    let again = offline(&author);
    assert_eq!(again.0, Some(0), "{}", again.1);
}

/// Builds again and runs the kit, where every proxy and registry is a port that nobody listens on.
fn offline(author: &Author) -> (Option<i32>, String) {
    let nowhere = "http://127.0.0.1:1";
    let mut command = author.command("my-database", &["test", "--configs", "200"]);
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "npm_config_registry"] {
        command.env(name, nowhere);
    }
    let output = command.env("PIP_INDEX_URL", nowhere).env("PIP_NO_INDEX", "1").output().unwrap();
    // The kit's findings, then its progress.
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&printed).into_owned())
}
