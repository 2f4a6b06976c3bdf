//! What the client says in SCRAM-SHA-256, and how it knows the server (RFC 5802, section 5; RFC 7677).

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::password;
use crate::random;
use crate::secrets::Secret;

/// Random bytes of the client's part of the nonce, as many as libpq has.
const NONCE_BYTES: usize = 18;

/// What the exchange is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Binding {
    /// There is nothing to bind to.
    Unsupported,
    /// We could have bound: a server that did offer it then knows that somebody took the offer away.
    NotOffered,
    /// The server's certificate (`tls-server-end-point`, RFC 5929).
    Certificate(Vec<u8>),
}

/// An exchange that has begun.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    binding: Binding,
    nonce: String,
}

/// The server's first message, `r=…,s=…,i=…`, perhaps with extensions behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    text: String,
    nonce: String,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

/// The answer to it, and what only a server that knows the password can say in return.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) message: String,
    signed: String,
    server_key: hmac::Key,
}

impl Binding {
    /// The header that says so (RFC 5802, section 7, `gs2-header`).
    fn header(&self) -> &'static str {
        match self {
            Self::Unsupported => "n,,",
            Self::NotOffered => "y,,",
            Self::Certificate(_) => "p=tls-server-end-point,,",
        }
    }
}

impl Exchange {
    /// None without random bytes.
    pub(super) fn new(binding: Binding) -> Option<Self> {
        let mut bytes = [0; NONCE_BYTES];
        random::fill(&mut bytes).ok()?;
        Some(Self { binding, nonce: STANDARD.encode(bytes) })
    }

    /// The client's first message. The user's name is empty: PostgreSQL has it from the startup message.
    pub(super) fn first(&self) -> String {
        format!("{}{}", self.binding.header(), self.bare())
    }

    fn bare(&self) -> String {
        format!("n=,r={}", self.nonce)
    }

    /// Whether the challenge is one for this exchange: the nonce has ours before its own part.
    pub(super) fn knows(&self, challenge: &Challenge) -> bool {
        challenge.nonce.starts_with(&self.nonce)
    }

    /// Whether the server has added something to the nonce, without which the exchange could be replayed.
    pub(super) fn is_extended_by(&self, challenge: &Challenge) -> bool {
        challenge.nonce.len() > self.nonce.len()
    }

    /// Proves the password. This is the slow part.
    pub(super) fn answer(&self, challenge: &Challenge, secret: &Secret, iterations: NonZeroU32) -> Answer {
        let mut salted = Zeroizing::new([0; digest::SHA256_OUTPUT_LEN]);
        let password = password::prepare(secret.expose());
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &challenge.salt, &password, &mut *salted);
        let salted = hmac::Key::new(hmac::HMAC_SHA256, &*salted);
        let client_key = hmac::sign(&salted, b"Client Key");
        let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());

        let bound = match &self.binding {
            Binding::Certificate(data) => [self.binding.header().as_bytes(), data].concat(),
            _ => self.binding.header().as_bytes().to_vec(),
        };
        let without_proof = format!("c={},r={}", STANDARD.encode(bound), challenge.nonce);
        let signed = format!("{},{},{without_proof}", self.bare(), challenge.text);
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, stored_key.as_ref()), signed.as_bytes());
        let proof: Vec<u8> = client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, sign)| key ^ sign).collect();
        let server_key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&salted, b"Server Key").as_ref());
        Answer { message: format!("{without_proof},p={}", STANDARD.encode(proof)), signed, server_key }
    }
}

impl Challenge {
    /// None for what cannot be read, and for mandatory extensions, of which there are none.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        let text = str::from_utf8(message).ok()?;
        let mut parts = text.split(',');
        let mut value = |name| parts.next()?.strip_prefix(name);
        let (nonce, salt, digits) = (value("r=")?, value("s=")?, value("i=")?);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let iterations = is_number.then(|| digits.parse().unwrap_or(u32::MAX))?;
        let salt = STANDARD.decode(salt).ok()?;
        Some(Self { text: text.to_owned(), nonce: nonce.to_owned(), salt, iterations })
    }
}

impl Answer {
    /// Whether the server's last message, `v=…`, proves that it knows the password.
    pub(super) fn is_proven_by(&self, last: &[u8]) -> bool {
        let signature = str::from_utf8(last).ok().and_then(|last| last.split(',').next()?.strip_prefix("v="));
        let signature = signature.and_then(|signature| STANDARD.decode(signature).ok());
        signature.is_some_and(|signature| hmac::verify(&self.server_key, self.signed.as_bytes(), &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677, section 3, but for the user's name, which PostgreSQL has elsewhere.
    #[test]
    fn proves_and_is_proven_to() {
        let exchange = Exchange { binding: Binding::Unsupported, nonce: "rOprNGfwEbeRWgbNEkqO".to_owned() };
        assert_eq!(exchange.first(), "n,,n=,r=rOprNGfwEbeRWgbNEkqO");
        let message = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let challenge = Challenge::read(message).unwrap();
        assert!(exchange.knows(&challenge) && exchange.is_extended_by(&challenge));
        let answer = exchange.answer(&challenge, &Secret::new("pencil"), NonZeroU32::new(4096).unwrap());
        let (without_proof, proof) = answer.message.split_once(",p=").unwrap();
        assert_eq!(without_proof, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");

        // What a server knows of the password: the stored key and its own.
        let mut salted = [0; 32];
        let iterations = NonZeroU32::new(4096).unwrap();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &challenge.salt, b"pencil", &mut salted);
        let sign = |key: &[u8], data: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data);
        let client_key = sign(&salted, b"Client Key");
        let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
        let signature = sign(stored_key.as_ref(), answer.signed.as_bytes());
        let proof = STANDARD.decode(proof).unwrap();
        let shown: Vec<u8> = proof.iter().zip(signature.as_ref()).map(|(proof, sign)| proof ^ sign).collect();
        assert_eq!(shown, client_key.as_ref());
        let ours = STANDARD.encode(sign(sign(&salted, b"Server Key").as_ref(), answer.signed.as_bytes()));
        assert!(answer.is_proven_by(format!("v={ours}").as_bytes()));
        assert!(answer.is_proven_by(format!("v={ours},x=more").as_bytes()));
        for last in ["", "v=", "v=AAAA", "e=other-error", &ours, &format!("v={}", ours.to_lowercase())] {
            assert!(!answer.is_proven_by(last.as_bytes()), "{last}");
        }
    }

    #[test]
    fn reads_challenges_and_nothing_else() {
        for (message, expected) in [
            (&b"r=a,s=c2FsdA==,i=4096"[..], Some(4096)),
            (b"r=a,s=c2FsdA==,i=4096,x=more", Some(4096)),
            (b"r=a,s=,i=1", Some(1)),
            (b"r=a,s=c2FsdA==,i=99999999999999", Some(u32::MAX)),
            (b"r=a,s=c2FsdA==,i=-1", None),
            (b"r=a,s=c2FsdA==,i=+1", None),
            (b"r=a,s=c2FsdA==,i=", None),
            (b"r=a,s=c2FsdA==", None),
            (b"r=a,s=!,i=4096", None),
            (b"r=a,i=4096,s=c2FsdA==", None),
            (b"m=x,r=a,s=c2FsdA==,i=4096", None),
            (b"\xff,i=1", None),
            (b"", None),
        ] {
            let iterations = Challenge::read(message).map(|challenge| challenge.iterations);
            assert_eq!(iterations, expected, "{}", String::from_utf8_lossy(message));
        }
    }
}
