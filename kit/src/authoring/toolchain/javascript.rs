//! JavaScript: componentize-qjs, which npm installs into the project. It puts an engine into the component, which then
//! imports WASI.

use std::fs;
use std::process::Command;

use super::{check_version, install, put};
use crate::authoring::{Error, Project, Steps};

const REMEDY: &str = "install Node.js with npm as https://nodejs.org says; on Debian: apt-get install nodejs npm";

pub(super) fn build(project: &Project, steps: &Steps) -> Result<(), Error> {
    let node = check_version("node", (18, 0), REMEDY, steps)?;
    let lock = project.root().join("package-lock.json");
    let pins = node + "\n" + &fs::read_to_string(&lock).map_err(Error::file(&lock))?;
    install(project, "node_modules", &pins, || {
        check_version("npm", (8, 0), REMEDY, steps)?;
        let mut npm = Command::new("npm");
        npm.args(["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"]);
        steps.run("Installing the tools into node_modules", npm.current_dir(project.root()))
    })?;
    let output = project.made("componentized");
    let mut node = Command::new("node");
    node.arg("build.js").arg(project.wit()).arg(project.world()).arg(&output);
    steps.run("Making a component", node.current_dir(project.root()))?;
    put(&project.component(), &fs::read(&output).map_err(Error::file(&output))?)
}
