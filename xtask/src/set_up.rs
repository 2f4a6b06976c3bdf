//! What a task needs of the system, which `xtask/set-up` finds or gets. It is a script, since it must work before anything
//! can be compiled; `./x` runs it first, and this is for whoever has called `cargo xtask` itself.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::interrupt::Interrupt;
use crate::workspace;

/// The script, which knows the task's arguments as they were given.
fn script() -> Command {
    Command::new(workspace::root().join("xtask").join("set-up"))
}

/// Has everything there that the task of this process needs, or says what is not.
pub(crate) fn run(interrupt: &Interrupt) -> Result<()> {
    let status = interrupt.run(script().args(std::env::args_os().skip(1)), None)?;
    ensure!(status.success(), "the set-up is not complete");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Stdio;

    use test_support::directory::TemporaryDirectory;

    use super::*;

    /// Programs that every system has.
    const ESSENTIAL: [&str; 9] = ["sh", "env", "id", "mktemp", "rm", "ls", "grep", "cat", "dirname"];

    /// What the script says where there is Rust and nothing else, and nobody to ask.
    fn said(arguments: &[&str], variables: &[(&str, &str)]) -> (bool, String) {
        let programs = TemporaryDirectory::new("set-up").unwrap();
        let path = std::env::var_os("PATH").unwrap();
        for program in ESSENTIAL.into_iter().chain(["cargo", "rustc"]) {
            let found = std::env::split_paths(&path).map(|directory| directory.join(program)).find(|it| it.is_file());
            symlink(found.unwrap(), programs.path().join(program)).unwrap();
        }
        // They are only looked for.
        for program in ["apt-get", "sudo"] {
            symlink("/bin/true", programs.path().join(program)).unwrap();
        }
        let mut script = script();
        script.args(arguments).stdin(Stdio::null()).env("PATH", programs.path()).env_remove("CI");
        let output = script.envs(variables.iter().copied()).output().unwrap();
        let text = [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat();
        (output.status.success(), text)
    }

    #[test]
    fn everything_that_is_missing_is_named_with_one_command() {
        let (complete, text) = said(&["test"], &[]);
        let command = text.lines().find(|line| line.contains("apt-get install")).unwrap_or_else(|| panic!("{text}"));
        // PostgreSQL and PgBouncer are found outside of the search path too.
        for package in ["gcc", "libc6-dev", "python3-venv", "nodejs", "npm", "clang", "lld"] {
            assert!(command.contains(package), "{package}: {text}");
        }
        assert!(!complete && command.contains("--yes"), "{text}");
    }

    #[test]
    fn a_task_asks_for_nothing_that_it_does_not_need() {
        let (_, text) = said(&["fuzz", "hosts"], &[]);
        assert!(text.contains("gcc") && !text.contains("clang") && !text.contains("postgresql"), "{text}");
        // What comes after a test's name is for cargo test.
        let (complete, text) = said(&["test", "a_test", "--yes"], &[]);
        assert!(!complete && text.contains("nobody can be asked"), "{text}");
    }

    #[test]
    fn a_tool_that_is_not_there_is_told_of() {
        let (found, text) = said(&["find", "python"], &[]);
        assert!(!found && text.contains("python3"), "{text}");
    }
}
