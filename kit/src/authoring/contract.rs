//! The contract as an author has it: the WIT package, the bindings that are generated from it, and what a component must
//! fit.

use std::fs;
use std::path::Path;

use patchpanel::stranger::shown;
use wit_bindgen_core::wit_parser::{PackageId, Resolve, WorldId};
use wit_bindgen_core::{Files, WorldGenerator};
use wit_component::ComponentEncoder;

use super::{Error, Language, MANIFEST, Project};

/// The WIT package of the contract, as text.
pub const WIT: &str = include_str!("../../../wit/connector.wit");

/// The file of a project that has it.
pub(super) const WIT_FILE: &str = "wit/connector.wit";

/// Writes the package into a directory.
pub fn write(directory: &Path) -> Result<(), Error> {
    fs::create_dir_all(directory).map_err(Error::file(directory))?;
    write_changed(&directory.join("connector.wit"), WIT.as_bytes())
}

/// Writes the bindings of a project's world, those of C and Rust; the tools of the other languages make their own. What
/// has not changed is not written, so that nothing is compiled anew for it.
pub(super) fn write_bindings(project: &Project) -> Result<(), Error> {
    let directory = project.root().join("bindings");
    fs::create_dir_all(&directory).map_err(Error::file(&directory))?;
    let bindings = bindings(project)?;
    for (name, content) in bindings.iter() {
        write_changed(&directory.join(name), content)?;
    }
    // What another world has left would be compiled beside this one.
    for entry in fs::read_dir(&directory).map_err(Error::file(&directory))? {
        let path = entry.map_err(Error::file(&directory))?.path();
        if path.is_file() && !bindings.iter().any(|(name, _)| directory.join(name) == path) {
            fs::remove_file(&path).map_err(Error::file(&path))?;
        }
    }
    Ok(())
}

fn bindings(project: &Project) -> Result<Files, Error> {
    let unusable = |error: anyhow::Error| {
        Error::Contract(format!(
            "the contract in {} cannot be used: {error:#}; `patchpanel connector wit wit` writes it anew",
            project.wit().display()
        ))
    };
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(project.wit()).map_err(unusable)?;
    let world = world(project, &resolve, package)?;
    let mut generator: Box<dyn WorldGenerator> = match project.language() {
        Language::Rust => {
            let options = wit_bindgen_rust::Opts { format: true, generate_all: true, ..Default::default() };
            Box::new(options.build())
        }
        _ => wit_bindgen_c::Opts::default().build(),
    };
    let mut files = Files::default();
    generator.generate(&mut resolve, world, &mut files).map_err(unusable)?;
    Ok(files)
}

/// The world that `connector.toml` names.
fn world(project: &Project, resolve: &Resolve, package: PackageId) -> Result<WorldId, Error> {
    let worlds = &resolve.packages[package].worlds;
    worlds.get(project.world()).copied().ok_or_else(|| {
        let names = worlds.keys().map(String::as_str).collect::<Vec<_>>().join(" and ");
        let reason = format!("there is no world \"{}\" in wit/, but {names}", shown(project.world()));
        Error::Manifest { path: project.root().join(MANIFEST), reason }
    })
}

/// Makes a component of the core module that a compiler has made.
pub(super) fn write_component(project: &Project, module: &Path) -> Result<(), Error> {
    let bytes = fs::read(module).map_err(Error::file(module))?;
    let encoded = ComponentEncoder::default().validate(true).module(&bytes).and_then(|mut encoder| encoder.encode());
    let component = encoded.map_err(|error| {
        Error::Contract(format!(
            "{} does not fit the world {}: {error:#}; export every function of it, and import nothing else",
            module.display(),
            project.world()
        ))
    })?;
    super::toolchain::put(&project.component(), &component)
}

fn write_changed(path: &Path, content: &[u8]) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    fs::write(path, content).map_err(Error::file(path))
}
