//! What the author of a connector needs: a project to start with, and the tools of its language to build it with.
//!
//! A project is a directory with a `connector.toml`. `template` makes one; `toolchain` turns it into a component,
//! which is always `build/NAME.wasm`. Nothing is written outside the project: what a package registry has is installed
//! into it, and is there the next time without a network.

pub mod contract;
mod name;
mod steps;
mod template;
mod toolchain;
mod watch;

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;

pub use name::Name;
pub use steps::Steps;
pub use watch::{Change, Watch};

/// What a project says of itself.
pub const MANIFEST: &str = "connector.toml";

/// The configuration to try, and the credentials to try it with: the body of `POST /assets/data/verify`.
pub const SAMPLE: &str = "sample.json";

/// What an author wants to stay as it is: configurations, and what must be found in each.
pub const CASES: &str = "cases";

/// What was accepted by earlier versions and must stay so.
pub const RECORDED: &str = "recorded";

/// Where everything goes that can be made again.
const BUILD: &str = "build";

/// A language that a connector can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Rust, for wasm32-unknown-unknown.
    Rust,
    /// JavaScript, with an engine in the component.
    #[value(name = "js", alias = "javascript")]
    #[serde(alias = "js")]
    JavaScript,
    /// Python, with the interpreter in the component.
    Python,
    /// C, without a standard library.
    C,
}

impl Language {
    /// The language's name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
            Self::C => "C",
        }
    }
}

/// A connector's project.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
    manifest: Manifest,
}

/// `connector.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: Name,
    language: Language,
    /// The world of `wit/` that the component is built for.
    world: String,
}

/// Why an author's command did not do what it should. The message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is something where the project should be.
    #[error("{} is there already; choose another name, or remove it", .0.display())]
    Exists(PathBuf),
    /// The command was given outside of a project.
    #[error(
        "there is no {MANIFEST} in {} or above; go into a connector's directory, or make one with `patchpanel connector \
         new NAME --lang rust`",
        .0.display()
    )]
    NoProject(PathBuf),
    /// `connector.toml` cannot be used.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{} cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A program is not there.
    #[error("{what}; {remedy}")]
    Missing {
        /// Which, and what it is for.
        what: String,
        /// How to get it.
        remedy: String,
    },
    /// A program failed. What it printed is on the terminal or in the message.
    #[error("{step} failed: `{program}` ended with {status}{output}")]
    Tool {
        /// The step that the program was to do.
        step: String,
        /// The program's name.
        program: String,
        /// How the program ended: a status or a signal.
        status: String,
        /// What the program printed, if nobody has seen that.
        output: String,
    },
    /// Saves are not noticed.
    #[error("the project's files cannot be watched: {0}")]
    Watch(String),
    /// The author has asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The contract in `wit/`, or what was built against it, cannot be used.
    #[error("{0}")]
    Contract(String),
}

impl Error {
    /// Whether the command was wrong, rather than what it was to do.
    pub fn is_of_input(&self) -> bool {
        matches!(self, Self::Exists(_) | Self::NoProject(_) | Self::Manifest { .. })
    }

    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { path: path.to_owned(), source }
    }
}

impl Project {
    /// Makes a project in a new directory of this name in `parent`.
    pub fn create(parent: &Path, name: &Name, language: Language, steps: &Steps) -> Result<Self, Error> {
        let root = parent.join(name.as_str());
        match fs::create_dir(&root) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(Error::Exists(root)),
            made => made.map_err(Error::file(&root))?,
        }
        let written = steps.step(&format!("Writing {}", root.display()), || template::write(&root, name, language));
        if let Err(error) = written {
            // A half of a project would only be in the way of the next attempt.
            let _ = fs::remove_dir_all(&root);
            return Err(error);
        }
        let project = Self::open(&root)?;
        if matches!(language, Language::Rust | Language::C) {
            // So that an editor knows them before the first build.
            contract::write_bindings(&project)?;
        }
        Ok(project)
    }

    /// The project that this directory is in.
    pub fn find(directory: &Path) -> Result<Self, Error> {
        let directory = std::path::absolute(directory).map_err(Error::file(directory))?;
        let root = directory.ancestors().find(|root| root.join(MANIFEST).is_file());
        Self::open(root.ok_or_else(|| Error::NoProject(directory.clone()))?)
    }

    fn open(root: &Path) -> Result<Self, Error> {
        let path = root.join(MANIFEST);
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let manifest = toml::from_str(&text);
        // Its display has a picture of the place, over several lines.
        let manifest = manifest.map_err(|error| Error::Manifest { path, reason: error.message().to_owned() })?;
        Ok(Self { root: root.to_owned(), manifest })
    }

    /// The project's directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The name of the project's connector.
    pub fn name(&self) -> &Name {
        &self.manifest.name
    }

    /// The language that the project is written in.
    pub fn language(&self) -> Language {
        self.manifest.language
    }

    /// Where the project's component is, once it has been built. No other component is beside it.
    pub fn component(&self) -> PathBuf {
        self.build_directory().join(self.name().as_str()).with_extension("wasm")
    }

    /// A directory for what is made of the project and is of this purpose.
    pub fn made(&self, purpose: &str) -> PathBuf {
        self.build_directory().join(purpose)
    }

    /// Builds its component by the tools of its language. What is missing of them is installed into the project, if it
    /// comes from a package registry.
    pub fn build(&self, steps: &Steps) -> Result<PathBuf, Error> {
        fs::create_dir_all(self.build_directory()).map_err(Error::file(&self.build_directory()))?;
        toolchain::build(self, steps)?;
        Ok(self.component())
    }

    fn build_directory(&self) -> PathBuf {
        self.root.join(BUILD)
    }

    fn wit(&self) -> PathBuf {
        self.root.join("wit")
    }

    fn world(&self) -> &str {
        &self.manifest.world
    }
}
