//! Programs that strangers have for an API, from the registries of their languages. Those of one directory of
//! `tests/strangers/clients` are installed once below `target/clients`, together with what else is in that directory and
//! in the versions that it writes down; where they have not changed, nothing is fetched.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::skip::skip;
use crate::strangers::{files, lock, root, run, target};

/// A directory with its programs installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools(PathBuf);

/// What installing came to, when it did not fail.
enum Installed {
    /// They are there.
    Tools(Tools),
    /// They cannot be had here, and why.
    Missing(String),
}

impl Tools {
    /// Those of a directory of `tests/strangers/clients`, for this test; none where they cannot be had, which is said loudly.
    pub fn find(test: &str, name: &str) -> Result<Option<Self>> {
        match Self::install(name)? {
            Installed::Tools(tools) => Ok(Some(tools)),
            Installed::Missing(reason) => {
                skip(test, reason);
                Ok(None)
            }
        }
    }

    /// Installs what `requirements.txt` or `package-lock.json` names. Several processes may ask at once.
    fn install(name: &str) -> Result<Installed> {
        let (sources, directory) =
            (root().join("tests/strangers/clients").join(name), target().join("clients").join(name));
        std::fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
        let _lock = lock(&directory.with_extension("lock"))?;
        for path in files(&sources)? {
            let copy = directory.join(path.strip_prefix(&sources)?);
            std::fs::copy(&path, &copy).with_context(|| format!("cannot copy {}", path.display()))?;
        }
        let (language, pins) = if sources.join("requirements.txt").is_file() {
            ("python", "requirements.txt")
        } else {
            ("javascript", "package-lock.json")
        };
        let pins = std::fs::read(sources.join(pins)).with_context(|| format!("{name} has no {pins}"))?;
        let installed = directory.join("installed");
        if std::fs::read(&installed).is_ok_and(|present| present == pins) {
            return Ok(Installed::Tools(Self(directory)));
        }
        if let Err(error) = run(Command::new(root().join("xtask").join("set-up")).args(["find", language])) {
            return Ok(Installed::Missing(format!("there is no {language}: {error:#}").replace('\n', " ")));
        }
        let tools = Self(directory);
        match tools.fetch(language) {
            Ok(()) => {
                std::fs::write(&installed, pins).with_context(|| format!("cannot write {}", installed.display()))?;
            }
            Err(_) if !has_network() => {
                return Ok(Installed::Missing("there is no network to fetch them from".to_owned()));
            }
            Err(error) => return Err(error.context(format!("cannot install the tools of {}", sources.display()))),
        }
        Ok(Installed::Tools(tools))
    }

    fn fetch(&self, language: &str) -> Result<()> {
        if language == "python" {
            run(Command::new("python3").args(["-m", "venv", "--clear", ".venv"]).current_dir(&self.0))?;
            let install = ["install", "--no-input", "--disable-pip-version-check", "--quiet", "--requirement"];
            return run(self.command("pip").args(install).arg("requirements.txt"));
        }
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&self.0))
    }

    /// Where they are.
    pub fn directory(&self) -> &Path {
        &self.0
    }

    /// One of the programs, in the directory. Whatever other packages this machine has are none of its business.
    pub fn command(&self, program: &str) -> Command {
        let places = [".venv/bin", "node_modules/.bin"].map(|place| self.0.join(place).join(program));
        let installed = places.into_iter().find(|path| path.exists());
        let mut command = Command::new(installed.unwrap_or_else(|| PathBuf::from(program)));
        command.current_dir(&self.0).env_remove("PYTHONPATH").env("NO_COLOR", "1");
        command
    }
}

/// Whether this process has any network but itself.
pub fn has_network() -> bool {
    let devices = std::fs::read_to_string("/proc/net/dev").unwrap_or_default();
    devices.lines().skip(2).any(|line| line.trim_start().split(':').next() != Some("lo"))
}
