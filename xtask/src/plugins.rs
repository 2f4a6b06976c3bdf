//! Builds the connectors in `plugins/` to components in `target/connectors/`, and the hostile ones in `tests/guests/` to
//! components in `target/guests/`.

mod standard_library;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use wit_component::ComponentEncoder;

use self::standard_library::{StandardLibrary, TARGET};
use crate::progress::Progress;
use crate::workspace;

/// One connector of this repository.
struct Plugin {
    /// The name of the component.
    name: String,
    package: String,
    /// The file that cargo makes of it.
    module: String,
}

/// Builds the connectors and returns the directory of the components.
pub(crate) fn build(progress: &mut Progress) -> Result<PathBuf> {
    let plugins = list(plugin)?;
    ensure!(!plugins.is_empty(), "there is no connector in plugins/");
    make("connectors", &plugins, &StandardLibrary::find()?, progress)
}

/// Builds the connectors, and the hostile ones for the tests.
pub(crate) fn build_with_guests(progress: &mut Progress) -> Result<()> {
    build(progress)?;
    let guests = list(guests)?;
    ensure!(!guests.is_empty(), "there is no guest in tests/guests/examples/");
    make("guests", &guests, &StandardLibrary::find()?, progress)?;
    Ok(())
}

/// Tests what the hostile connectors have in common, on this machine.
pub(crate) fn test_guests(progress: &mut Progress) -> Result<()> {
    let mut cargo = Command::new(workspace::cargo());
    cargo.current_dir(workspace::root()).args(["test", "--locked", "--package", "guests", "--lib"]);
    progress.run("Testing what the guests have in common", &mut cargo, "see the failures above")
}

/// Builds these to components in a directory of this name, which is returned.
fn make(name: &str, plugins: &[Plugin], library: &StandardLibrary, progress: &mut Progress) -> Result<PathBuf> {
    let mut cargo = library.cargo();
    cargo.args(["build", "--locked", "--profile", "plugin", "--target", TARGET, "--lib", "--examples"]);
    let packages: BTreeSet<&str> = plugins.iter().map(|plugin| plugin.package.as_str()).collect();
    for package in packages {
        cargo.args(["--package", package]);
    }
    progress.run(&format!("Building the {name}"), &mut cargo, "see the compiler's messages above")?;
    let modules = library.target_directory().join(TARGET).join("plugin");
    let components = workspace::target().join(name);
    progress.step("Making components of them", || {
        std::fs::create_dir_all(&components).with_context(|| format!("cannot create {}", components.display()))?;
        plugins.iter().try_for_each(|plugin| plugin.make_component(&modules, &components))?;
        remove_others(plugins, &components)
    })?;
    Ok(components)
}

impl Plugin {
    fn make_component(&self, modules: &Path, components: &Path) -> Result<()> {
        let module = modules.join(&self.module);
        let bytes = std::fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
        let component = ComponentEncoder::default()
            .validate(true)
            .module(&bytes)
            .and_then(|mut encoder| encoder.encode())
            .with_context(|| format!("{} does not fit the contract in wit/", module.display()))?;
        let path = components.join(format!("{}.wasm", self.name));
        // An unchanged component keeps its time, and one that is being read is never half written.
        if std::fs::read(&path).is_ok_and(|present| present == component) {
            return Ok(());
        }
        let unfinished = components.join(format!("{}.wasm.{}", self.name, std::process::id()));
        std::fs::write(&unfinished, &component).with_context(|| format!("cannot write {}", unfinished.display()))?;
        std::fs::rename(&unfinished, &path).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A connector that has been renamed or removed must not be loaded any more.
fn remove_others(plugins: &[Plugin], components: &Path) -> Result<()> {
    for entry in components.read_dir()? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        if !plugins.iter().any(|plugin| Some(plugin.name.as_str()) == name) {
            std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// What there is in the packages of the workspace.
fn list(find: fn(&Value) -> Option<Vec<Plugin>>) -> Result<Vec<Plugin>> {
    let output = Command::new(workspace::cargo())
        .args(["metadata", "--no-deps", "--format-version=1", "--locked"])
        .current_dir(workspace::root())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata listed no packages")?;
    Ok(packages.iter().filter_map(find).flatten().collect())
}

/// A package below `plugins/` that makes a C-style library, which is what a Wasm module is to cargo.
fn plugin(package: &Value) -> Option<Vec<Plugin>> {
    let directory = Path::new(package["manifest_path"].as_str()?).parent()?;
    if directory.parent()? != workspace::root().join("plugins") {
        return None;
    }
    let library = of_kind(package, "crate_types", "cdylib").next()?;
    Some(vec![Plugin {
        name: directory.file_name()?.to_str()?.to_owned(),
        package: package["name"].as_str()?.to_owned(),
        module: format!("{}.wasm", library.replace('-', "_")),
    }])
}

/// The examples of the package `guests`.
fn guests(package: &Value) -> Option<Vec<Plugin>> {
    let package_name = package["name"].as_str().filter(|name| *name == "guests")?;
    let guest = |name: &str| Plugin {
        name: name.replace('_', "-"),
        package: package_name.to_owned(),
        module: format!("examples/{name}.wasm"),
    };
    Some(of_kind(package, "kind", "example").map(guest).collect())
}

/// The names of a package's targets that have this word in this list.
fn of_kind<'a>(package: &'a Value, list: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let targets = package["targets"].as_array().into_iter().flatten();
    let has = move |target: &&Value| target[list].as_array().is_some_and(|words| words.iter().any(|it| it == word));
    targets.filter(has).filter_map(|target| target["name"].as_str())
}
