//! A server whose data directory is a small file system of its own, which can be filled up.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::directory::TemporaryDirectory;
use crate::patchpanel::{Builder, Patchpanel, built_program};

/// Runs the program in a mount namespace of its own, in which the data directory is a file system in memory: it goes with
/// the last process that sees it, whatever becomes of anybody. Other commands join the server in it.
const LAUNCHER: &str = r#"#!/bin/sh
here=$(dirname "$0")
if [ "$1" = serve ]; then
    exec unshare --mount sh -c '
        mkdir -p "$PATCHPANEL_DATA_DIR" && mount -t tmpfs -o size=SIZE,mode=0700 tmpfs "$PATCHPANEL_DATA_DIR" &&
            echo $$ > "$0/pid" && exec "PROGRAM" "$@"' "$here" "$@"
fi
exec nsenter --mount --target "$(cat "$here/pid")" "PROGRAM" "$@"
"#;

/// The file that takes up the space.
const BALLAST: &str = "ballast";

/// A running server and its small disk.
#[derive(Debug)]
pub struct SmallDisk {
    /// The server.
    pub host: Patchpanel,
    data: PathBuf,
}

impl SmallDisk {
    /// Why no such server can be started here, if none can.
    pub fn missing() -> Option<String> {
        let probe = "mount -t tmpfs tmpfs /mnt && nsenter --version";
        let output = match Command::new("unshare").args(["--mount", "sh", "-c", probe]).output() {
            Ok(output) => output,
            Err(error) => return Some(format!("cannot start unshare: {error}")),
        };
        let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        (!output.status.success()).then(|| format!("it takes root to mount a file system: {text}"))
    }

    /// Starts one with so many MiB.
    pub fn start(mebibytes: u32, builder: Builder) -> Result<Self> {
        let directory = TemporaryDirectory::new("disk")?;
        let launcher = LAUNCHER
            .replace("SIZE", &format!("{mebibytes}m"))
            .replace("PROGRAM", &built_program()?.display().to_string());
        let program = directory.write("launcher", &launcher)?;
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700))?;
        let host = builder.program(&program).directory(&directory).start()?;
        // The directory as the server sees it.
        let root = PathBuf::from(format!("/proc/{}/root", host.id()));
        let data = root.join(directory.path().join("data").strip_prefix("/")?);
        Ok(Self { host, data })
    }

    /// Leaves no byte of it free.
    pub fn fill(&self) -> Result<()> {
        let path = self.ballast();
        let mut file =
            File::options().create(true).append(true).open(&path).with_context(|| path.display().to_string())?;
        for size in [1 << 16, 1 << 12, 1] {
            let block = vec![0; size];
            loop {
                match file.write_all(&block) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => bail!("cannot fill the disk: {error}"),
                }
            }
        }
        Ok(())
    }

    /// Gives the space back.
    pub fn free(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }

    /// The data directory, as the server sees it.
    pub fn data(&self) -> &Path {
        &self.data
    }

    fn ballast(&self) -> PathBuf {
        self.data.join(BALLAST)
    }
}
