//! The console: its files over HTTP, its one-time codes, and the page in a browser.

mod browser;
mod codes;
mod files;
mod scripts;

use std::sync::OnceLock;

use serde_json::Value;
use test_support::directory::TemporaryDirectory;
use test_support::guests;
use test_support::patchpanel::{Patchpanel, built_connectors};
use test_support::tools::Tools;

/// The connector whose texts and schemas are made to break whoever draws a form of them.
const HOSTILE: &str = "break-the-form";

/// With PostgreSQL's connector and the hostile one. Left running when the tests end; its directory's watchdog ends it.
fn host() -> &'static Patchpanel {
    static HOST: OnceLock<(Patchpanel, TemporaryDirectory)> = OnceLock::new();
    let (host, _) = HOST.get_or_init(|| {
        let connectors = TemporaryDirectory::new("console").unwrap();
        let postgres = built_connectors().unwrap().join("postgres.wasm");
        std::fs::copy(postgres, connectors.path().join("postgres.wasm")).unwrap();
        std::fs::write(connectors.path().join("hostile.wasm"), guests::named(HOSTILE).unwrap()).unwrap();
        let directory = connectors.path().display().to_string();
        (Patchpanel::builder().setting("CONNECTORS_DIR", &directory).start().unwrap(), connectors)
    });
    host
}

/// Runs a script of `tests/strangers/clients/console`, which fails with what it has found.
fn node(tools: &Tools, script: &str, given: &Value) {
    let mut command = tools.command("node");
    let output = command.arg(format!("{script}.mjs")).env("CONSOLE_TEST", given.to_string()).output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{script}: {said}");
}
