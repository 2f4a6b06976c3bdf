//! Certificates and private keys in PEM (RFC 7468) as people have them: out of a file of another system, a variable, a table
//! or a mail. What a copy does to white space is put right; what is damaged, missing or something else is named, and nothing is
//! left out in silence.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const CERTIFICATE: &str = "CERTIFICATE";

/// What blocks are (RFC 7468, and OpenSSL and OpenSSH beside it). Another label is not repeated: where a dash of it was lost,
/// what follows it is a part of a key.
const LABELS: [&str; 16] = [
    CERTIFICATE,
    "TRUSTED CERTIFICATE",
    "ATTRIBUTE CERTIFICATE",
    "X509 CRL",
    "CERTIFICATE REQUEST",
    "NEW CERTIFICATE REQUEST",
    "PKCS7",
    "CMS",
    "PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "PUBLIC KEY",
    "EC PARAMETERS",
    "DH PARAMETERS",
];
const UNKNOWN: &str = "block of an unknown kind";

/// Why a text is not what it is taken for. It is a sentence for people, and repeats nothing of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is nothing in PEM in it.
    #[error("There is no {0} in PEM in it.")]
    Nothing(&'static str),
    /// A block is something else.
    #[error("Of its blocks in PEM, number {number} is a {label}, not a {wanted}.")]
    Other {
        /// Which block, from 1.
        number: usize,
        /// What the block says that it is, if that is known.
        label: &'static str,
        /// What it is taken for.
        wanted: &'static str,
    },
    /// A block begins, and cannot be read.
    #[error("{begun} begin in it, and number {number} cannot be read: its end or a part of its lines is missing.")]
    Damaged {
        /// Certificates that begin, as words.
        begun: String,
        /// Which of them, from 1.
        number: usize,
    },
    /// A block is PEM, and no certificate.
    #[error("What stands in certificate number {0} is not an X.509 certificate.")]
    NoCertificate(usize),
    /// A private key with a passphrase.
    #[error("The private key is encrypted with a passphrase.")]
    Encrypted,
    /// A private key that cannot be read.
    #[error("The private key cannot be read: its end or a part of its lines is missing, or it is of another form.")]
    NoKey,
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Nothing("private key") => {
                "Send the whole text of the key's file, from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----."
            }
            Self::Nothing(_) | Self::Damaged { .. } | Self::NoCertificate(_) => {
                "Send the whole text of the file, each certificate from -----BEGIN CERTIFICATE----- to \
                 -----END CERTIFICATE-----."
            }
            Self::Other { label, .. } if *label == "TRUSTED CERTIFICATE" => {
                "Make an ordinary one of it: openssl x509 -in FILE -out certificate.pem"
            }
            Self::Other { label, .. } if *label == "CERTIFICATE REQUEST" => {
                "Send the certificate that the authority has made of the request."
            }
            Self::Other { label, .. } if *label == "OPENSSH PRIVATE KEY" => {
                "Keys of SSH have a form of their own; make one of PKCS #8 of it: ssh-keygen -p -m PKCS8 -f FILE"
            }
            Self::Other { wanted: "private key", .. } => "Send the private key that belongs to the certificate.",
            Self::Other { .. } => "Leave out what is no certificate.",
            Self::Encrypted => "Send it without its passphrase: openssl pkey -in FILE -out plain.key",
            Self::NoKey => "Send an unencrypted key of PKCS #8, PKCS #1 or SEC 1: openssl pkey -in FILE -out plain.key",
        }
    }
}

