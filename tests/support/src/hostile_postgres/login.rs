//! The server's half of a login by SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677).

use std::collections::HashMap;
use std::io;
use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Session, message};

const SALT: &[u8] = b"salt of this one";
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).unwrap();

/// Codes that stand where others have the version of the protocol (PostgreSQL manual, "Message Formats").
const SSL_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();
const CANCEL_REQUEST: [u8; 4] = 80_877_102_u32.to_be_bytes();

/// Who the client says that it is, by name and value; none when it has come to cancel a statement.
pub(super) fn greet(session: &mut Session) -> io::Result<Option<HashMap<String, String>>> {
    loop {
        let body = session.body()?;
        match body.get(..4) {
            Some(code) if code == SSL_REQUEST => session.send(b"N")?,
            Some(code) if code == CANCEL_REQUEST => return Ok(None),
            _ => {
                let said = text(body.get(4..).unwrap_or_default().to_vec())?;
                let mut words = said.split('\0').map(str::to_owned);
                return Ok(Some(std::iter::from_fn(|| Some((words.next()?, words.next()?))).collect()));
            }
        }
    }
}

/// Has the client prove that it knows the password, and proves that it is known here too.
pub(super) fn prove(session: &mut Session, password: &str) -> io::Result<()> {
    session.send(&authentication(10, b"SCRAM-SHA-256\0\0"))?;
    let first = text(session.next_message()?.body)?;
    let bare = first.split_once("n,,").ok_or(io::ErrorKind::InvalidData)?.1.to_owned();
    let nonce = bare.split_once("r=").ok_or(io::ErrorKind::InvalidData)?.1;
    let challenge = format!("r={nonce}ours,s={},i={ITERATIONS}", STANDARD.encode(SALT));
    session.send(&authentication(11, challenge.as_bytes()))?;
    let last = text(session.next_message()?.body)?;
    let (without_proof, proof) = last.split_once(",p=").ok_or(io::ErrorKind::InvalidData)?;

    let mut salted = [0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, SALT, password.as_bytes(), &mut salted);
    let signed = format!("{bare},{challenge},{without_proof}");
    let client_key = sign(&salted, b"Client Key");
    let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
    let signature = sign(stored_key.as_ref(), signed.as_bytes());
    let expected: Vec<u8> = client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, sign)| key ^ sign).collect();
    if STANDARD.encode(expected) != proof {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let proof = sign(sign(&salted, b"Server Key").as_ref(), signed.as_bytes());
    let verifier = authentication(12, format!("v={}", STANDARD.encode(proof.as_ref())).as_bytes());
    session.send(&verifier)
}

/// All is well, and the session is ready.
pub(super) fn welcome(session: &mut Session) -> io::Result<()> {
    let parameter = message(b'S', b"server_version\x0015.1\0");
    let key = message(b'K', &[0, 0, 0, 1, 0, 0, 0, 2]);
    session.send(&[authentication(0, b""), parameter, key, message(b'Z', b"I")].concat())
}

fn authentication(kind: u32, data: &[u8]) -> Vec<u8> {
    message(b'R', &[&kind.to_be_bytes()[..], data].concat())
}

fn sign(key: &[u8], data: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}
