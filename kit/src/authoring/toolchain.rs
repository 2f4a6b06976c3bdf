//! The tools of each language, one file each: what is needed, how it is found, and how it makes a component.

mod c;
mod javascript;
mod python;
mod rust;

use std::path::Path;
use std::process::Command;
use std::{fs, io};

use super::{Error, Language, Project, Steps};

/// Builds a project's component.
pub(super) fn build(project: &Project, steps: &Steps) -> Result<(), Error> {
    match project.language() {
        Language::Rust => rust::build(project, steps),
        Language::JavaScript => javascript::build(project, steps),
        Language::Python => python::build(project, steps),
        Language::C => c::build(project, steps),
    }
}

/// Writes a component, so that nobody ever reads a half of it.
pub(super) fn put(path: &Path, component: &[u8]) -> Result<(), Error> {
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, component).map_err(Error::file(&unfinished))?;
    fs::rename(&unfinished, path).map_err(Error::file(path))?;
    // A project that has been renamed has left one of its old name, which a host would take too.
    let directory = path.parent().unwrap_or(path);
    for entry in fs::read_dir(directory).map_err(Error::file(directory))? {
        let other = entry.map_err(Error::file(directory))?.path();
        if other != path && other.extension().is_some_and(|extension| extension == "wasm") {
            fs::remove_file(&other).map_err(Error::file(&other))?;
        }
    }
    Ok(())
}

/// A program that is too old or absent.
fn missing(what: String, remedy: &str) -> Error {
    Error::Missing { what, remedy: remedy.to_owned() }
}

/// Checks that a program says a version, and one that is new enough; what it says is returned.
fn check_version(program: &str, least: (u32, u32), remedy: &str, steps: &Steps) -> Result<String, Error> {
    let absent = || missing(format!("`{program}` {}.{} or later is needed, and not there", least.0, least.1), remedy);
    let text = match steps.output(Command::new(program).arg("--version")) {
        Ok((status, text)) if status.success() => text,
        Err(Error::Interrupted) => return Err(Error::Interrupted),
        _ => return Err(absent()),
    };
    match version(&text) {
        Some(found) if found >= least => Ok(text.trim().to_owned()),
        Some((major, minor)) => {
            let what = format!("`{program}` is {major}.{minor}, and at least {}.{} is needed", least.0, least.1);
            Err(missing(what, remedy))
        }
        None => Err(absent()),
    }
}

/// The first two numbers of a version such as `Python 3.11.7` or `v20.20.2`.
fn version(text: &str) -> Option<(u32, u32)> {
    let digits = text.find(|character: char| character.is_ascii_digit())?;
    let mut numbers = text[digits..].split(|character: char| !character.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Installs tools into this directory of a project, unless those that are there were installed for the same pins.
fn install(
    project: &Project,
    directory: &str,
    pins: &str,
    install: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    let (directory, installed) = (project.root().join(directory), project.made("installed"));
    // Tools know where they are, so a project that has been moved needs them anew.
    let pins = format!("{}\n{pins}", directory.display());
    if directory.is_dir() && fs::read_to_string(&installed).is_ok_and(|present| present == pins) {
        return Ok(());
    }
    // What is interrupted or fails is not taken for installed the next time.
    match fs::remove_file(&installed) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::file(&installed)(error)),
        _ => {}
    }
    install()?;
    fs::write(&installed, pins).map_err(Error::file(&installed))
}

#[cfg(test)]
mod tests {
    use test_support::directory::TemporaryDirectory;

    use super::*;

    #[test]
    fn reads_versions() {
        assert_eq!(version("Python 3.11.7\n"), Some((3, 11)));
        assert_eq!(version("v20.20.2"), Some((20, 20)));
        assert_eq!(version("cargo 1.95.0 (f2d3ce0bd 2026-03-21)"), Some((1, 95)));
        assert_eq!(version("none"), None);
    }

    #[test]
    fn what_was_not_installed_to_the_end_is_installed_again() {
        let directory = TemporaryDirectory::new("install").unwrap();
        let name = "mine".parse().unwrap();
        let project = Project::create(directory.path(), &name, Language::Python, &Steps::default()).unwrap();
        fs::create_dir_all(project.made("")).unwrap();
        fs::create_dir(project.root().join(".venv")).unwrap();
        let attempt = |pins: &str, result: Result<(), Error>| {
            let mut installs = false;
            let done = install(&project, ".venv", pins, || {
                installs = true;
                result
            });
            (installs, done.is_ok())
        };
        assert_eq!(attempt("1", Ok(())), (true, true));
        assert_eq!(attempt("1", Ok(())), (false, true));
        assert_eq!(attempt("2", Err(Error::Interrupted)), (true, false));
        assert_eq!(attempt("1", Ok(())), (true, true), "what the failed attempt has left was taken");
    }

    #[test]
    fn a_program_that_is_absent_or_old_is_named_with_its_remedy() {
        let steps = Steps::default();
        let error = check_version("no-such-program", (1, 0), "get it", &steps).unwrap_err().to_string();
        assert_eq!(error, "`no-such-program` 1.0 or later is needed, and not there; get it");
        let error = check_version("cargo", (9999, 0), "get it", &steps).unwrap_err().to_string();
        assert!(error.contains("at least 9999.0 is needed"), "{error}");
    }
}
