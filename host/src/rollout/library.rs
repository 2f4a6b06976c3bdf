//! The bytes of all versions: one file each, named by its digest, complete or not there. The only code that knows where they
//! are: the others put, get, delete and list them by digest.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::Error;
use crate::connectors::admission::Reason;
use crate::{crash, digest, private, random, regular_file};

/// The code of the reason against a version whose bytes are not here any more.
pub(super) const DAMAGED: &str = "damaged";

/// The directory of components.
#[derive(Debug)]
pub(super) struct Library {
    directory: PathBuf,
    /// The largest component, in bytes.
    most: u64,
}

/// A component that is being received. What is not finished goes away with it.
pub struct Incoming {
    file: tokio::fs::File,
    /// Taken when it is finished.
    path: Option<PathBuf>,
    digest: Context,
    bytes: u64,
    most: u64,
    /// Among the uploads at once.
    place: Option<OwnedSemaphorePermit>,
}

/// A component whose bytes are in the library for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// `sha256:` and 64 hex digits.
    pub digest: String,
    /// Its size.
    pub bytes: u64,
}

impl Library {
    /// Opens the directory, for nobody else to use, and makes it when it is not there. What a killed process was receiving
    /// goes.
    pub(super) fn open(directory: PathBuf, most: u64) -> io::Result<Self> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", directory.display()));
        private::make_directory(&directory).map_err(named)?;
        for (path, stem) in files(&directory, "new").map_err(named)? {
            if Uuid::parse_str(&stem).is_ok()
                && let Err(error) = fs::remove_file(&path)
            {
                tracing::warn!(path = %path.display(), %error, "what a killed process was receiving cannot be removed");
            }
        }
        Ok(Self { directory, most })
    }

    /// The digests of all versions whose bytes are here. What is none of ours is left alone.
    pub(super) async fn list(&self) -> io::Result<Vec<String>> {
        let directory = self.directory.clone();
        let files = tokio::task::spawn_blocking(move || files(&directory, "wasm")).await??;
        let digests = files.into_iter().map(|(_, stem)| format!("sha256:{stem}"));
        Ok(digests.filter(|digest| digest::is_digest(digest)).collect())
    }

    /// Begins to receive a component of at most this many bytes.
    pub(super) async fn receive(&self, most: u64, place: Option<OwnedSemaphorePermit>) -> io::Result<Incoming> {
        let path = self.directory.join(format!("{}.new", random::id()));
        let mut options = tokio::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&path).await?;
        Ok(Incoming { file, path: Some(path), digest: Context::new(&SHA256), bytes: 0, most, place })
    }

    /// The bytes of a version; a reason against it if they are not what its digest says.
    pub(super) async fn get(&self, digest: &str) -> io::Result<Result<Vec<u8>, Vec<Reason>>> {
        let refuse = |what: &str| {
            let remedy = "Upload it again, or put its file into the directory of connectors.";
            Ok(Err(vec![Reason::new(DAMAGED, format!("its file in the library {what}"), remedy)]))
        };
        let (path, digest, most) = (self.path(digest), digest.to_owned(), self.most);
        let read = move || {
            let bytes = regular_file::read(&path, most)?;
            Ok((digest::of(&bytes) == digest).then_some(bytes))
        };
        match tokio::task::spawn_blocking(read).await? {
            Ok(Some(bytes)) => Ok(Ok(bytes)),
            Ok(None) | Err(regular_file::Error::TooLarge(_)) => {
                refuse("has other bytes than it was admitted with, or more than a component may have")
            }
            Err(regular_file::Error::NotRegular) => refuse("is no regular file"),
            Err(regular_file::Error::Io(error)) => match error.kind() {
                io::ErrorKind::NotFound => refuse("is gone"),
                io::ErrorKind::PermissionDenied => refuse("cannot be read by this user"),
                _ => Err(error),
            },
        }
    }

    /// Whether the bytes of this version are here, and no others.
    pub(super) async fn has(&self, digest: &str) -> bool {
        matches!(self.get(digest).await, Ok(Ok(_)))
    }

    /// Deletes the bytes of a version. One that is not here is fine.
    pub(super) async fn delete(&self, digest: &str) -> io::Result<()> {
        match tokio::fs::remove_file(self.path(digest)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.directory.join(format!("{}.wasm", digest.trim_start_matches("sha256:")))
    }

    /// Puts what was received under its digest. It is durable when this returns.
    pub(super) async fn put(&self, mut incoming: Incoming) -> Result<Received, Error> {
        incoming.file.flush().await?;
        incoming.file.sync_all().await?;
        crash::point("upload-received");
        let digest = digest::write(&incoming.digest.clone().finish());
        let path = self.path(&digest);
        if let Some(temporary) = incoming.path.take() {
            tokio::fs::rename(&temporary, &path).await?;
            let directory = self.directory.clone();
            tokio::task::spawn_blocking(move || sync_directory(&directory)).await??;
        }
        crash::point("upload-stored");
        Ok(Received { digest, bytes: incoming.bytes })
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Incoming").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Incoming {
    /// Its place among the uploads, to be held until it has been admitted.
    pub(super) fn take_place(&mut self) -> Option<OwnedSemaphorePermit> {
        self.place.take()
    }

    /// Adds bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        if self.bytes > self.most {
            return Err(Error::TooLarge(self.most));
        }
        self.digest.update(bytes);
        Ok(self.file.write_all(bytes).await?)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(path) = self.path.take()
            && let Err(error) = fs::remove_file(&path)
        {
            tracing::warn!(path = %path.display(), %error, "a component that was not received whole cannot be removed");
        }
    }
}

/// The files of a directory with this extension, each with its name without it.
fn files(directory: &Path, extension: &str) -> io::Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new(extension))
            && let Some(stem) = path.file_stem().and_then(OsStr::to_str).map(str::to_owned)
        {
            files.push((path, stem));
        }
    }
    Ok(files)
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
