//! Schemathesis searches for requests that the host does not answer as documented: the examples, the edges of every schema,
//! random requests, and sequences of operations that the document's links lead through.

use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::Patchpanel;
use test_support::tools::Tools;

use super::run;

#[test]
fn nothing_is_found_that_is_not_answered_as_documented() {
    let Some(tools) = Tools::find("nothing_is_found_that_is_not_answered_as_documented", "schemathesis").unwrap()
    else {
        return;
    };
    // A host of its own: what is deleted in it is nobody else's. The rates are off, as for every host of the tests.
    let host = Patchpanel::start().unwrap();
    let owner = host.token(&["--org", "acme", "--project", "sales", "--role", "owner"]).unwrap();
    search(&tools, &host, &["Data connections", "Health"], &owner);
    let platform = host.token(&["--org", "acme", "--role", "platform-admin"]).unwrap();
    search(&tools, &host, &["Connectors"], &platform);
    assert!(!host.log().unwrap().contains("\"level\":\"ERROR\""), "{}", host.log_tail());
}

/// Searches the operations of these tags with this token.
fn search(tools: &Tools, host: &Patchpanel, tags: &[&str], token: &str) {
    let work = TemporaryDirectory::new("schemathesis").unwrap();
    let mut command = tools.command("schemathesis");
    command.current_dir(work.path()).env("TOKEN", token);
    command.arg("--config-file").arg(tools.directory().join("schemathesis.toml"));
    command.args(["run", &format!("{}/openapi.json", host.origin())]);
    let printed = run(command.args(tags.iter().flat_map(|tag| ["--include-tag", tag])));
    for phase in ["Examples", "Coverage", "Fuzzing", "Stateful"] {
        assert!(printed.contains(&format!("✅  {phase}")), "{phase} has not run:\n{printed}");
    }
}
