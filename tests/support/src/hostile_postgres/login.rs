//! The server's half of SCRAM-SHA-256 (RFC 5802, RFC 7677).

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const SALT: &[u8] = b"salt of this one";
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).unwrap();

/// An exchange under way.
#[derive(Debug)]
pub struct Scram {
    /// The client's first message without what it says of channel binding.
    bare: String,
    challenge: String,
}

impl Scram {
    /// Reads the client's first message, with or without what PostgreSQL has around it.
    pub fn begin(first: &[u8]) -> Option<Self> {
        let at = first.windows(5).position(|part| part == b"n=,r=")?;
        let bare = str::from_utf8(&first[at..]).ok()?.to_owned();
        let challenge = format!("r={}ours,s={},i={ITERATIONS}", &bare[5..], STANDARD.encode(SALT));
        Some(Self { bare, challenge })
    }

    /// The same with another challenge.
    #[must_use]
    pub fn challenged(self, challenge: &str) -> Self {
        Self { challenge: challenge.to_owned(), ..self }
    }

    /// The client's nonce.
    pub fn nonce(&self) -> &str {
        &self.bare[5..]
    }

    /// What the client has to answer.
    pub fn challenge(&self) -> &str {
        &self.challenge
    }

    /// What proves to the client that this password is known here; none when the client's last message does not prove the
    /// same.
    pub fn verifier(&self, password: &str, last: &[u8]) -> Option<String> {
        let (without_proof, proof) = str::from_utf8(last).ok()?.split_once(",p=")?;
        let (salt, iterations) = self.challenge.split_once(",s=")?.1.split_once(",i=")?;
        let (salt, iterations) = (STANDARD.decode(salt).ok()?, iterations.parse().ok()?);
        let mut salted = [0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, password.as_bytes(), &mut salted);
        let signed = format!("{},{},{without_proof}", self.bare, self.challenge);
        let client_key = sign(&salted, b"Client Key");
        let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
        let signature = sign(stored_key.as_ref(), signed.as_bytes());
        let expected: Vec<u8> =
            client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, sign)| key ^ sign).collect();
        let known = sign(sign(&salted, b"Server Key").as_ref(), signed.as_bytes());
        (STANDARD.encode(expected) == proof).then(|| format!("v={}", STANDARD.encode(known.as_ref())))
    }
}

fn sign(key: &[u8], data: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data)
}
