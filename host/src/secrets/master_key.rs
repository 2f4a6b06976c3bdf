//! The master key file: the one secret that the installation itself keeps. Text, so that it can be backed up and
//! mounted like any other key file; several versions, so that the key can be replaced while old values are still read.
//!
//! ```text
//! # comment
//! 1 5f1d…   (64 hex digits)
//! 2 a034…
//! ```

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::error::Unspecified;
use zeroize::Zeroizing;

use super::sealing::{KEY_LEN, Key};
use crate::random;
use crate::regular_file::{self, RegularFile};

/// A key file is some lines of text; a larger one is something else.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// What to do when there is no key file and nothing has been sealed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMissing {
    /// Make one: development mode.
    Create,
    /// Refuse to start.
    Refuse,
}

/// Why the master key cannot be had. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// There is no file.
    #[error(
        "there is no master key file {0}; put the key there, or make one line of `1 ` and 64 random hex digits, mode 0600"
    )]
    Missing(PathBuf),
    /// Others could read it.
    #[error(
        "the master key file {path} may be read or written by others (mode {mode:04o}); run `chmod 600` on it, and replace the key if it may have been read"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// The file's permission bits.
        mode: u32,
    },
    /// The path of the key leads to a directory, or to something else that is no file.
    #[error("the master key file {0} is not a file; name the file itself with --master-key-file")]
    NoFile(PathBuf),
    /// The file has something else in it than keys.
    #[error("the master key file {path} is not well-formed: {reason}; each line is a version and 64 hex digits")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, without quoting anything.
        reason: String,
    },
    /// The operating system refused.
    #[error("the master key file {path} cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no randomness.
    #[error("the operating system gave no random bytes for a master key")]
    Random,
}

/// The master keys by version; at least one.
pub(super) struct MasterKeys {
    keys: BTreeMap<i64, Key>,
    current: i64,
    current_key: Key,
}

impl MasterKeys {
    /// Reads the file; makes it, as `if_missing` says, when there is none.
    pub(super) fn open(path: &Path, if_missing: IfMissing) -> Result<Self, MasterKeyError> {
        match Self::load(path) {
            Err(MasterKeyError::Missing(_)) if if_missing == IfMissing::Create => Self::create(path),
            loaded => loaded,
        }
    }

    /// A new key, which is in no file.
    pub(super) fn generate() -> Result<Self, MasterKeyError> {
        let key = Key::generate().map_err(|Unspecified| MasterKeyError::Random)?;
        Ok(Self { current_key: key.clone(), keys: BTreeMap::from([(1, key)]), current: 1 })
    }

    /// Reads the file of the master key.
    pub(super) fn load(path: &Path) -> Result<Self, MasterKeyError> {
        let malformed = |reason: String| MasterKeyError::Malformed { path: path.into(), reason };
        let failed = |error| match error {
            regular_file::Error::NotRegular => MasterKeyError::NoFile(path.into()),
            regular_file::Error::TooLarge(_) => malformed(error.to_string()),
            regular_file::Error::Io(source) if source.kind() == io::ErrorKind::NotFound => {
                MasterKeyError::Missing(path.into())
            }
            regular_file::Error::Io(source) => MasterKeyError::Io { path: path.into(), source },
        };
        let file = RegularFile::open(path).map_err(failed)?;
        let mode = file.mode();
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::Exposed { path: path.into(), mode });
        }
        let text = Zeroizing::new(file.read(MAX_FILE_BYTES).map_err(failed)?);
        let text = str::from_utf8(&text).map_err(|_| malformed("it is not text".to_owned()))?;
        Self::parse(text).map_err(malformed)
    }

    /// Writes a file with a new key, which appears whole or not at all, and reads it. Two processes that start at once
    /// agree on one key: whoever comes second reads that of the first.
    fn create(path: &Path) -> Result<Self, MasterKeyError> {
        let new = Self::generate()?;
        let mut text = Zeroizing::new(String::with_capacity(512));
        text.push_str("# The master key of this installation. Whoever has it and the secret store can read every\n");
        text.push_str("# credential; without it no credential can be read again. Keep a copy somewhere safe.\n1 ");
        for byte in new.current_key.expose() {
            text.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
            text.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        }
        text.push('\n');
        write_new(path, text.as_bytes()).map_err(|source| MasterKeyError::Io { path: path.into(), source })?;
        Self::load(path)
    }

    /// The version that new values are sealed with: the highest.
    pub(super) fn current(&self) -> i64 {
        self.current
    }

    /// The key of the current version.
    pub(super) fn current_key(&self) -> &Key {
        &self.current_key
    }

    /// Every version and its key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &Key)> {
        self.keys.iter().map(|(version, key)| (*version, key))
    }

    /// The key of this version.
    pub(super) fn get(&self, version: i64) -> Option<&Key> {
        self.keys.get(&version)
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut keys = BTreeMap::new();
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = index + 1;
            let (version, digits) =
                line.split_once(char::is_whitespace).ok_or_else(|| format!("line {number} has no key"))?;
            let version = version
                .parse()
                .ok()
                .filter(|version| *version > 0)
                .ok_or_else(|| format!("line {number} does not start with a version from 1"))?;
            let key = parse_hex(digits.trim())
                .ok_or_else(|| format!("line {number} does not have {} hex digits", 2 * KEY_LEN))?;
            if keys.insert(version, key).is_some() {
                return Err(format!("line {number} repeats the version {version}"));
            }
        }
        let (&current, current_key) = keys.last_key_value().ok_or("it has no key")?;
        Ok(Self { current, current_key: current_key.clone(), keys })
    }
}

