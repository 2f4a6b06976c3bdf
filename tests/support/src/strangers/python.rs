//! Python, by componentize-py, which pip installs. It puts the interpreter itself into the component, and in the place
//! of WASI what traps if it is called.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Place, WORLD, check_version, contract, remove, run};

/// The module with the connector, and the one with the same that sleeps.
const MODULE: &str = "cockroachdb";
const SLEEPER: &str = "sleeper";

pub(super) fn find() -> Result<()> {
    check_version("python3", (3, 10))?;
    run(Command::new("python3").args(["-c", "import ensurepip, venv"])).context("python3 has no venv with pip")?;
    Ok(())
}

pub(super) fn build(place: &Place, component: &Path) -> Result<()> {
    let environment = place.directory.join("venv");
    let requirements = place.sources().join("requirements.txt");
    // An environment is for the Python that made it.
    let pins = run(Command::new("python3").arg("--version"))? + &std::fs::read_to_string(&requirements)?;
    place.install(&pins, || {
        remove(&environment)?;
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        let mut pip = Command::new(environment.join("bin/pip"));
        pip.args(["install", "--no-input", "--disable-pip-version-check", "--no-deps", "--requirement"]);
        run(pip.arg(&requirements)).map(drop)
    })?;
    componentize(place, &environment, MODULE, &["--stub-wasi"], component)?;
    // Without its own, it has the host's WASI to sleep with.
    componentize(place, &environment, SLEEPER, &[], &sleeper(place))
}

fn componentize(place: &Place, environment: &Path, module: &str, flags: &[&str], output: &Path) -> Result<()> {
    let mut tool = Command::new(environment.join("bin/componentize-py"));
    // Whatever other packages this machine has are none of the component's.
    tool.env("VIRTUAL_ENV", environment).env_remove("PYTHONPATH").current_dir(place.sources());
    tool.arg("--wit-path").arg(contract()).args(["--world", WORLD, "componentize"]).args(flags);
    tool.args(["--python-path", ".", module, "--output"]).arg(output);
    run(&mut tool).map(drop)
}

/// The component that sleeps.
pub(super) fn sleeper(place: &Place) -> PathBuf {
    place.directory.join(SLEEPER).with_extension("wasm")
}