/// The certificates of a text: as many as begin in it, and at least one.
pub fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let labels: Vec<&str> = labels(text).collect();
    if labels.is_empty() {
        return Err(Error::Nothing("certificate"));
    }
    if let Some(at) = labels.iter().position(|label| *label != CERTIFICATE) {
        return Err(Error::Other { number: at + 1, label: known(labels[at]), wanted: "certificate" });
    }
    let begun = if labels.len() == 1 { "1 certificate".into() } else { format!("{} certificates", labels.len()) };
    let damaged = |number| Error::Damaged { begun, number };
    // One that does not end would be read together with the next.
    if let Some(at) = text.split(BEGIN).skip(1).position(|block| !block.contains(END)) {
        return Err(damaged(at + 1));
    }
    let tidy = tidy(text);
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(tidy.as_bytes()) {
        let Ok(certificate) = certificate else { break };
        if !X509Certificate::from_der(&certificate).is_ok_and(|(rest, _)| rest.is_empty()) {
            return Err(Error::NoCertificate(certificates.len() + 1));
        }
        certificates.push(certificate);
    }
    if certificates.len() < labels.len() { Err(damaged(certificates.len() + 1)) } else { Ok(certificates) }
}

/// The private key of a text: the first one, whatever else is in it, such as the parameters of its curve.
pub fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    let text = str::from_utf8(text).map_err(|_| Error::Nothing("private key"))?;
    let Some(first) = labels(text).next() else { return Err(Error::Nothing("private key")) };
    let is_key = |label: &str| label.ends_with("PRIVATE KEY") && label != "OPENSSH PRIVATE KEY";
    if !labels(text).any(is_key) {
        return Err(Error::Other { number: 1, label: known(first), wanted: "private key" });
    }
    // `ENCRYPTED PRIVATE KEY` of PKCS #8, and a header of older forms (RFC 1421, section 4.6.1.1).
    if text.contains("ENCRYPTED") {
        return Err(Error::Encrypted);
    }
    PrivateKeyDer::from_pem_slice(tidy(text).as_bytes()).map_err(|_| Error::NoKey)
}

/// What each block says that it is.
fn labels(text: &str) -> impl Iterator<Item = &str> {
    text.split(BEGIN).skip(1).map(|rest| rest.split_once(DASHES).map_or(rest, |(label, _)| label))
}

/// A label, if it is one.
fn known(label: &str) -> &'static str {
    LABELS.into_iter().find(|known| *known == label).unwrap_or(UNKNOWN)
}

/// The text with each marker on a line of its own and no white space in a block, where `\n` in two characters is white space
/// too: what becomes of line breaks in JSON, YAML and variables. Made with all the room at once, since it may be a key: a
/// buffer that grew would leave a copy behind.
fn tidy(text: &str) -> Zeroizing<String> {
    let markers = text.matches(DASHES).count();
    let mut tidy = Zeroizing::new(String::with_capacity(text.len() + 2 * markers));
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(marker) = marker(rest) {
            tidy.push('\n');
            tidy.push_str(marker);
            tidy.push('\n');
            rest = &rest[marker.len()..];
        } else if let Some(after) = rest.strip_prefix("\\n").or_else(|| rest.strip_prefix("\\r")) {
            rest = after;
        } else {
            if !character.is_whitespace() && character != '\u{feff}' {
                tidy.push(character);
            }
            rest = &rest[character.len_utf8()..];
        }
    }
    tidy
}

/// The marker with which a text begins.
fn marker(text: &str) -> Option<&str> {
    let label = text.strip_prefix(BEGIN).or_else(|| text.strip_prefix(END))?;
    let end = text.len() - label.len() + label.find(DASHES)? + DASHES.len();
    Some(&text[..end])
}

#[cfg(test)]
mod tests {
    use test_support::certificates::Authority;

    use super::*;

