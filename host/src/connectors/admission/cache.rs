//! Compiled connectors on disk. One is never loaded from there unless it carries this installation's mark, because
//! compiled code is trusted with the whole process.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use aws_lc_rs::hmac;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::compile::MAX_CODE_BYTES;
use crate::{private, random, regular_file};

/// Bytes of the mark in front of the compiled code: HMAC-SHA-256.
const MARK_BYTES: usize = 32;

/// The compiled forms on disk.
pub(in crate::connectors) struct Cache {
    directory: PathBuf,
    key: hmac::Key,
}

impl Cache {
    /// Opens the directory, for nobody else to use, and makes it when it is not there. `key` makes the marks.
    pub(in crate::connectors) fn open(directory: &Path, key: hmac::Key) -> io::Result<Self> {
        private::make_directory(directory)?;
        // Earlier versions kept a key beside what it marks: who can write here could mark anything.
        match fs::remove_file(directory.join("key")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self { directory: directory.to_owned(), key })
    }

    /// The component with this digest, if it is here, carries the mark and fits this engine.
    ///
    /// Reads the file once and checks the bytes that were read, so that nothing can change in between.
    pub(super) fn read(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let (path, name) = self.entry(engine, digest);
        let bytes = match regular_file::read(&path, MARK_BYTES as u64 + MAX_CODE_BYTES) {
            Ok(bytes) => bytes,
            Err(regular_file::Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a cached connector cannot be read; compiling it again");
                return None;
            }
        };
        let (mark, code) = bytes.split_at_checked(MARK_BYTES).unwrap_or_default();
        if hmac::verify(&self.key, &marked(&name, code), mark).is_ok() {
            // One that this engine does not take is compiled again, to say why.
            return deserialize(engine, code).ok();
        }
        // Also of a process that had another key: nothing is wrong when it is made anew.
        tracing::info!(path = %path.display(), "a cached connector does not carry this installation's mark; compiling it again");
        None
    }

    /// Keeps compiled code. Without it the next start takes longer, which is logged.
    pub(super) fn write(&self, engine: &Engine, digest: &str, code: &[u8]) {
        let (path, name) = self.entry(engine, digest);
        if let Err(error) = self.try_write(&path, &name, code) {
            tracing::warn!(path = %path.display(), %error, "the compiled connector cannot be cached");
        }
    }

    /// Removes compiled code that nobody needs any more.
    pub(super) fn remove(&self, engine: &Engine, digest: &str) {
        let (path, _) = self.entry(engine, digest);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "the compiled connector cannot be removed");
            }
            _ => {}
        }
    }

    /// The file, and what its mark says that it is.
    fn entry(&self, engine: &Engine, digest: &str) -> (PathBuf, String) {
        let mut compatibility = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut compatibility);
        let name = format!("{}-{:016x}", digest.trim_start_matches("sha256:"), compatibility.finish());
        (self.directory.join(format!("{name}.cwasm")), name)
    }

    fn try_write(&self, path: &Path, name: &str, code: &[u8]) -> io::Result<()> {
        // A name of its own: other processes, and other threads of this one, may be writing the same.
        let temporary = path.with_extension(format!("{}.new", random::id()));
        let write = || {
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
            file.write_all(hmac::sign(&self.key, &marked(name, code)).as_ref())?;
            file.write_all(code)?;
            // Not synchronised: what a failing power supply cuts off does not carry the mark, and is compiled again.
            fs::rename(&temporary, path)
        };
        write().inspect_err(|_| drop(fs::remove_file(&temporary)))
    }
}

/// What the mark is over: the code and what it was made from, so that no file passes for another.
fn marked(name: &str, code: &[u8]) -> Vec<u8> {
    [name.as_bytes(), b"\0", code].concat()
}

#[expect(unsafe_code, reason = "the one place where compiled code becomes runnable")]
pub(in crate::connectors) fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `code` was made by this program's compiler: just now, or with this installation's mark on it.
    unsafe { Component::deserialize(engine, code) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn opens_for_nobody_else_and_keeps_no_key() {
        let data = std::env::temp_dir().join(format!("patchpanel-cache-{}", random::id()));
        let directory = data.join("cache");
        let open = || Cache::open(&directory, hmac::Key::new(hmac::HMAC_SHA256, &[7; 32])).unwrap();
        open();
        for directory in [&data, &directory] {
            assert_eq!(fs::metadata(directory).unwrap().permissions().mode() & 0o777, 0o700);
        }
        fs::write(directory.join("key"), [7; 32]).unwrap();
        open();
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0, "a key of an earlier version is removed");
        fs::remove_dir_all(data).unwrap();
    }
}
