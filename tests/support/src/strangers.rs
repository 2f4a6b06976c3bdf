//! Connectors as strangers write them, in `tests/strangers/`: each in a language of its own, against nothing but the
//! published contract, built by the stock tools of that language. Components and tools are put below the build
//! directory's `strangers`; what has not changed is not built again, and then neither tools nor network are needed.

mod c;
mod javascript;
mod python;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use aws_lc_rs::digest;

/// What is kept of the output of a tool that failed.
const MAX_OUTPUT_LINES: usize = 40;
const MAX_OUTPUT_CHARACTERS: usize = 4000;

/// The world of the contract that the strangers build for.
const WORLD: &str = "connector-plugin";

/// A connector that is written in another language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// For `cockroachdb`, by componentize-py.
    Python,
    /// For `redshift`, by componentize-qjs.
    JavaScript,
    /// For `yugabytedb`, by clang, without a standard library.
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

    /// The type of data source, which is also the name of the component's file.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Python => "cockroachdb",
            Self::JavaScript => "redshift",
            Self::C => "yugabytedb",
        }
    }

    /// Debian's packages that have the tool-chain.
    pub fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["python3", "python3-venv"],
            Self::JavaScript => &["nodejs", "npm"],
            Self::C => &["clang", "lld"],
        }
    }

    /// Looks for the tool-chain.
    pub fn find_tool_chain(self) -> Result<(), Missing> {
        let found = match self {
            Self::Python => python::find(),
            Self::JavaScript => javascript::find(),
            Self::C => c::find(),
        };
        found.map_err(|error| Missing { stranger: self, reason: format!("{error:#}").replace('\n', " ") })
    }

    /// The component, if it is there and was made of the sources, tools and contract that are there now.
    pub fn built(self) -> Result<Option<PathBuf>> {
        let place = Place::new(self)?;
        let digest = self.digest()?;
        let present = std::fs::read(place.digest()).is_ok_and(|present| present == digest);
        Ok(Some(place.component()).filter(|component| present && component.is_file()))
    }

    /// Builds the component, unless it is there. The first time takes up to a minute and gets the tools from their
    /// registries. Several processes may ask at once.
    pub fn build(self) -> Result<Built> {
        let place = Place::new(self)?;
        let _lock = place.lock()?;
        if let Some(component) = self.built()? {
            return Ok(Built::Component(component));
        }
        if let Err(missing) = self.find_tool_chain() {
            return Ok(Built::Missing(missing));
        }
        let digest = self.digest()?;
        place.copy_sources()?;
        // What does not become complete must not pass for it.
        remove(&place.digest())?;
        let unfinished = place.directory.join("unfinished.wasm");
        match self {
            Self::Python => python::build(&place, &unfinished),
            Self::JavaScript => javascript::build(&place, &unfinished),
            Self::C => c::build(&place, &unfinished),
        }
        .with_context(|| format!("cannot build the {} connector in {}", self.language(), self.sources().display()))?;
        let component = place.component();
        std::fs::rename(&unfinished, &component)
            .with_context(|| format!("there is no {}, though the tools did not complain", unfinished.display()))?;
        std::fs::write(place.digest(), digest)?;
        Ok(Built::Component(component))
    }

    /// The Python connector that sleeps for three seconds before every answer. It is built together with the other one.
    pub fn sleeper() -> Result<PathBuf> {
        Place::new(Self::Python).map(|place| python::sleeper(&place))
    }

    fn sources(self) -> PathBuf {
        let directory = match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::C => "c",
        };
        root().join("tests/strangers").join(directory)
    }

    /// Of everything that the component is made of; the tools' versions are among the sources or in the recipe.
    fn digest(self) -> Result<Vec<u8>> {
        let recipe = match self {
            Self::Python => include_str!("strangers/python.rs"),
            Self::JavaScript => include_str!("strangers/javascript.rs"),
            Self::C => include_str!("strangers/c.rs"),
        };
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(recipe.as_bytes());
        for directory in [self.sources(), contract()] {
            for path in files(&directory)? {
                let bytes = read(&path)?;
                let name = path.strip_prefix(&directory)?.to_string_lossy();
                context.update(format!("\n{name} {}\n", bytes.len()).as_bytes());
                context.update(&bytes);
            }
        }
        if self == Self::C {
            context.update(&c::bindings_bytes()?);
        }
        Ok(context.finish().as_ref().to_vec())
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (language, packages) = (self.stranger.language(), self.stranger.packages().join(" "));
        write!(
            formatter,
            "the tool-chain for {language} is missing: {}; on Debian: apt-get install {packages}",
            self.reason
        )
    }
}

impl std::error::Error for Missing {}

