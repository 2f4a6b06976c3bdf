//! JavaScript, by componentize-qjs, which npm installs and jco uses too. It puts an engine into the component, which
//! then imports WASI.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Place, check_version, contract, run};

pub(super) fn find() -> Result<()> {
    check_version("node", (18, 0))?;
    check_version("npm", (8, 0))
}

pub(super) fn build(place: &Place, component: &Path) -> Result<()> {
    let pins = std::fs::read_to_string(place.sources().join("package-lock.json"))?;
    place.install(&pins, || {
        for name in ["package.json", "package-lock.json", ".npmrc"] {
            std::fs::copy(place.sources().join(name), place.directory.join(name))?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"]);
        run(npm.current_dir(&place.directory)).map(drop)
    })?;
    // Node looks for packages in the directories above, and the installed ones survive a new copy of the sources there.
    let mut node = Command::new("node");
    node.arg("build.js").arg(contract()).arg(component).current_dir(place.sources());
    run(&mut node).map(drop)
}