fn parse_hex(digits: &str) -> Option<Key> {
    if digits.len() != 2 * KEY_LEN {
        return None;
    }
    let mut bytes = Zeroizing::new([0u8; KEY_LEN]);
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Key::from_bytes(bytes.as_ref())
}

/// Writes beside the path, then links: a crash leaves no half-written key, and a key that is there stays.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let draft = directory.join(format!(".{}.new", random::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let linked = match written.and_then(|()| std::fs::hard_link(&draft, path)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    };
    std::fs::remove_file(&draft)?;
    linked?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn directory() -> PathBuf {
        let path = std::env::temp_dir().join(format!("patchpanel-master-key-{}", random::id()));
        std::fs::create_dir(&path).unwrap();
        path
    }

    fn write(path: &Path, text: &str, mode: u32) {
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn reads_back_what_it_created() {
        let directory = directory();
        let path = directory.join("master.key");
        let created = MasterKeys::create(&path).unwrap();
        let loaded = MasterKeys::load(&path).unwrap();
        assert_eq!(loaded.current(), 1);
        assert_eq!(loaded.get(1).unwrap().expose(), created.get(1).unwrap().expose());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = MasterKeys::create(&path).unwrap();
        assert_eq!(again.current_key().expose(), created.current_key().expose(), "it must not replace a key");
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "no draft stays behind");
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn all_that_make_one_at_once_have_the_same() {
        let directory = directory();
        let path = directory.join("master.key");
        let open =
            || *MasterKeys::open(&path, IfMissing::Create).unwrap().current_key().expose().first_chunk::<32>().unwrap();
        let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "no draft stays behind");
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn the_highest_version_is_current() {
        let text = format!("# old and new\n\n2 {}\n1 {}\n", "0a".repeat(32), "0B".repeat(32));
        let keys = MasterKeys::parse(&text).unwrap();
        assert_eq!(keys.current(), 2);
        assert_eq!(keys.get(1).unwrap().expose(), [11; 32]);
        assert!(keys.get(3).is_none());
    }

    #[test]
    fn refuses_what_is_missing_exposed_or_malformed() {
        let directory = directory();
        let path = directory.join("master.key");
        assert!(matches!(MasterKeys::load(&path), Err(MasterKeyError::Missing(_))));
        assert!(matches!(MasterKeys::load(&directory), Err(MasterKeyError::NoFile(_))));
        let good = format!("1 {}\n", "ab".repeat(32));
        for mode in [0o640, 0o604, 0o660, 0o620, 0o601] {
            write(&path, &good, mode);
            assert!(matches!(MasterKeys::load(&path), Err(MasterKeyError::Exposed { .. })), "{mode:o}");
        }
        write(&path, &good, 0o600);
        assert!(MasterKeys::load(&path).is_ok());
        let digits = "ab".repeat(32);
        for text in [
            String::new(),
            "# only a comment\n".into(),
            "1\n".into(),
            digits.clone(),
            format!("0 {digits}\n"),
            format!("x {digits}\n"),
            format!("1 {digits}0\n"),
            format!("1 {}\n", "gg".repeat(32)),
            format!("1 {}\n", "é".repeat(32)),
            format!("1 {digits}\n1 {digits}\n"),
        ] {
            write(&path, &text, 0o600);
            let error = MasterKeys::load(&path).err().unwrap_or_else(|| panic!("accepted {text:?}"));
            assert!(matches!(error, MasterKeyError::Malformed { .. }), "{text:?}: {error}");
            assert!(!error.to_string().contains(&digits), "the message quotes the key");
        }
        std::fs::remove_dir_all(directory).unwrap();
    }
}
