//! Projects and the contract: what is written, and what is refused.

use super::{Author, files};

#[test]
fn the_contract_can_be_had_without_the_repository() {
    let author = Author::new();
    let wit = include_str!("../../wit/connector.wit");
    assert_eq!(author.succeed("", &["wit"]).output, wit);
    assert_eq!(author.succeed("", &["wit", "some/wit"]).output, "some/wit/connector.wit\n");
    assert_eq!(std::fs::read_to_string(author.path("some/wit/connector.wit")).unwrap(), wit);
}

#[test]
fn a_new_project_has_its_own_name_everywhere_and_writes_nothing_beside_itself() {
    let author = Author::new();
    for language in ["rust", "js", "python", "c"] {
        let name = format!("my-{language}");
        let done = author.succeed("", &["new", &name, "--lang", language]);
        assert!(done.output.contains(&format!("cd {name}")) && done.output.contains("connector build"), "{done:?}");
        let root = author.path(&name);
        let found = files(&root);
        for file in
            ["README.md", ".gitignore", "connector.toml", "sample.json", "cases/nothing.json", "wit/connector.wit"]
        {
            assert!(found.iter().any(|it| it == file), "{language}: no {file} in {found:?}");
        }
        for file in found.iter().filter(|file| !file.contains("component_type")) {
            let text = std::fs::read_to_string(root.join(file)).unwrap();
            for mark in ["example-database", "Example Database"] {
                assert!(!text.contains(mark), "{language}: {file} has {mark}");
            }
        }
    }
    assert_eq!(std::fs::read_dir(author.path("")).unwrap().count(), 4);
}

#[test]
fn names_that_cannot_be_used_are_refused_and_nothing_is_overwritten() {
    let author = Author::new();
    for name in ["../up", "Upper", "a b", "a_b", "-a", "a--b", "", "\u{1b}[31m"] {
        let done = author.run("", &["new", name, "--lang", "c"]);
        assert_eq!(done.code, Some(2), "{name}: {done:?}");
    }
    assert!(author.run("", &["new", "Upper", "--lang", "c"]).errors.contains("such as my-database"));
    assert!(author.run("", &["new", "a", "--lang", "cobol"]).errors.contains("possible values: rust, js, python, c"));
    assert_eq!(std::fs::read_dir(author.path("")).unwrap().count(), 0);

    std::fs::create_dir(author.path("taken")).unwrap();
    std::fs::write(author.path("taken/mine"), "mine").unwrap();
    let done = author.run("", &["new", "taken", "--lang", "c"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.errors.contains("is there already; choose another name"), "{done:?}");
    assert_eq!(files(&author.path("taken")), ["mine"]);
}

#[test]
fn a_command_outside_of_a_project_says_what_to_do() {
    let author = Author::new();
    for command in ["build", "check"] {
        let done = author.run("", &[command]);
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.errors.contains("patchpanel connector new NAME"), "{done:?}");
    }
    author.succeed("", &["new", "mine", "--lang", "c"]);
    let done = author.succeed("mine/src", &["check"]);
    assert!(done.errors.contains("Compiling") && done.errors.contains("✓ Admitting"), "{done:?}");
    author.edit("mine/connector.toml", "connector-plugin", "conector-plugin");
    let done = author.run("mine", &["build"]);
    assert!(done.code == Some(2) && done.errors.contains("no world \"conector-plugin\""), "{done:?}");
    author.edit("mine/connector.toml", "language", "langauge");
    let done = author.run("mine", &["build"]);
    assert!(done.code == Some(2) && done.errors.contains("langauge"), "{done:?}");
}

#[test]
fn a_world_or_a_name_that_is_changed_leaves_nothing_behind() {
    let author = Author::new();
    author.succeed("", &["new", "mine", "--lang", "c"]);
    let before = files(&author.path("mine/bindings"));
    author.edit("mine/connector.toml", "world = \"connector-plugin\"", "world = \"full-connector\"");
    let done = author.run("mine", &["build"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let full = files(&author.path("mine/bindings"));
    assert!(full.contains(&"full_connector.c".to_owned()) && full.len() == before.len(), "{full:?}");
    author.edit("mine/connector.toml", "world = \"full-connector\"", "world = \"connector-plugin\"");
    author.succeed("mine", &["build"]);
    assert_eq!(files(&author.path("mine/bindings")), before);

    author.edit("mine/connector.toml", "\"mine\"", "\"renamed\"");
    author.succeed("mine", &["build"]);
    assert!(author.path("mine/build/renamed.wasm").is_file());
    assert!(!author.path("mine/build/mine.wasm").exists(), "a host would take the old one too");
}

#[test]
fn a_tool_that_is_missing_is_named_with_what_installs_it() {
    let author = Author::new();
    std::fs::create_dir(author.path("empty")).unwrap();
    for (language, tool, remedy) in [
        ("rust", "`cargo`", "https://rustup.rs"),
        ("js", "`node`", "apt-get install nodejs npm"),
        ("python", "`python3`", "apt-get install python3 python3-venv"),
        ("c", "`clang`", "apt-get install clang lld"),
    ] {
        author.succeed("", &["new", &format!("my-{language}"), "--lang", language]);
        let mut command = author.command(&format!("my-{language}"), &["build"]);
        let output = command.env("PATH", author.path("empty")).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(errors.contains(tool) && errors.contains(remedy), "{errors}");
    }
}
