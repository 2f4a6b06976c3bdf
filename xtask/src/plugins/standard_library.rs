//! Rust's standard library for Wasm: the one that rustup installs, else one that is built from Debian's sources.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// What connectors are compiled for: no operating system, no WASI.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// The compiler and the sources of Debian's packages rustc-web and rust-web-src.
const PACKAGED_RUSTC: &str = "/usr/bin/rustc";
const PACKAGED_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// Says `source` where Debian's sources are to be used, whatever rustup has.
const CHOICE: &str = "PATCHPANEL_WASM_STD";

/// A standard library that can be used.
pub(super) enum StandardLibrary {
    Installed,
    FromSource { linker: PathBuf },
}

impl StandardLibrary {
    /// Finds what `xtask/set-up` has seen to.
    pub(super) fn find() -> Result<Self> {
        let choice = std::env::var_os(CHOICE).unwrap_or_else(|| "auto".into());
        ensure!(choice == "auto" || choice == "source", "{CHOICE} is either `auto` or `source`");
        if choice == "auto" && installed()? {
            return Ok(Self::Installed);
        }
        let packaged = Path::new(PACKAGED_RUSTC).is_file() && Path::new(PACKAGED_SOURCES).is_file();
        ensure!(packaged, "there is no standard library for {TARGET}: run `rustup target add {TARGET}`");
        Ok(Self::FromSource { linker: linker()? })
    }

    /// A cargo that compiles with it.
    pub(super) fn cargo(&self) -> Command {
        let mut cargo = Command::new(workspace::cargo());
        cargo.current_dir(workspace::root()).arg("--config").arg("build.rustc-wrapper=''");
        cargo.env("CARGO_TARGET_DIR", self.target_directory());
        // Flags for this machine's processor or linker mean nothing to a Wasm module.
        cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        if let Self::FromSource { linker } = self {
            // Building the standard library is not stable; a released compiler does it when told that it is bootstrapping.
            cargo.env("RUSTC", PACKAGED_RUSTC).env("RUSTC_BOOTSTRAP", "1");
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
            cargo.arg("-Zbuild-std=std,panic_abort");
        }
        cargo
    }

    /// Apart from the host's and from each other's, since a compiler does not use what another one has built.
    pub(super) fn target_directory(&self) -> PathBuf {
        workspace::target().join(match self {
            Self::Installed => "wasm",
            Self::FromSource { .. } => "wasm-source",
        })
    }
}

/// Whether rustc finds it.
fn installed() -> Result<bool> {
    let libraries = rustc(&["--print", "target-libdir", "--target", TARGET])?;
    let mut names = Vec::new();
    // A target that is not installed has no directory.
    for entry in Path::new(&libraries).read_dir().into_iter().flatten() {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(["libcore-", "libstd-"].iter().all(|library| names.iter().any(|name| name.starts_with(library))))
}

/// Debian's compiler brings no linker for Wasm; rustup's does.
fn linker() -> Result<PathBuf> {
    let sysroot = PathBuf::from(rustc(&["--print", "sysroot"])?);
    let host = rustc(&["--print", "host-tuple"])?;
    let linker = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    let found = linker.is_file();
    ensure!(found, "there is no linker for Wasm at {}; use a Rust that rustup has installed", linker.display());
    Ok(linker)
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let output =
        Command::new("rustc").args(arguments).output().context("cannot start rustc; install Rust by rustup")?;
    ensure!(output.status.success(), "rustc: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
