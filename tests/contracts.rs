//! What others lean on, written down: a change of it shows in a diff, and is meant.
//!
//! `BLESS=true cargo test -p patchpanel --test system -- contracts` writes what is now.

use std::path::Path;
use std::process::Command;

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
    let codes: Vec<_> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(codes.len() > 50, "{list}");
    let pages: Vec<_> = codes.iter().map(|code| output(&["explain", code])).collect();
    is_as_written_down("codes.txt", &pages.join("\n"));
}
