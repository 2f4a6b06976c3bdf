//! Files and directories that are for this user alone.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

/// Makes a directory for nobody else, with those above it; one that is there is [closed](close).
pub fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    close(path)
}

/// Takes from others what they may do with a file or directory that is there, and says so: a restored backup, or a copy, has
/// other permissions than what was made here. Where that is not ours to do, it is only said.
pub fn close(path: &Path) -> io::Result<()> {
    let mode = match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        metadata => metadata?.mode() & 0o7777,
    };
    let closed = mode & !0o077;
    if mode == closed {
        return Ok(());
    }
    let (shown, was) = (path.display(), format!("{mode:04o}"));
    match std::fs::set_permissions(path, Permissions::from_mode(closed)) {
        Ok(()) => tracing::warn!(path = %shown, was, "others could read or write this; only its owner can now"),
        Err(error) => {
            tracing::warn!(path = %shown, was, %error, "others can read or write this; run `chmod go-rwx` on it");
        }
    }
    Ok(())
}
