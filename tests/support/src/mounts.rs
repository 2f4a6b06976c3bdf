//! Files and directories that only one program sees: mounts in a namespace that ends with it (unshare(1),
//! `mount_namespaces(7)`). Nothing is left behind, however it ends.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Mounts, in the order in which they are made.
#[derive(Debug, Clone, Default)]
pub struct Mounts(Vec<String>);

impl Mounts {
    /// Lays a file over another one.
    pub fn file(&mut self, path: &Path, over: &Path) {
        self.0.push(format!("mount --bind '{}' '{}'", path.display(), over.display()));
    }

    /// An empty file system in memory with so many MiB of room, at a directory that may not be there yet.
    pub fn disk(&mut self, directory: &Path, mebibytes: u32) {
        let directory = directory.display();
        let options = format!("size={mebibytes}m,mode=700");
        self.0.push(format!("mkdir -p '{directory}' && mount -t tmpfs -o {options} tmpfs '{directory}'"));
    }

    /// Why they cannot be had here.
    pub fn unavailable() -> Option<String> {
        let without = |reason: &str| Some(format!("mounts of its own need the rights of root: {reason}"));
        match Command::new("unshare").args(["--mount", "true"]).output() {
            Ok(done) if done.status.success() => None,
            Ok(done) => without(String::from_utf8_lossy(&done.stderr).trim()),
            Err(error) => without(&format!("cannot start `unshare`: {error}")),
        }
    }

    /// A command of a program that sees them. The process that is started becomes the program.
    pub(crate) fn command(&self, program: &Path) -> Command {
        if self.0.is_empty() {
            return Command::new(program);
        }
        let script = format!("{} && exec \"$@\"", self.0.join(" && "));
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", &script, "mounts"]).arg(program);
        command
    }

    /// A command that sees what a running process does.
    pub(crate) fn beside(&self, process: u32, program: &Path) -> Command {
        if self.0.is_empty() {
            return Command::new(program);
        }
        let mut command = Command::new("nsenter");
        command.args(["--mount", "--target", &process.to_string(), "--"]).arg(program);
        command
    }
}

/// A path as a process sees it, for those who do not (proc(5)).
pub(crate) fn seen_by(process: u32, path: &Path) -> PathBuf {
    PathBuf::from(format!("/proc/{process}/root")).join(path.strip_prefix("/").unwrap_or(path))
}
