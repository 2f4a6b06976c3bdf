//! Rust: cargo for `wasm32-unknown-unknown`. The standard library for it comes from rustup; where that is not there, cargo
//! builds it from the sources that Debian packages, with the compiler that fits them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{check_version, missing};
use crate::authoring::{Error, Project, Steps, contract};

const TARGET: &str = "wasm32-unknown-unknown";

const REMEDY: &str = "install Rust as https://rustup.rs says";

/// Debian's packages rustc-web and rust-web-src.
const PACKAGED_RUSTC: &str = "/usr/bin/rustc";
const PACKAGED_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

pub(super) fn build(project: &Project, steps: &Steps) -> Result<(), Error> {
    check_version("cargo", (1, 85), REMEDY, steps)?;
    contract::write_bindings(project)?;
    let mut cargo = Command::new("cargo");
    cargo.current_dir(project.root()).args(["build", "--release", "--lib", "--target", TARGET]);
    // Flags for this machine's processor or linker mean nothing to a Wasm module; an empty list also overrides those of
    // cargo's configuration.
    cargo.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", "");
    let target =
        if installed(steps)? { project.root().join("target") } else { from_source(&mut cargo, project, steps)? };
    cargo.arg("--target-dir").arg(&target);
    steps.run_openly("Compiling", &mut cargo)?;
    let module = target.join(TARGET).join("release").join("connector.wasm");
    contract::write_component(project, &module)
}

/// Whether rustc finds the standard library.
fn installed(steps: &Steps) -> Result<bool, Error> {
    let libraries = rustc(&["--print", "target-libdir", "--target", TARGET], steps)?;
    // A target that is not installed has no directory.
    let names = Path::new(&libraries).read_dir().into_iter().flatten().flatten().map(|entry| entry.file_name());
    Ok(names.into_iter().any(|name| name.to_string_lossy().starts_with("libstd-")))
}

/// Has cargo build the standard library too; returns the directory for what is compiled so, since one compiler does not
/// use what another has made.
fn from_source(cargo: &mut Command, project: &Project, steps: &Steps) -> Result<PathBuf, Error> {
    let sysroot = PathBuf::from(rustc(&["--print", "sysroot"], steps)?);
    let host = rustc(&["--print", "host-tuple"], steps)?;
    // Debian's compiler brings no linker for Wasm; rustup's does.
    let linker = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    if !Path::new(PACKAGED_RUSTC).is_file() || !Path::new(PACKAGED_SOURCES).is_file() || !linker.is_file() {
        let remedy = format!("run `rustup target add {TARGET}`");
        return Err(missing(format!("Rust's standard library for {TARGET} is not there"), &remedy));
    }
    // Building the standard library is not stable; a released compiler does it when told that it is bootstrapping.
    cargo.env("RUSTC", PACKAGED_RUSTC).env("RUSTC_BOOTSTRAP", "1");
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker).arg("-Zbuild-std=std,panic_abort");
    Ok(project.root().join("target/with-std"))
}

fn rustc(arguments: &[&str], steps: &Steps) -> Result<String, Error> {
    match steps.output(Command::new("rustc").args(arguments)) {
        Ok((status, text)) if status.success() => Ok(text.trim().to_owned()),
        Err(Error::Interrupted) => Err(Error::Interrupted),
        _ => Err(missing("`rustc` is needed, and not there".to_owned(), REMEDY)),
    }
}