/// Whether a test may pass for want of a tool-chain: not in a CI job, which is there to see every test run.
pub fn may_skip() -> bool {
    std::env::var_os("CI").is_none_or(|value| value != "true")
}

/// Where a stranger's component is made.
struct Place {
    stranger: Stranger,
    /// Of all strangers.
    parent: PathBuf,
    /// Of this one's tools and of the copy of its sources.
    directory: PathBuf,
}

impl Place {
    fn new(stranger: Stranger) -> Result<Self> {
        let parent = target().join("strangers");
        let directory = parent.join("tools").join(stranger.type_name());
        std::fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
        Ok(Self { stranger, parent, directory })
    }

    fn component(&self) -> PathBuf {
        self.parent.join(self.stranger.type_name()).with_extension("wasm")
    }

    fn digest(&self) -> PathBuf {
        self.directory.join("digest")
    }

    /// Some tools write beside the sources.
    fn sources(&self) -> PathBuf {
        self.directory.join("sources")
    }

    /// Held by whoever builds, until it is dropped.
    fn lock(&self) -> Result<File> {
        let path = self.directory.join("lock");
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        Ok(file)
    }

    fn copy_sources(&self) -> Result<()> {
        let from = self.stranger.sources();
        remove(&self.sources())?;
        for path in files(&from)? {
            let copy = self.sources().join(path.strip_prefix(&from)?);
            std::fs::create_dir_all(copy.parent().context("a file has a directory")?)?;
            std::fs::write(&copy, read(&path)?).with_context(|| format!("cannot write {}", copy.display()))?;
        }
        Ok(())
    }

    /// Installs tools, unless those that are there were installed for the same pins.
    fn install(&self, pins: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
        let installed = self.directory.join("installed");
        if std::fs::read_to_string(&installed).is_ok_and(|present| present == pins) {
            return Ok(());
        }
        remove(&installed)?;
        install()?;
        std::fs::write(&installed, pins).with_context(|| format!("cannot write {}", installed.display()))
    }
}

/// The repository.
fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_owned()
}

/// Cargo's build directory.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |path| root().join(path))
}

/// The contract, as a stranger would have a copy of it.
fn contract() -> PathBuf {
    root().join("wit")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Removes a file or a directory; one that is not there is no error.
fn remove(path: &Path) -> Result<()> {
    let result = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// The files below a directory, sorted.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = directory.read_dir().with_context(|| format!("cannot read {}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

/// Runs a tool to its end and returns what it printed. The error of one that fails has the first lines of it.
fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start `{program}`"))?;
    let text = [&output.stderr[..], &output.stdout[..]].map(String::from_utf8_lossy).concat();
    if output.status.success() {
        return Ok(text);
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(MAX_OUTPUT_LINES).collect();
    let shown: String = lines.join("\n").chars().take(MAX_OUTPUT_CHARACTERS).collect();
    bail!("`{program}` ended with {}:\n{shown}", output.status)
}

/// The first two numbers of a version such as `Python 3.11.7` or `v20.20.2`.
fn version(text: &str) -> Option<(u32, u32)> {
    let digits = text.find(|character: char| character.is_ascii_digit())?;
    let mut numbers = text[digits..].trim().split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Checks that a program says a version, and one that is new enough.
fn check_version(program: &str, least: (u32, u32)) -> Result<()> {
    let text = run(Command::new(program).arg("--version"))?;
    let version = version(&text).with_context(|| format!("`{program} --version` says no version"))?;
    ensure!(
        version >= least,
        "`{program}` is {}.{}, and at least {}.{} is needed",
        version.0,
        version.1,
        least.0,
        least.1
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        assert_eq!(version("Python 3.11.7\n"), Some((3, 11)));
        assert_eq!(version("v20.20.2"), Some((20, 20)));
        assert_eq!(version("none"), None);
    }

    #[test]
    fn a_failing_tool_is_quoted_and_a_missing_one_named() {
        let script = "echo first; i=0; while [ $i -lt 999 ]; do echo line; i=$((i + 1)); done; echo last; exit 3";
        let error = run(Command::new("sh").args(["-c", script])).unwrap_err().to_string();
        assert!(error.contains("first") && !error.contains("last"), "{error}");
        assert!(error.len() <= MAX_OUTPUT_CHARACTERS + 100, "{error}");
        let error = format!("{:#}", check_version("no-such-tool", (1, 0)).unwrap_err());
        assert!(error.contains("no-such-tool"), "{error}");
    }

    #[test]
    fn a_digest_is_of_what_the_component_is_made_of() {
        for stranger in Stranger::ALL {
            assert_eq!(stranger.digest().unwrap(), stranger.digest().unwrap());
        }
        assert_ne!(Stranger::Python.digest().unwrap(), Stranger::C.digest().unwrap());
    }
}
