//! The page's scripts by themselves: their types as TypeScript's compiler reads them, and what of them needs no page.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::json;
use test_support::certificates::Authority;
use test_support::tools::Tools;

use super::node;

/// Copies the scripts to where the tools find them, with the types of what is vendored.
fn copy_scripts(tools: &Tools) {
    static COPIED: OnceLock<()> = OnceLock::new();
    COPIED.get_or_init(|| {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/console");
        let copies = tools.directory().join("checked");
        if copies.is_dir() {
            std::fs::remove_dir_all(&copies).unwrap();
        }
        for below in ["", "vendor"] {
            std::fs::create_dir_all(copies.join(below)).unwrap();
            for entry in std::fs::read_dir(sources.join(below)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    std::fs::copy(&path, copies.join(below).join(path.file_name().unwrap())).unwrap();
                }
            }
        }
        // What is vendored is what was published, whose types are published with it.
        let published = tools.directory().join("node_modules/lit-html");
        let read = |path: PathBuf| std::fs::read(path).unwrap();
        assert_eq!(read(published.join("lit-html.js")), read(sources.join("vendor/lit-html.js")));
        std::fs::copy(published.join("lit-html.d.ts"), copies.join("vendor/lit-html.d.ts")).unwrap();
    });
}

#[test]
fn the_types_hold() {
    let Some(tools) = Tools::find("the_types_hold", "console").unwrap() else { return };
    copy_scripts(&tools);
    let output = tools.command("tsc").args(["--project", "tsconfig.json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn what_needs_no_page_is_right() {
    let Some(tools) = Tools::find("what_needs_no_page_is_right", "console").unwrap() else { return };
    copy_scripts(&tools);
    let authority = Authority::new("Patchpanel console").unwrap();
    node(&tools, "logic", &json!({ "certificate": authority.certificate() }));
}
