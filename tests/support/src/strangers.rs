//! Connectors as strangers write them, in `tests/strangers/`: each in a language of its own, from the project that
//! `patchpanel connector new` makes, by the tools that `patchpanel connector build` gets. What has not changed is not
//! built again, and then neither tools nor network are needed.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use aws_lc_rs::digest;

use crate::patchpanel::author_command;

/// A connector that is written in another language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// For `cockroachdb`.
    Python,
    /// For `redshift`.
    JavaScript,
    /// For `yugabytedb`.
    C,
}

/// A tool-chain that is not there. `Display` says what is missing and how to get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    stranger: Stranger,
    reason: String,
}

/// What building came to, when it did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Built {
    /// The component's file.
    Component(PathBuf),
    /// It could not be tried.
    Missing(Missing),
}

impl Stranger {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Python, Self::JavaScript, Self::C];

    /// The language, for people.
    pub fn language(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::C => "C",
        }
    }

    /// The type of data source, which is also the project's name.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Python => "cockroachdb",
            Self::JavaScript => "redshift",
            Self::C => "yugabytedb",
        }
    }

    /// Looks for the tool-chain, as the set-up of the tests does.
    pub fn find_tool_chain(self) -> Result<(), Missing> {
        let found = run(Command::new(root().join("xtask").join("set-up")).args(["find", self.name()]));
        found.map_err(|error| Missing { stranger: self, reason: format!("{error:#}").replace('\n', " ") })
    }

    /// Builds the component, unless it is there. It takes up to a minute, and gets the tools from their registries.
    /// Several processes may ask at once.
    pub fn build(self) -> Result<Built> {
        let project = self.project();
        let parent = project.parent().context("a project has a directory above")?;
        std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        let _lock = lock(&project.with_extension("lock"))?;
        let component = project.join("build").join(self.type_name()).with_extension("wasm");
        let (digest, written) = (self.digest()?, project.with_extension("digest"));
        if component.is_file() && std::fs::read(&written).is_ok_and(|present| present == digest) {
            return Ok(Built::Component(component));
        }
        if let Err(missing) = self.find_tool_chain() {
            return Ok(Built::Missing(missing));
        }
        // What does not become complete must not pass for it.
        if written.is_file() {
            std::fs::remove_file(&written).with_context(|| format!("cannot remove {}", written.display()))?;
        }
        if project.is_dir() {
            std::fs::remove_dir_all(&project).with_context(|| format!("cannot remove {}", project.display()))?;
        }
        self.make(&project, parent).with_context(|| format!("cannot build {}", self.sources().display()))?;
        std::fs::write(&written, digest).with_context(|| format!("cannot write {}", written.display()))?;
        Ok(Built::Component(component))
    }

    fn make(self, project: &Path, parent: &Path) -> Result<()> {
        run(author_command(parent)?.args(["new", self.type_name(), "--lang", self.name()]))?;
        for path in files(&self.sources())? {
            std::fs::copy(&path, project.join(path.strip_prefix(self.sources())?))
                .with_context(|| format!("cannot copy {}", path.display()))?;
        }
        run(author_command(project)?.arg("build"))?;
        if self == Self::Python {
            // Without `--stub-wasi`, it has the host's WASI to sleep with.
            let mut tool = Command::new(project.join(".venv/bin/componentize-py"));
            tool.current_dir(project).env("VIRTUAL_ENV", project.join(".venv")).env_remove("PYTHONPATH");
            tool.args(["--wit-path", "wit", "--world", "connector-plugin", "componentize", "sleeper"]);
            run(tool.args(["--python-path", ".", "--output", SLEEPER]))?;
        }
        Ok(())
    }

    /// The Python connector that sleeps for three seconds before every answer. It is built together with the other one.
    pub fn sleeper() -> PathBuf {
        Self::Python.project().join(SLEEPER)
    }

    /// The language, for `--lang` and as the directory of the sources.
    fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::C => "c",
        }
    }

    fn sources(self) -> PathBuf {
        root().join("tests/strangers").join(self.name())
    }

    /// Where it is made.
    fn project(self) -> PathBuf {
        target().join("strangers").join(self.type_name())
    }

    /// Of everything that the component is made of and by.
    fn digest(self) -> Result<Vec<u8>> {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(include_bytes!("strangers.rs"));
        // Which generators of bindings and encoders of components are built in.
        context.update(&std::fs::read(root().join("Cargo.lock"))?);
        let shared = ["kit/templates", "kit/src/authoring", "wit"].map(|directory| root().join(directory));
        for directory in [self.sources()].into_iter().chain(shared) {
            for path in files(&directory)? {
                let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                let name = path.strip_prefix(&directory)?.to_string_lossy();
                context.update(format!("\n{name} {}\n", bytes.len()).as_bytes());
                context.update(&bytes);
            }
        }
        Ok(context.finish().as_ref().to_vec())
    }
}

/// In the Python project.
const SLEEPER: &str = "sleeper.wasm";

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let language = self.stranger.language();
        write!(formatter, "the tool-chain for {language} is missing; `./x test` installs it: {}", self.reason)
    }
}

impl std::error::Error for Missing {}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |it| root().join(it))
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_owned()
}

/// Held by whoever builds, until it is dropped.
pub(crate) fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// The files below a directory, sorted.
pub(crate) fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = directory.read_dir().with_context(|| format!("cannot read {}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

/// Runs a program to its end. The error of one that fails has what it printed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start `{program}`"))?;
    let text = [&output.stderr[..], &output.stdout[..]].map(String::from_utf8_lossy).concat();
    ensure!(output.status.success(), "`{program}` ended with {}:\n{}", output.status, text.trim());
    Ok(())
}
