//! A browser: Debian's Chromium, since no test fetches one.

use std::path::PathBuf;
use std::process::Command;

/// The program; or why there is none, and what to do.
pub fn chromium() -> Result<PathBuf, String> {
    let missing = |reason: &str| format!("there is no Chromium, which `./x test` installs: {reason}");
    let set_up = crate::strangers::root().join("xtask").join("set-up");
    let found =
        Command::new(set_up).args(["find", "chromium"]).output().map_err(|error| missing(&error.to_string()))?;
    let path = String::from_utf8_lossy(&found.stdout).lines().next().unwrap_or_default().to_owned();
    if found.status.success() { Ok(path.into()) } else { Err(missing(String::from_utf8_lossy(&found.stderr).trim())) }
}
