//! Python: componentize-py, which pip installs into a virtual environment in the project. It puts the interpreter itself
//! into the component, and in the place of WASI what traps if it is called.

use std::fs;
use std::process::Command;

use super::{check_version, install, missing, put};
use crate::authoring::{Error, Project, Steps};

const REMEDY: &str = "install Python as https://www.python.org says; on Debian: apt-get install python3 python3-venv";

pub(super) fn build(project: &Project, steps: &Steps) -> Result<(), Error> {
    let environment = project.root().join(".venv");
    let requirements = project.root().join("requirements.txt");
    // An environment is for the Python that made it.
    let python = check_version("python3", (3, 10), REMEDY, steps)?;
    let pins = python + "\n" + &fs::read_to_string(&requirements).map_err(Error::file(&requirements))?;
    install(project, ".venv", &pins, || {
        let (status, _) = steps.output(Command::new("python3").args(["-c", "import ensurepip, venv"]))?;
        if !status.success() {
            return Err(missing("`python3` has no venv with pip".to_owned(), REMEDY));
        }
        let mut venv = Command::new("python3");
        steps.run("Making the virtual environment .venv", venv.args(["-m", "venv", "--clear"]).arg(&environment))?;
        let mut pip = Command::new(environment.join("bin/pip"));
        pip.args(["install", "--no-input", "--disable-pip-version-check", "--requirement"]).arg(&requirements);
        steps.run("Installing the tools into .venv", &mut pip)
    })?;
    let output = project.made("componentized");
    let mut tool = Command::new(environment.join("bin/componentize-py"));
    // Whatever other packages this machine has are none of the component's, and the tool's own stack says nothing of it.
    tool.env("VIRTUAL_ENV", &environment)
        .env_remove("PYTHONPATH")
        .env_remove("RUST_BACKTRACE")
        .current_dir(project.root());
    tool.arg("--wit-path").arg(project.wit()).args(["--world", project.world(), "componentize", "--stub-wasi"]);
    tool.args(["--python-path", ".", "connector", "--output"]).arg(&output);
    steps.run("Making a component", &mut tool)?;
    put(&project.component(), &fs::read(&output).map_err(Error::file(&output))?)
}
