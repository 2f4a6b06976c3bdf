//! From rustls's errors to faults.

use std::io;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error};

use super::verifier::WithoutSubjectAltName;
use crate::diagnosis::{Fault, ServerText, code};

/// The fault behind an error of a stream with TLS, if it is TLS's. A server refuses a client certificate only after
/// the handshake (RFC 8446, section 4.4.2.4), so reading can fail so.
pub fn from_io(error: &io::Error) -> Option<Fault> {
    error.get_ref()?.downcast_ref::<Error>().map(from_rustls)
}

fn from_rustls(error: &Error) -> Fault {
    match error {
        Error::InvalidCertificate(reason) => from_certificate(reason),
        Error::AlertReceived(alert) => from_alert(*alert),
        Error::PeerIncompatible(_) => Fault::new(&code::TLS_HANDSHAKE_FAILED)
            .message("The server offers no version or cipher of TLS that is accepted here."),
        Error::InvalidMessage(_) => Fault::new(&code::TLS_HANDSHAKE_FAILED)
            .message("The server agreed to TLS, but what it sent then is not TLS."),
        _ => Fault::new(&code::TLS_HANDSHAKE_FAILED),
    }
}

fn from_alert(alert: AlertDescription) -> Fault {
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
            Fault::new(&code::CLIENT_CERTIFICATE_REQUIRED)
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => Fault::new(&code::CLIENT_CERTIFICATE_REFUSED)
            .message(format!("The server does not accept the client certificate (TLS alert {alert:?}).")),
        _ => Fault::new(&code::TLS_HANDSHAKE_FAILED)
            .message(format!("The server refused to agree on TLS (TLS alert {alert:?}).")),
    }
}

fn from_certificate(reason: &CertificateError) -> Fault {
    match reason {
        CertificateError::UnknownIssuer => Fault::new(&code::CERTIFICATE_UNKNOWN_CA),
        CertificateError::Expired => Fault::new(&code::CERTIFICATE_EXPIRED),
        CertificateError::ExpiredContext { not_after, .. } => Fault::new(&code::CERTIFICATE_EXPIRED).message(format!(
            "{} It was valid until {}.",
            code::CERTIFICATE_EXPIRED.message,
            date(*not_after)
        )),
        CertificateError::NotValidYet => Fault::new(&code::CERTIFICATE_NOT_YET_VALID),
        CertificateError::NotValidYetContext { not_before, .. } => Fault::new(&code::CERTIFICATE_NOT_YET_VALID)
            .message(format!("{} It is from {} on.", code::CERTIFICATE_NOT_YET_VALID.message, date(*not_before))),
        CertificateError::NotValidForName => Fault::new(&code::CERTIFICATE_WRONG_HOST),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<_> = presented.iter().map(|name| bare_name(name)).collect();
            let names = ServerText::default().clean(names.join(", ").as_bytes());
            Fault::new(&code::CERTIFICATE_WRONG_HOST)
                .message(format!("The server's certificate is not for {}, but for: {names}.", expected.to_str()))
        }
        CertificateError::Other(other) if other.0.is::<WithoutSubjectAltName>() => {
            Fault::new(&code::CERTIFICATE_WITHOUT_SAN)
        }
        CertificateError::BadSignature => Fault::new(&code::CERTIFICATE_INVALID)
            .message("The server does not have the key of its certificate: the signature of its handshake is wrong."),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Fault::new(&code::CERTIFICATE_INVALID).message("The server's certificate is not for servers.")
        }
        _ => Fault::new(&code::CERTIFICATE_INVALID),
    }
}

fn date(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(|| "an unreadable date".to_owned(), |timestamp| timestamp.to_string())
}

/// rustls shows the names as `DnsName("db.example.com")` and `IpAddress(192.0.2.10)`.
fn bare_name(presented: &str) -> &str {
    let inside = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.map_or(presented, |name| name.trim_matches('"'))
}
