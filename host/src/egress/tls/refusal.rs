//! Why a server's certificate is refused, where rustls's own error says too little of it.

use std::sync::Arc;

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error, OtherError};

use super::fault::date;
use super::names::{WrongName, recipe};
use crate::diagnosis::{Fault, ServerText, code};

/// Why a certificate is refused. Texts are the server's, as they are.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// A key of the chain is shorter than is accepted.
    #[error("an RSA key of {0} bits is too short")]
    ShortKey(usize),
    /// The server signs by a key of a kind that is not accepted.
    #[error("a key of the kind {0} is not accepted")]
    KindOfKey(&'static str),
    /// A root of the connection has expired.
    #[error("the root {subject} has expired")]
    ExpiredRoot {
        /// Whose it is.
        subject: String,
        /// Since when.
        not_after: UnixTime,
    },
    /// The certificate names no host in a subjectAltName.
    #[error("the certificate has no subjectAltName")]
    WithoutSubjectAltName {
        /// The entry that it should have, such as `DNS:db.example.com`.
        entry: String,
    },
    /// The certificate names other hosts.
    #[error("the certificate is for other names")]
    WrongName(WrongName),
    /// A certificate of the chain is older than version 3 of X.509, which alone can say for what it is.
    #[error("a certificate is of X.509 version {version}")]
    OldVersion {
        /// 1 or 2.
        version: u32,
        /// Whose it is.
        whose: Whose,
    },
    /// A certificate is signed by itself, and not trusted.
    #[error("{subject} is signed by itself")]
    SelfSigned {
        /// Whose it is.
        subject: String,
        /// Whether it is the server's own.
        of_server: bool,
    },
    /// The chain ends at a certificate whose issuer's is not there.
    #[error("the issuer {issuer} of {subject} is missing")]
    MissingIssuer {
        /// Whose certificate is the last of the chain.
        subject: String,
        /// Who issued it.
        issuer: String,
    },
    /// A root has the issuer's name, and another key.
    #[error("the root {0} has another key")]
    OtherKey(String),
}

/// Whose certificate is too old.
#[derive(Debug)]
pub(super) enum Whose {
    /// The server's, which should have this entry in its subjectAltName.
    Server(String),
    /// That of an authority in between, as it is shown.
    Authority(String),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        CertificateError::Other(OtherError(Arc::new(refusal))).into()
    }
}

impl From<&Refusal> for Fault {
    fn from(refusal: &Refusal) -> Self {
        let shown = |text: &str| ServerText::default().clean(text.as_bytes());
        match refusal {
            Refusal::ShortKey(bits) => Self::new(&code::CERTIFICATE_INVALID)
                .message(format!(
                    "The key of the server's certificate is too short: RSA with {bits} bits, where 2048 are the least that is \
                     accepted."
                ))
                .remedy("Give the server a certificate with a key of ECDSA, Ed25519, or RSA with 2048 bits or more."),
            Refusal::KindOfKey(kind) => Self::new(&code::CERTIFICATE_INVALID)
                .message(format!("The key of the server's certificate is of a kind that is not accepted: {kind}."))
                .remedy("Give the server a certificate with a key of ECDSA, Ed25519, or RSA with 2048 bits or more (not RSA-PSS)."),
            Refusal::ExpiredRoot { subject, not_after } => Self::new(&code::CERTIFICATE_EXPIRED)
                .message(format!(
                    "The root certificate of the connection that the server's leads to has expired: {}, valid until {}.",
                    shown(subject),
                    date(*not_after)
                ))
                .remedy(
                    "Renew the authority's certificate, set ssl_root_cert to the new one, and give the server a certificate \
                     that it has signed.",
                ),
            Refusal::WithoutSubjectAltName { entry } => Self::new(&code::CERTIFICATE_WITHOUT_SAN)
                .remedy(format!("{} Such a certificate is made by: {}", code::CERTIFICATE_WITHOUT_SAN.remedy, recipe(entry))),
            Refusal::WrongName(wrong) => {
                Self::new(&code::CERTIFICATE_WRONG_HOST).message(wrong.message()).remedy(wrong.remedy())
            }
            Refusal::OldVersion { version, whose } => old_version(*version, whose),
            Refusal::SelfSigned { subject, of_server: true } => Self::new(&code::CERTIFICATE_UNKNOWN_CA)
                .message(format!("The server's certificate is signed by itself ({}), and is not trusted.", shown(subject)))
                .remedy("If it is the right one, set ssl_root_cert to it; whoever runs the server has it."),
            Refusal::SelfSigned { subject, of_server: false } => Self::new(&code::CERTIFICATE_UNKNOWN_CA)
                .message(format!("The server's certificate leads to the root {}, which is not trusted.", shown(subject))),
            Refusal::MissingIssuer { subject, issuer } => missing_issuer(&shown(subject), &shown(issuer)),
            Refusal::OtherKey(subject) => Self::new(&code::CERTIFICATE_UNKNOWN_CA).message(format!(
                "The server's certificate is signed by another key than that of the trusted root {}, which has the name of its \
                 issuer: the authority was made anew, or it is another one.",
                shown(subject)
            )),
        }
    }
}

fn old_version(version: u32, whose: &Whose) -> Fault {
    let fault = Fault::new(&code::CERTIFICATE_INVALID);
    match whose {
        Whose::Server(entry) => fault
            .message(format!(
                "The server's certificate is of X.509 version {version}, which does not say for which host it is, so that it \
                 cannot be verified."
            ))
            .remedy(format!(
                "Give the server a certificate of version 3, which it is as soon as it has an extension, such as by: {}",
                recipe(entry)
            )),
        Whose::Authority(subject) => fault
            .message(format!(
                "The certificate of {subject}, through which the server's leads, is of X.509 version {version}, which does not \
                 say that it is an authority's."
            ))
            .remedy("Have it made anew as version 3, with the extension basicConstraints=critical,CA:TRUE."),
    }
}

fn missing_issuer(subject: &str, issuer: &str) -> Fault {
    Fault::new(&code::CERTIFICATE_UNKNOWN_CA)
        .message(format!(
            "The certificate {subject} was issued by {issuer}, whose certificate the server does not send and which is no \
             trusted root."
        ))
        .remedy(
            "Set ssl_root_cert to the certificate (PEM) of that issuer; or, if it is an intermediate authority, have the server \
             send its certificate behind its own (in PostgreSQL in the file of ssl_cert_file).",
        )
}
