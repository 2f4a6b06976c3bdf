//! Connectors that are each wrong in exactly one way: those of `tests/guests`, and any that is written as text.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::patchpanel;

/// The contract's interface that every connector exports.
pub const CONNECTOR: &str = "patchpanel:connector/connector@1.0.0";

/// The binary form of a module or a component in the WebAssembly text format.
pub fn assemble(text: &str) -> Result<Vec<u8>> {
    wat::parse_str(text).context("this is not WebAssembly text")
}

/// A component of the contract's world `connector-plugin`, made of a core module as text. The module exports `memory`,
/// `cabi_realloc` and the functions of [`CONNECTOR`] in their lowered form, such as `…#get-manifest`.
pub fn connector(module: &str) -> Result<Vec<u8>> {
    component(include_str!("../../../wit/connector.wit"), "connector-plugin", module)
}

/// A connector of the draft 1.1.0 of the contract, in a world of it: the well-behaved fields of text connectors, and these
/// imports and fields.
pub fn draft(world: &str, type_name: &str, imports: &str, fields: &str) -> Result<Vec<u8>> {
    let module = module(type_name, imports, fields).replace("@1.0.0", "@1.1.0");
    component(include_str!("../../golden/draft-1.1.0.wit"), world, &module)
}

/// A component of a world of this version of the contract.
fn component(contract: &str, world: &str, module: &str) -> Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("connector.wit", contract)?;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut bytes = assemble(module)?;
    embed_component_metadata(&mut bytes, &resolve, world, StringEncoding::UTF8)?;
    let mut encoder =
        ComponentEncoder::default().validate(true).module(&bytes).context("this module fits no contract")?;
    encoder.encode().context("this module does not fit the contract")
}

/// The components of all hostile connectors, by name. The type of each is its name after `zoo-`, if it is admitted at all.
pub fn all() -> Result<BTreeMap<String, Vec<u8>>> {
    let mut guests = BTreeMap::new();
    for path in files(&built()?, "wasm")? {
        let component = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(guests.insert(name(&path), component).is_none(), "two guests have the name {}", name(&path));
    }
    for path in files(&sources(), "wat")? {
        ensure!(guests.insert(name(&path), text(&path)?).is_none(), "two guests have the name {}", name(&path));
    }
    Ok(guests)
}

/// The component of one of them.
pub fn named(guest: &str) -> Result<Vec<u8>> {
    let written = sources().join(guest.replace('-', "_")).with_extension("wat");
    if written.is_file() {
        return text(&written);
    }
    let path = built()?.join(guest).with_extension("wasm");
    std::fs::read(&path).with_context(|| format!("there is no guest {}", path.display()))
}

/// Where `cargo xtask` puts those that are written in Rust.
fn built() -> Result<PathBuf> {
    let guests = patchpanel::built_connectors()?.with_file_name("guests");
    ensure!(guests.is_dir(), "there is no {}; build it with `cargo xtask plugins`", guests.display());
    Ok(guests)
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("guests")
}

fn files(directory: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in directory.read_dir().with_context(|| format!("cannot read {}", directory.display()))? {
        files.extend(Some(entry?.path()).filter(|path| path.extension() == Some(OsStr::new(extension))));
    }
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().replace('_', "-"))
}

/// A connector of `tests/guests/*.wat`: the fields of `good.wat`, its type name and those of its own.
fn text(path: &Path) -> Result<Vec<u8>> {
    let fields = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    connector(&module(&format!("zoo-{}", name(path)), "", &fields)).with_context(|| path.display().to_string())
}

/// A module of the fields of `good.wat`, a type name, and imports and fields of its own.
fn module(type_name: &str, imports: &str, fields: &str) -> String {
    let good = include_str!("../../guests/src/good.wat");
    let length = type_name.len();
    let type_name = format!(r#"(data (i32.const 16) (i32 256 {length})) (data (i32.const 256) "{type_name}")"#);
    format!("(module {imports} {good} {type_name} {fields})")
}
