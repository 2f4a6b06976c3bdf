//! Secrets as values: they cannot be printed, and they are wiped when dropped.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

/// A secret: bytes that `Debug` hides, that nothing displays or serialises, and that are wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A secret of these bytes, which it takes over and wipes in the end.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes. The caller must not print or store them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Credentials by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials(BTreeMap<String, Secret>);

/// The first byte of credentials as one secret; a later layout gets another.
const FORMAT: u8 = 1;

impl Credentials {
    /// The credential of this name.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }

    /// Sets the credential of this name; one that was set is replaced.
    pub fn set(&mut self, name: String, value: Secret) {
        self.0.insert(name, value);
    }

    /// Removes the credential of this name.
    pub fn clear(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The names of those that are set, sorted.
    pub fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether no credential is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as one secret: the format, then each name and each value with its length before it (32 bits, big
    /// endian).
    pub fn to_secret(&self) -> Secret {
        let len = 1 + self.iter().map(|(name, value)| 8 + name.len() + value.expose().len()).sum::<usize>();
        // All the room at once: a buffer that grew would leave a copy of the values behind.
        let mut bytes = Vec::with_capacity(len);
        bytes.push(FORMAT);
        for (name, value) in self.iter() {
            for part in [name.as_bytes(), value.expose()] {
                // Secrets are bounded far below 4 GiB; a longer one would be refused by every store.
                bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
                bytes.extend_from_slice(part);
            }
        }
        Secret::new(bytes)
    }

    /// What `to_secret` made; none when it is something else.
    pub fn from_secret(secret: &Secret) -> Option<Self> {
        let (format, mut rest) = secret.expose().split_first()?;
        let mut credentials = Self::default();
        while !rest.is_empty() {
            let name = take_part(&mut rest)?;
            let value = take_part(&mut rest)?;
            credentials.set(str::from_utf8(name).ok()?.to_owned(), Secret::new(value));
        }
        (*format == FORMAT).then_some(credentials)
    }
}

fn take_part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, after) = rest.split_first_chunk()?;
    let (part, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    *rest = after;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_come_back_from_one_secret_byte_for_byte() {
        let mut credentials = Credentials::default();
        assert_eq!(Credentials::from_secret(&credentials.to_secret()), Some(credentials.clone()));
        credentials.set("password".into(), Secret::new(*b"\0\xff\"}"));
        credentials.set("username".into(), Secret::new(*b""));
        let secret = credentials.to_secret();
        assert_eq!(Credentials::from_secret(&secret), Some(credentials));
        for len in 0..secret.expose().len() {
            if let Some(shorter) = Credentials::from_secret(&Secret::new(&secret.expose()[..len])) {
                assert!(shorter.names().len() < 2, "cut at {len}");
            }
        }
        assert_eq!(Credentials::from_secret(&Secret::new(*b"\x02")), None);
    }

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(format!("{:?}", Secret::new(*b"hunter2")), "Secret(…)");
    }
}
