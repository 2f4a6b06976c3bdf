//! Authenticated encryption of short values: AES-256-GCM-SIV (RFC 8452), which forgives a repeated nonce, with random
//! nonces. What a value was sealed for is its associated data: a row that was moved or relabelled does not open.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroizing;

use super::{Reference, Secret};
use crate::random;

/// The first byte of everything sealed; a later layout gets another.
const FORMAT: u8 = 1;
const HEADER_LEN: usize = 1 + NONCE_LEN;
const TAG_LEN: usize = 16;

/// The bytes of a key.
pub(super) const KEY_LEN: usize = 32;

/// A key, wiped when dropped.
#[derive(Clone)]
pub(super) struct Key(Zeroizing<[u8; KEY_LEN]>);

/// What a value is sealed for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Context<'a> {
    /// The value that shows at start whether the master key is the right one.
    MasterKeyCheck { version: i64 },
    /// An organization's data key, wrapped by a master key.
    DataKey { organization: &'a str, master_key_version: i64 },
    /// A secret, sealed by its organization's data key.
    Secret(&'a Reference),
}

/// The value cannot be opened: another key, another context, or altered bytes. Which of them is not to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotOpened;

impl Key {
    /// A new random key.
    pub(super) fn generate() -> Result<Self, Unspecified> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        random::fill(bytes.as_mut())?;
        Ok(Self(bytes))
    }

    /// A key from its bytes; none when their number is wrong.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        if bytes.len() != KEY_LEN {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// The bytes, to be wrapped by another key or written to the key file.
    pub(super) fn expose(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// The key for HMAC-SHA-256 that is derived from this one with this label.
    pub(super) fn derive(&self, label: &str) -> Result<hmac::Key, Unspecified> {
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(self.expose());
        Ok(extracted.expand(&[label.as_bytes()], hmac::HMAC_SHA256)?.into())
    }

    /// Seals a value: format, nonce, ciphertext, tag.
    pub(super) fn seal(&self, context: Context<'_>, value: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let cipher = RandomizedNonceKey::new(&AES_256_GCM_SIV, self.expose())?;
        // All the room at once: a buffer that grew would leave a copy of the value behind.
        let mut sealed = Zeroizing::new(Vec::with_capacity(HEADER_LEN + value.len() + TAG_LEN));
        sealed.resize(HEADER_LEN, 0);
        sealed.extend_from_slice(value);
        let associated_data = Aad::from(context.associated_data());
        let (nonce, tag) = cipher.seal_in_place_separate_tag(associated_data, &mut sealed[HEADER_LEN..])?;
        sealed[0] = FORMAT;
        sealed[1..HEADER_LEN].copy_from_slice(nonce.as_ref());
        sealed.extend_from_slice(tag.as_ref());
        Ok(std::mem::take(&mut *sealed))
    }

    /// Opens what `seal` made with the same key and context.
    pub(super) fn open(&self, context: Context<'_>, sealed: &[u8]) -> Result<Secret, NotOpened> {
        if sealed.len() < HEADER_LEN + TAG_LEN || sealed[0] != FORMAT {
            return Err(NotOpened);
        }
        let cipher = RandomizedNonceKey::new(&AES_256_GCM_SIV, self.expose()).map_err(|_| NotOpened)?;
        let nonce = Nonce::try_assume_unique_for_key(&sealed[1..HEADER_LEN]).map_err(|_| NotOpened)?;
        let mut value = Zeroizing::new(sealed[HEADER_LEN..].to_vec());
        let associated_data = Aad::from(context.associated_data());
        let len = cipher.open_in_place(nonce, associated_data, &mut value).map_err(|_| NotOpened)?.len();
        value.truncate(len);
        Ok(Secret::new(std::mem::take(&mut *value)))
    }
}

impl Context<'_> {
    /// The format, the purpose and every field, each text with its length before it: no two contexts have the same.
    fn associated_data(self) -> Vec<u8> {
        let mut data = vec![FORMAT];
        match self {
            Self::MasterKeyCheck { version } => {
                push_text(&mut data, "patchpanel master key check");
                data.extend_from_slice(&version.to_be_bytes());
            }
            Self::DataKey { organization, master_key_version } => {
                push_text(&mut data, "patchpanel data key");
                push_text(&mut data, organization);
                data.extend_from_slice(&master_key_version.to_be_bytes());
            }
            Self::Secret(Reference { organization, key, version }) => {
                push_text(&mut data, "patchpanel secret");
                push_text(&mut data, organization);
                push_text(&mut data, key);
                data.extend_from_slice(&version.to_be_bytes());
            }
        }
        data
    }
}

/// A text with its length before it.
pub(super) fn push_text(data: &mut Vec<u8>, text: &str) {
    data.extend_from_slice(&(text.len() as u64).to_be_bytes());
    data.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(organization: &str, key: &str, version: i64) -> Reference {
        Reference { organization: organization.into(), key: key.into(), version }
    }

    #[test]
    fn opens_what_it_sealed_byte_for_byte() {
        let key = Key::generate().unwrap();
        let reference = reference("acme", "k", 1);
        let long = vec![7; 65_536];
        for value in [&b""[..], b"\0", b"p\xff\xfe\0ss", &long] {
            let sealed = key.seal(Context::Secret(&reference), value).unwrap();
            assert_eq!(sealed.len(), HEADER_LEN + value.len() + TAG_LEN);
            assert_eq!(key.open(Context::Secret(&reference), &sealed).unwrap().expose(), value);
        }
    }

    #[test]
    fn the_same_value_never_looks_the_same() {
        let key = Key::generate().unwrap();
        let context = Context::MasterKeyCheck { version: 1 };
        assert_ne!(key.seal(context, b"value").unwrap(), key.seal(context, b"value").unwrap());
    }

    #[test]
    fn opens_with_no_other_key_context_or_byte() {
        let key = Key::generate().unwrap();
        let right = reference("acme", "key", 1);
        let sealed = key.seal(Context::Secret(&right), b"hunter2").unwrap();
        assert!(key.open(Context::Secret(&right), &sealed).is_ok());
        assert_eq!(Key::generate().unwrap().open(Context::Secret(&right), &sealed), Err(NotOpened));
        for wrong in [
            reference("acm", "ekey", 1),
            reference("acmek", "ey", 1),
            reference("acme", "key", 2),
            reference("other", "key", 1),
        ] {
            assert_eq!(key.open(Context::Secret(&wrong), &sealed), Err(NotOpened), "{wrong:?}");
        }
        assert_eq!(key.open(Context::DataKey { organization: "acme", master_key_version: 1 }, &sealed), Err(NotOpened));
        for position in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[position] ^= 1;
            assert_eq!(key.open(Context::Secret(&right), &altered), Err(NotOpened), "byte {position}");
            assert_eq!(key.open(Context::Secret(&right), &sealed[..position]), Err(NotOpened), "cut at {position}");
        }
    }
}