    #[test]
    fn what_a_copy_does_to_white_space_is_put_right() {
        let (one, two) = (Authority::new("one").unwrap(), Authority::new("two").unwrap());
        let (one, two) = (one.certificate().to_owned(), two.certificate().to_owned());
        let both = format!("{one}{two}");
        for text in [
            both.clone(),
            format!("\u{feff}{both}"),
            format!("{one}\u{feff}{two}"),
            format!("{}{}", one.trim_end(), two.trim_end()),
            both.replace('\n', "\r\n"),
            both.replace('\n', "\\n"),
            both.replace('\n', "\\r\\n"),
            both.replace('\n', " "),
            both.replace('\n', ""),
            both.replace('\n', "\n    "),
            both.replace('\n', "\u{a0}\n\n"),
            format!("subject=CN = one\n\n{one}\nsubject=CN = two\n{two}\n# the end"),
            format!("\"{both}\""),
        ] {
            let expected: Vec<_> = CertificateDer::pem_slice_iter(both.as_bytes()).collect::<Result<_, _>>().unwrap();
            assert_eq!(certificates(&text).as_ref(), Ok(&expected), "{text}");
        }
    }

    #[test]
    fn no_certificate_is_left_out_in_silence() {
        let one = Authority::new("one").unwrap().certificate().to_owned();
        let key = Authority::new("one").unwrap().server(&["a"]).unwrap().key;
        let cut = &one[..one.len() - 60];
        let damaged = |begun: &str, number| Error::Damaged { begun: begun.to_owned(), number };
        let other = |number, label| Error::Other { number, label, wanted: "certificate" };
        for (text, expected) in [
            (String::new(), Error::Nothing("certificate")),
            ("not pem".to_owned(), Error::Nothing("certificate")),
            (cut.to_owned(), damaged("1 certificate", 1)),
            (format!("{one}{cut}"), damaged("2 certificates", 2)),
            (format!("{cut}{one}"), damaged("2 certificates", 1)),
            (one.replacen("MII", "M!I", 1), damaged("1 certificate", 1)),
            (one.replacen("MII", "AII", 1), Error::NoCertificate(1)),
            (format!("{one}{key}"), other(2, "PRIVATE KEY")),
            (one.replace("CERTIFICATE", "CERTIFICATE REQUEST"), other(1, "CERTIFICATE REQUEST")),
            ("-----BEGIN ".to_owned(), other(1, UNKNOWN)),
            ("-----BEGIN canary-canary-canary".to_owned(), other(1, UNKNOWN)),
        ] {
            let error = certificates(&text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(error.to_string().ends_with('.') && !error.hint().is_empty());
        }
    }

    #[test]
    fn a_key_is_read_as_it_was_pasted_or_named() {
        let key = Authority::new("one").unwrap().server(&["a"]).unwrap().key;
        let expected = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        for text in [
            key.clone(),
            key.replace('\n', "\\n"),
            key.replace('\n', " "),
            format!("\u{feff}{key}"),
            format!("{parameters}{key}"),
        ] {
            assert_eq!(private_key(text.as_bytes()).as_ref(), Ok(&expected), "{text}");
        }
        let certificate = Authority::new("one").unwrap().certificate().to_owned();
        let rsa = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----";
        let other = |label| Error::Other { number: 1, label, wanted: "private key" };
        for (text, expected) in [
            ("canary".to_owned(), Error::Nothing("private key")),
            (certificate, other("CERTIFICATE")),
            (key.replace("PRIVATE", "OPENSSH PRIVATE"), other("OPENSSH PRIVATE KEY")),
            (key.replace("PRIVATE", "ENCRYPTED PRIVATE"), Error::Encrypted),
            (rsa.to_owned(), Error::Encrypted),
            (key[..60].to_owned(), Error::NoKey),
            (key.replacen("KEY-----", "KEY----", 1), other(UNKNOWN)),
            (key.replacen("PRIVATE KEY-----", "", 1), other(UNKNOWN)),
            ("-----BEGIN canary-canary-canary".to_owned(), other(UNKNOWN)),
        ] {
            let error = private_key(text.as_bytes()).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("canary") && !error.to_string().contains(&key[30..40]), "{error}");
        }
        assert_eq!(private_key(b"\xff").unwrap_err(), Error::Nothing("private key"));
    }
}
