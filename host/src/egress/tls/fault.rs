//! From rustls's errors to faults.

use std::io;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error};

use super::verifier::{ExpiredRoot, ShortKey, WithoutSubjectAltName};
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
        CertificateError::Other(other) if let Some(ShortKey(bits)) = other.0.downcast_ref() => Fault::new(
            &code::CERTIFICATE_INVALID,
        )
        .message(format!(
            "The key of the server's certificate is too short: RSA with {bits} bits, where 2048 are the least that is \
                     accepted."
        ))
        .remedy("Give the server a certificate with a key of ECDSA, Ed25519, or RSA with 2048 bits or more."),
        CertificateError::Other(other) if let Some(root) = other.0.downcast_ref::<ExpiredRoot>() => {
            let subject = ServerText::default().clean(root.subject.as_bytes());
            Fault::new(&code::CERTIFICATE_EXPIRED)
                .message(format!(
                    "The root certificate of the connection that the server's leads to has expired: {subject}, valid until {}.",
                    date(root.not_after)
                ))
                .remedy(
                    "Renew the authority's certificate, set ssl_root_cert to the new one, and give the server a certificate \
                     that it has signed.",
                )
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use rustls::crypto::aws_lc_rs::{default_provider, sign};
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
    use rustls::sign::{CertifiedKey, SingleCertAndKey};
    use rustls::{ClientConfig, ServerConfig};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::super::verifier::Verifier;
    use super::from_io;

    /// A certificate whose RSA key has 1024 bits.
    const SHORT: &str = "\
-----BEGIN CERTIFICATE-----
MIICDzCCAXigAwIBAgIUWV+OQ62RJNQ/SG3XhCfwg4zJmiQwDQYJKoZIhvcNAQEL
BQAwEDEOMAwGA1UEAwwFc2hvcnQwIBcNMjYxMTI4MDU1NDE1WhgPMjEyNjExMDQw
NTU0MTVaMBAxDjAMBgNVBAMMBXNob3J0MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCB
iQKBgQD4jN+nrsvGYx+fEgFcCEEDnMTgOp5ltgTqCdihX+MSJ5GVNP9JMpBboKBQ
uJ3sZU6UWjPZiKol7fcnxgIFdtO4+p22/URmZnzgQULjFRDP6EniLHFRzkmFi1jL
rYy6pHFDbdoN7QDUbZJtUfYcegvciPgfd3VnKmShfX2S4VBcrwIDAQABo2QwYjAd
BgNVHQ4EFgQUiX9qEKiKLSNmapXsp+TRh4/cVSgwHwYDVR0jBBgwFoAUiX9qEKiK
LSNmapXsp+TRh4/cVSgwDwYDVR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAAB
MA0GCSqGSIb3DQEBCwUAA4GBAIW90P3rFzk2rr6I0ynJZwWDNhoWpnNqK7CXCPpY
HcRoasDN2Syz+OTGH9VUDcLfPryVaVDTbqFO4OdGLDlBVz+YhG14h6ZbYpZQUxhM
wgxURBtTM3DDJRGs9u616fTv+AL/Ck0qjPpPlNBOwf6/ZaNY1MjD6iAS1TxeDHoE
bW7Z
-----END CERTIFICATE-----";

    /// Whatever a server signs with, the signature of a short key is not looked at.
    #[tokio::test]
    async fn a_short_key_is_named() {
        let provider = Arc::new(default_provider());
        let key: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
        let key = PrivatePkcs8KeyDer::from(key.as_ref().to_vec()).into();
        let certificate = CertificateDer::from_pem_slice(SHORT.as_bytes()).unwrap();
        let certified = CertifiedKey::new(vec![certificate], sign::any_supported_type(&key).unwrap());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier::new(None, false, &provider)))
            .with_no_client_auth();
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let name = ServerName::try_from("short").unwrap();
        let (connected, _) = tokio::join!(
            TlsConnector::from(Arc::new(client)).connect(name, ours),
            TlsAcceptor::from(Arc::new(server)).accept(theirs)
        );
        let fault = from_io(&connected.unwrap_err()).unwrap();
        assert_eq!(fault.code, "certificate_invalid");
        assert!(fault.message.contains("too short: RSA with 1024 bits"), "{}", fault.message);
        assert!(fault.remedy.contains("2048"), "{}", fault.remedy);
    }
}
