//! C: clang for wasm32, without a standard library and without WASI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::missing;
use crate::authoring::{Error, Project, Steps, contract};

const REMEDY: &str = "install clang and lld as https://releases.llvm.org says; on Debian: apt-get install clang lld";

const FLAGS: [&str; 10] = [
    "--target=wasm32",
    "-mbulk-memory",
    "-ffreestanding",
    "-nostdlib",
    "-nostdlibinc",
    "-std=c17",
    "-O2",
    "-Wall",
    "-Wextra",
    // A connector has no `main`; what it exports is named in the bindings.
    "-Wl,--no-entry,--strip-debug",
];

pub(super) fn build(project: &Project, steps: &Steps) -> Result<(), Error> {
    find(steps)?;
    contract::write_bindings(project)?;
    let (sources, bindings) = (project.root().join("src"), project.root().join("bindings"));
    let module = project.made("module");
    let mut clang = Command::new("clang");
    clang.args(FLAGS).arg("-isystem").arg(project.root().join("libc")).arg("-isystem").arg(&bindings);
    clang.args(files(&sources, &["c"])?).args(files(&bindings, &["c", "o"])?).arg("-o").arg(&module);
    steps.run_openly("Compiling", clang.current_dir(project.root()))?;
    contract::write_component(project, &module)
}

fn find(steps: &Steps) -> Result<(), Error> {
    let said = |command: &mut Command| match steps.output(command) {
        Ok((status, text)) if status.success() => Ok(Some(text)),
        Err(Error::Interrupted) => Err(Error::Interrupted),
        _ => Ok(None),
    };
    let targets = said(Command::new("clang").arg("--print-targets"))?;
    if !targets.is_some_and(|targets| targets.contains("wasm32")) {
        return Err(missing("a `clang` that compiles for wasm32 is needed, and not there".to_owned(), REMEDY));
    }
    let linker = said(Command::new("clang").arg("--print-prog-name=wasm-ld"))?.unwrap_or_default();
    if said(Command::new(linker.trim()).arg("--version"))?.is_none() {
        return Err(missing("the linker `wasm-ld` is needed, and not there".to_owned(), REMEDY));
    }
    Ok(())
}

/// The files of a directory with these extensions, sorted.
fn files(directory: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(Error::file(directory))? {
        let path = entry.map_err(Error::file(directory))?.path();
        if path.extension().is_some_and(|extension| extensions.iter().any(|it| extension == *it)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
