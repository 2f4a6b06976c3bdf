//! A connector's first hour, as its author has it: the real program, and the tools of each language.

mod dev;
mod kit;
mod languages;
mod mistakes;
mod project;
mod run;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::author_command;

/// A directory in which somebody writes connectors.
struct Author {
    directory: TemporaryDirectory,
}

/// What a command has done.
#[derive(Debug)]
struct Done {
    code: Option<i32>,
    output: String,
    errors: String,
}

impl Author {
    fn new() -> Self {
        Self { directory: TemporaryDirectory::new("authoring").unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `patchpanel connector` in a directory below.
    fn command(&self, directory: &str, arguments: &[&str]) -> Command {
        let mut command = author_command(&self.path(directory)).unwrap();
        command.env("PATCHPANEL_DATA_DIR", self.path("data")).args(arguments);
        command
    }

    fn run(&self, directory: &str, arguments: &[&str]) -> Done {
        let Output { status, stdout, stderr } = self.command(directory, arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Done { code: status.code(), output: text(stdout), errors: text(stderr) }
    }

    /// The same, of which everything is wanted but that it works.
    fn succeed(&self, directory: &str, arguments: &[&str]) -> Done {
        let done = self.run(directory, arguments);
        assert_eq!(done.code, Some(0), "{arguments:?}: {done:#?}");
        done
    }

    /// Changes a text in a file, which must be there.
    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }
}

/// The files below a directory, from there, sorted.
fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|file| format!("{name}/{file}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}
