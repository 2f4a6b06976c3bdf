//! Development mode's own token issuer: a key in the data directory, and tokens signed with it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use super::token::{Audience, Claims, RoleClaim, Verifier};
use super::{NameError, Role, check_organization, check_project};
use crate::random;
use crate::regular_file::{self, RegularFile};

/// The issuer that development tokens name.
pub const ISSUER: &str = "patchpanel-development";

/// The audience that tokens name unless a setting says otherwise.
pub const AUDIENCE: &str = "patchpanel";

/// A key file is a few lines of text; a larger one is something else.
const MAX_FILE_BYTES: u64 = 16 * 1024;

/// A key that signs development tokens.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    private: EncodingKey,
}

/// Whom a token is for.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The user's name, without `user:`.
    pub subject: String,
    /// The organization that the token is for.
    pub organization: String,
    /// The project in which the role holds; none is the whole organization.
    pub project: Option<String>,
    /// The role that the caller has there.
    pub role: Role,
}

/// Why there is no key or no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be made or read.
    #[error("cannot use the token key {path}; check the permissions of its directory")]
    File {
        /// The key's file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others can read the file.
    #[error("the token key {0} can be read by others; run `chmod 600 {0}`, or delete it to have a new one made")]
    Readable(PathBuf),
    /// The file holds no key.
    #[error("the token key {0} is not an Ed25519 key in PEM (PKCS#8); delete it to have a new one made")]
    Malformed(PathBuf),
    /// No key could be made, or nothing signed with it.
    #[error("the cryptographic library refused to make or use a key")]
    Cryptography,
    /// A name in the token is not well formed.
    #[error("the {what} cannot be {name:?}")]
    Name {
        /// Which name.
        what: &'static str,
        /// What was given.
        name: String,
        /// What is wrong with it.
        source: NameError,
    },
    /// The life is too long or nothing.
    #[error("a token can live for one second to 366 days")]
    Lifetime,
}

impl SigningKey {
    /// Reads the key at `path`; makes one, readable by its owner alone, if there is none.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let malformed = || Error::Malformed(path.to_owned());
        let failed = |error| match error {
            regular_file::Error::Io(source) => Error::File { path: path.to_owned(), source },
            regular_file::Error::NotRegular | regular_file::Error::TooLarge(_) => malformed(),
        };
        let file = match RegularFile::open(path) {
            Err(regular_file::Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                create(path, &generate()?).map_err(|error| failed(error.into()))?;
                RegularFile::open(path)
            }
            opened => opened,
        }
        .map_err(failed)?;
        if file.mode() & 0o077 != 0 {
            return Err(Error::Readable(path.to_owned()));
        }
        let text = Zeroizing::new(file.read(MAX_FILE_BYTES).map_err(failed)?);
        let der = PrivatePkcs8KeyDer::from_pem_slice(&text).map_err(|_| malformed())?;
        let pair = Ed25519KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| malformed())?;
        Ok(Self { private: EncodingKey::from_ed_der(der.secret_pkcs8_der()), pair })
    }

    /// The check of tokens that this key signs.
    pub fn verifier(&self, audience: &str) -> Verifier {
        Verifier::new(self.pair.public_key().as_ref(), ISSUER, audience)
    }

    /// Signs a token that is valid from `now` for `lifetime`.
    pub fn mint(
        &self,
        subject: &Subject,
        audience: &str,
        lifetime: SignedDuration,
        now: Timestamp,
    ) -> Result<String, Error> {
        if lifetime < SignedDuration::from_secs(1) || lifetime > super::token::MAX_LIFETIME {
            return Err(Error::Lifetime);
        }
        let valid = |what, name: &str, verdict: Result<(), NameError>| {
            verdict.map_err(|source| Error::Name { what, name: name.to_owned(), source })
        };
        valid("subject", &subject.subject, check_project(&subject.subject))?;
        valid("organization", &subject.organization, check_organization(&subject.organization))?;
        if let Some(project) = &subject.project {
            valid("project", project, check_project(project))?;
        }
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: Audience::One(audience.to_owned()),
            sub: subject.subject.clone(),
            exp: now.as_second().saturating_add(lifetime.as_secs()),
            iat: now.as_second(),
            nbf: None,
            org_id: subject.organization.clone(),
            roles: vec![RoleClaim { project: subject.project.clone(), role: subject.role.name().to_owned() }],
        };
        let mut header = jsonwebtoken::Header::new(Algorithm::EdDSA);
        header.kid = Some(super::token::key_id(self.pair.public_key().as_ref()));
        jsonwebtoken::encode(&header, &claims, &self.private).map_err(|_| Error::Cryptography)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningKey(…)")
    }
}

