//! Digests as they are written everywhere: `sha256:` and 64 hex digits in lower case.

use aws_lc_rs::digest::{Digest, SHA256};

use crate::hex;

/// The digest of these bytes.
pub fn of(bytes: &[u8]) -> String {
    write(&aws_lc_rs::digest::digest(&SHA256, bytes))
}

/// A finished SHA-256.
pub fn write(digest: &Digest) -> String {
    format!("sha256:{}", hex::encode(digest.as_ref()))
}

/// Whether a text is one.
pub fn is_digest(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix("sha256:").is_some_and(|digits| digits.len() == 64 && digits.bytes().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_written_in_one_way() {
        let digest = of(b"");
        assert_eq!(digest, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(is_digest(&digest));
        for other in ["", "sha256:", &digest[7..], &digest[..70], &digest.to_uppercase(), &format!("{digest}0")] {
            assert!(!is_digest(other), "{other}");
        }
    }
}
