//! A regular file, read whole within a bound, whatever may stand at its path: a pipe would be waited for, and a device
//! never ends.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// An open file that is a regular one.
#[derive(Debug)]
pub struct RegularFile {
    file: File,
    /// The file's size when it was opened, in bytes.
    bytes: u64,
    mode: u32,
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A directory, a pipe, a device or a socket.
    #[error("it is no regular file")]
    NotRegular,
    /// The file has more than this many bytes.
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl RegularFile {
    /// Opens a file for reading. Symbolic links are followed: mounted secrets are such.
    pub fn open(path: &Path) -> Result<Self, Error> {
        // Without waiting: not for the writer of a pipe, nor for a device. A terminal does not become ours.
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
        let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
        // What a socket answers.
        let is_absent_device = |error: &io::Error| error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error());
        let file = match opened {
            Err(error) if is_absent_device(&error) => return Err(Error::NotRegular),
            opened => opened?,
        };
        // Asked of the open file, not of its name, which could be exchanged in between.
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(Error::NotRegular);
        }
        Ok(Self { file, bytes: metadata.len(), mode: metadata.mode() & 0o7777 })
    }

    /// The file's permission bits.
    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// All of it, if that is at most this many bytes. They are in one place in memory, unless the file grows meanwhile.
    pub fn read(self, most: u64) -> Result<Vec<u8>, Error> {
        if self.bytes > most {
            return Err(Error::TooLarge(most));
        }
        // A little more than it has, so that the end is found without growing.
        let mut bytes = Vec::with_capacity(usize::try_from(self.bytes).unwrap_or(0).saturating_add(64));
        self.file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(Error::TooLarge(most));
        }
        Ok(bytes)
    }
}

/// All of the regular file at this path, if that is at most this many bytes.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    RegularFile::open(path)?.read(most)
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            other => Self::new(io::ErrorKind::InvalidData, other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::*;

    #[test]
    fn reads_regular_files_within_the_bound_and_waits_for_nothing() {
        let directory = std::env::temp_dir().join(format!("patchpanel-regular-{}", crate::random::id()));
        std::fs::create_dir(&directory).unwrap();
        let at = |name: &str| directory.join(name);
        std::fs::write(at("four"), "four").unwrap();
        symlink(at("four"), at("link")).unwrap();
        symlink("/dev/zero", at("device")).unwrap();
        symlink(at("nothing"), at("dangling")).unwrap();
        mkfifoat(CWD, at("pipe"), Mode::RUSR | Mode::WUSR).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        File::create(at("large")).unwrap().set_len(1 << 40).unwrap();
        for name in ["four", "link"] {
            assert_eq!(read(&at(name), 4).unwrap(), b"four", "{name}");
            assert!(matches!(read(&at(name), 3), Err(Error::TooLarge(3))), "{name}");
        }
        for name in ["device", "pipe", "socket", "."] {
            assert!(matches!(read(&at(name), 4), Err(Error::NotRegular)), "{name}");
        }
        for name in ["dangling", "nothing"] {
            let Err(Error::Io(error)) = read(&at(name), 4) else { panic!("{name}") };
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{name}");
        }
        assert!(matches!(read(&at("large"), 4), Err(Error::TooLarge(4))));
        // It says that it has nothing, and has something.
        assert!(matches!(read(Path::new("/proc/self/status"), 4), Err(Error::TooLarge(4))));
        std::fs::remove_dir_all(directory).unwrap();
    }
}