/// A new private key in PEM.
fn generate() -> Result<Zeroizing<String>, Error> {
    let pair = Ed25519KeyPair::generate().map_err(|_| Error::Cryptography)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| Error::Cryptography)?;
    let base64 = Zeroizing::new(STANDARD.encode(der.as_ref()));
    Ok(Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", *base64)))
}

/// Writes a new file that only its owner can read. Two processes that start at once agree on one key: each writes its
/// own file aside, and a hard link lets exactly one of them have the name.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    // Not the process id: in a container it is the same after every start, and what a killed process left behind would
    // be in the way for ever.
    let aside = directory.join(format!(".{}.new", random::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let linked = match written.and_then(|()| std::fs::hard_link(&aside, path)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    };
    std::fs::remove_file(&aside)?;
    linked?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    /// A directory of its own that goes away with the test.
    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("patchpanel-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn alice() -> Subject {
        Subject {
            subject: "alice".to_owned(),
            organization: "acme".to_owned(),
            project: Some("sales".to_owned()),
            role: Role::Developer,
        }
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let directory = Directory::new("token-key");
        let path = directory.0.join("token.pem");
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let token =
            SigningKey::open(&path).unwrap().mint(&alice(), AUDIENCE, SignedDuration::from_hours(1), now).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&directory.0).unwrap().count(), 1);

        let caller = SigningKey::open(&path).unwrap().verifier(AUDIENCE).verify(&token, now).unwrap();
        assert_eq!((caller.principal.as_str(), caller.organization.as_str()), ("user:alice", "acme"));
        assert_eq!(caller.grants, [super::super::Grant { project: Some("sales".to_owned()), role: Role::Developer }]);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let directory = Directory::new("readable-key");
        let path = directory.0.join("token.pem");
        // What a killed process of the same id may have left.
        std::fs::write(path.with_extension(format!("new-{}", std::process::id())), "").unwrap();
        SigningKey::open(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(SigningKey::open(&path), Err(Error::Readable(_))));
    }

    #[test]
    fn a_file_that_is_no_key_is_refused() {
        let directory = Directory::new("no-key");
        let path = directory.0.join("token.pem");
        SigningKey::open(&path).unwrap();
        std::fs::write(&path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
        assert!(matches!(SigningKey::open(&path), Err(Error::Malformed(_))));
    }

    #[test]
    fn a_token_needs_well_formed_names_and_a_life() {
        let directory = Directory::new("mint");
        let key = SigningKey::open(&directory.0.join("token.pem")).unwrap();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let hour = SignedDuration::from_hours(1);
        for subject in [
            Subject { subject: String::new(), ..alice() },
            Subject { organization: "a:b".to_owned(), ..alice() },
            Subject { project: Some("a/b".to_owned()), ..alice() },
        ] {
            assert!(matches!(key.mint(&subject, AUDIENCE, hour, now), Err(Error::Name { .. })), "{subject:?}");
        }
        for lifetime in [SignedDuration::ZERO, SignedDuration::from_hours(-1), SignedDuration::from_hours(9000)] {
            assert!(matches!(key.mint(&alice(), AUDIENCE, lifetime, now), Err(Error::Lifetime)));
        }
    }
}
