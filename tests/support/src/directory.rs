//! Temporary directories that vanish with the processes that live in them, whatever becomes of the one that made them.

use std::fs::{DirBuilder, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};

/// Reads from its input which processes to guard. The input ends when the directory is dropped or its maker is gone,
/// `kill -9` included: then it ends the processes that are still guarded and removes the directory.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
guarded=' '
while read -r verb pid; do
    case $verb in
        guard) guarded="$guarded$pid " ;;
        release) guarded="${guarded%% "$pid" *} ${guarded#* "$pid" }" ;;
    esac
done
for pid in $guarded; do kill -s QUIT "$pid"; kill -s CONT "$pid"; done
for pid in $guarded; do
    for _ in 1 2 3 4 5 6 7 8 9 10; do kill -s 0 "$pid" || break; sleep 0.2; done
    kill -s KILL "$pid"
done
rm -rf -- "$1"
"#;

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A directory of mode 0700 below the system's temporary directory. Clones share it; it is removed with the last one.
#[derive(Debug, Clone)]
pub struct TemporaryDirectory(Arc<Guarded>);

#[derive(Debug)]
struct Guarded {
    path: PathBuf,
    watchdog: Mutex<Child>,
}

impl TemporaryDirectory {
    /// Makes one; `purpose` becomes part of its name.
    pub fn new(purpose: &str) -> Result<Self> {
        let path = create(purpose)?;
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(&path)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own, so that Ctrl-C in a terminal does not reach it.
            .process_group(0)
            .spawn()
            .context("cannot start `sh`, which removes temporary directories")?;
        Ok(Self(Arc::new(Guarded { path, watchdog: Mutex::new(watchdog) })))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Writes a file that only its owner can read, and returns its path.
    pub fn write(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.0.path.join(name);
        std::fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(path)
    }

    /// Has the process ended before the directory is removed.
    pub(crate) fn guard(&self, pid: u32) -> Result<()> {
        self.tell(&format!("guard {pid}\n"))
    }

    /// Forgets the process; to be called before its end has been waited for, since its id may be used again afterwards.
    pub(crate) fn release(&self, pid: u32) -> Result<()> {
        self.tell(&format!("release {pid}\n"))
    }

    fn tell(&self, line: &str) -> Result<()> {
        let mut watchdog = self.0.watchdog.lock().unwrap_or_else(PoisonError::into_inner);
        let input = watchdog.stdin.as_mut().context("the watchdog has no input")?;
        input.write_all(line.as_bytes()).context("the watchdog of a temporary directory is gone")
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let watchdog = self.watchdog.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(watchdog.stdin.take());
        if let Err(error) = watchdog.wait() {
            eprintln!("cannot wait for the removal of {}: {error}", self.path.display());
        }
    }
}

/// A name that is taken, perhaps by somebody else on purpose, is passed over.
fn create(purpose: &str) -> Result<PathBuf> {
    let parent = std::env::temp_dir();
    for _ in 0..1000 {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("patchpanel-{purpose}-{}-{number}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("cannot create {}", path.display())),
        }
    }
    bail!(
        "cannot find a free name for a directory in {}; remove old `patchpanel-…` directories there",
        parent.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_removed_with_the_last_clone() {
        let directory = TemporaryDirectory::new("test").unwrap();
        let path = directory.path().to_owned();
        directory.write("secret", "x").unwrap();
        let clone = directory.clone();
        drop(directory);
        assert!(path.exists());
        drop(clone);
        assert!(!path.exists());
    }

    #[test]
    fn ends_what_it_guards_and_spares_what_it_released() {
        let sleep = || Command::new("sleep").arg("60").spawn().unwrap();
        let (mut guarded, mut released) = (sleep(), sleep());
        let directory = TemporaryDirectory::new("test").unwrap();
        directory.guard(released.id()).unwrap();
        directory.guard(guarded.id()).unwrap();
        directory.release(released.id()).unwrap();
        // Reaped at once, as init would do for an orphan; otherwise the watchdog waits for a zombie.
        let reaper = std::thread::spawn(move || guarded.wait().unwrap());
        drop(directory);
        assert!(!reaper.join().unwrap().success());
        assert!(released.try_wait().unwrap().is_none());
        released.kill().unwrap();
        released.wait().unwrap();
    }
}
