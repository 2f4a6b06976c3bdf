//! The files that a new project begins with. Each template is a connector that works, for a data source that is called
//! `example-database`, or `Example Database` to people; a new project has its own name there.

use std::fs;
use std::path::Path;

use super::{Error, Language, Name, contract};

const NAME: &str = "example-database";
const TITLE: &str = "Example Database";

/// A file's path in the project, and what is in it.
type File = (&'static str, &'static str);

const SHARED: &[File] = &[
    ("sample.json", include_str!("../../templates/shared/sample.json")),
    ("cases/accepted.json", include_str!("../../templates/shared/cases/accepted.json")),
    ("cases/host-is-a-url.json", include_str!("../../templates/shared/cases/host-is-a-url.json")),
    ("cases/everything-wrong.json", include_str!("../../templates/shared/cases/everything-wrong.json")),
    ("cases/nothing.json", include_str!("../../templates/shared/cases/nothing.json")),
];

const RUST: &[File] = &[
    (".gitignore", include_str!("../../templates/rust/gitignore")),
    ("README.md", include_str!("../../templates/rust/README.md")),
    ("connector.toml", include_str!("../../templates/rust/connector.toml")),
    ("Cargo.toml", include_str!("../../templates/rust/Cargo.toml")),
    ("src/lib.rs", include_str!("../../templates/rust/src/lib.rs")),
    ("src/config.rs", include_str!("../../templates/rust/src/config.rs")),
    ("src/config.schema.json", include_str!("../../templates/rust/src/config.schema.json")),
    ("src/credentials.schema.json", include_str!("../../templates/rust/src/credentials.schema.json")),
];

const JAVASCRIPT: &[File] = &[
    (".gitignore", include_str!("../../templates/javascript/gitignore")),
    (".npmrc", include_str!("../../templates/javascript/npmrc")),
    ("README.md", include_str!("../../templates/javascript/README.md")),
    ("connector.toml", include_str!("../../templates/javascript/connector.toml")),
    ("package.json", include_str!("../../templates/javascript/package.json")),
    ("package-lock.json", include_str!("../../templates/javascript/package-lock.json")),
    ("build.js", include_str!("../../templates/javascript/build.js")),
    ("connector.js", include_str!("../../templates/javascript/connector.js")),
];

const PYTHON: &[File] = &[
    (".gitignore", include_str!("../../templates/python/gitignore")),
    ("README.md", include_str!("../../templates/python/README.md")),
    ("connector.toml", include_str!("../../templates/python/connector.toml")),
    ("requirements.txt", include_str!("../../templates/python/requirements.txt")),
    ("connector.py", include_str!("../../templates/python/connector.py")),
];

const C: &[File] = &[
    (".gitignore", include_str!("../../templates/c/gitignore")),
    ("README.md", include_str!("../../templates/c/README.md")),
    ("connector.toml", include_str!("../../templates/c/connector.toml")),
    ("src/connector.c", include_str!("../../templates/c/src/connector.c")),
    ("src/contract.h", include_str!("../../templates/c/src/contract.h")),
    ("src/json.c", include_str!("../../templates/c/src/json.c")),
    ("src/json.h", include_str!("../../templates/c/src/json.h")),
    ("src/manifest.c", include_str!("../../templates/c/src/manifest.c")),
    ("src/memory.c", include_str!("../../templates/c/src/memory.c")),
    ("libc/stdlib.h", include_str!("../../templates/c/libc/stdlib.h")),
    ("libc/string.h", include_str!("../../templates/c/libc/string.h")),
];

/// Writes a project into an empty directory.
pub(super) fn write(root: &Path, name: &Name, language: Language) -> Result<(), Error> {
    let own = match language {
        Language::Rust => RUST,
        Language::JavaScript => JAVASCRIPT,
        Language::Python => PYTHON,
        Language::C => C,
    };
    for (path, text) in own.iter().chain(SHARED) {
        put(&root.join(path), &text.replace(NAME, name.as_str()).replace(TITLE, &name.title()))?;
    }
    put(&root.join(contract::WIT_FILE), contract::WIT)
}

fn put(path: &Path, text: &str) -> Result<(), Error> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(Error::file(directory))?;
    }
    fs::write(path, text).map_err(Error::file(path))
}
