//! From rustls's errors to faults.

use std::io;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible, PeerMisbehaved};
use x509_parser::prelude::FromDer;
use x509_parser::x509::AlgorithmIdentifier;

use super::refusal::Refusal;
use crate::diagnosis::{Fault, code};

/// The fault behind an error of a stream with TLS, if it is TLS's. A server refuses a client certificate only after
/// the handshake (RFC 8446, section 4.4.2.4), so reading can fail so.
pub fn from_io(error: &io::Error) -> Option<Fault> {
    error.get_ref()?.downcast_ref::<Error>().map(from_rustls)
}

fn from_rustls(error: &Error) -> Fault {
    match error {
        Error::InvalidCertificate(reason) => from_certificate(reason),
        Error::AlertReceived(alert) => from_alert(*alert),
        Error::PeerIncompatible(reason) => from_incompatible(reason),
        // Before anybody sees the scheme: of TLS 1.2's ciphers none is for a key of this kind.
        Error::PeerMisbehaved(PeerMisbehaved::SignedKxWithWrongAlgorithm) => (&Refusal::KindOfKey("RSASSA-PSS")).into(),
        Error::InvalidMessage(_) => Fault::new(&code::TLS_HANDSHAKE_FAILED)
            .message("The server agreed to TLS, but what it sent then is not TLS."),
        _ => Fault::new(&code::TLS_HANDSHAKE_FAILED),
    }
}

/// What is offered to servers: rustls's defaults with aws-lc-rs.
const OFFERED: &str = "Offered are TLS 1.2 and 1.3, AES-GCM and ChaCha20-Poly1305 with a key exchange on X25519, P-256, P-384 or P-521, and \
                       certificates with keys of ECDSA (P-256, P-384, P-521), Ed25519 or RSA.";

/// The server says that it has nothing in common with what is offered, and not what it has.
fn nothing_in_common() -> Fault {
    Fault::new(&code::TLS_HANDSHAKE_FAILED)
        .message(format!("The server has nothing in common with what is offered to it. {OFFERED}"))
        .remedy(
            "Look at the server's ciphers (ssl_ciphers in PostgreSQL), of which those with CBC or without ECDHE are not offered; \
             at its groups (ssl_ecdh_curve); and at the kind of its key (openssl x509 -in server.crt -noout -text).",
        )
}

fn from_incompatible(reason: &PeerIncompatible) -> Fault {
    let failed = |message: &str| Fault::new(&code::TLS_HANDSHAKE_FAILED).message(message);
    match reason {
        PeerIncompatible::ServerDoesNotSupportTls12Or13 | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig => {
            too_old()
        }
        PeerIncompatible::NoKxGroupsInCommon
        | PeerIncompatible::NoCipherSuitesInCommon
        | PeerIncompatible::NoSignatureSchemesInCommon => nothing_in_common(),
        PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon => Fault::new(&code::CLIENT_CERTIFICATE_REFUSED)
            .message("The server asks for a client certificate, and takes no signature by a key of this one's kind.")
            .remedy("Use a client certificate with a key of ECDSA on P-256, or RSA with 2048 bits or more."),
        _ => failed("The server's part of TLS lacks something that is needed here."),
    }
}

fn too_old() -> Fault {
    Fault::new(&code::TLS_HANDSHAKE_FAILED)
        .message("The server speaks only versions of TLS before 1.2, which are not safe.")
        .remedy("Have the server offer TLS 1.2 or 1.3 (ssl_min_protocol_version and ssl_max_protocol_version in PostgreSQL).")
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
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => nothing_in_common(),
        AlertDescription::ProtocolVersion => too_old(),
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
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Fault::new(&code::CERTIFICATE_WRONG_HOST)
        }
        CertificateError::Other(other) if let Some(refusal) = other.0.downcast_ref::<Refusal>() => refusal.into(),
        CertificateError::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. } => {
            Fault::new(&code::CERTIFICATE_INVALID)
                .message(format!(
                    "A certificate of the server's chain is signed with an algorithm that is not accepted: {}.",
                    algorithm(signature_algorithm_id)
                ))
                .remedy("Have the authority sign with ECDSA, Ed25519, or RSA with SHA-256 or better.")
        }
        CertificateError::BadSignature => Fault::new(&code::CERTIFICATE_INVALID)
            .message("The server does not have the key of its certificate: the signature of its handshake is wrong."),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Fault::new(&code::CERTIFICATE_INVALID).message("The server's certificate is not for servers.")
        }
        _ => Fault::new(&code::CERTIFICATE_INVALID),
    }
}

/// The name of a signature's algorithm, by its object identifier in DER; else the identifier.
fn algorithm(der: &[u8]) -> String {
    let Ok((_, id)) = AlgorithmIdentifier::from_der(der) else { return "an unknown one".to_owned() };
    match id.oid().to_id_string().as_str() {
        "1.2.840.113549.1.1.4" => "RSA with MD5".to_owned(),
        "1.2.840.113549.1.1.5" => "RSA with SHA-1".to_owned(),
        "1.2.840.113549.1.1.10" => "RSASSA-PSS with other parameters than usual".to_owned(),
        "1.2.840.10045.4.1" => "ECDSA with SHA-1".to_owned(),
        "1.3.101.113" => "Ed448".to_owned(),
        "2.16.840.1.101.3.4.3.2" => "DSA with SHA-256".to_owned(),
        other => format!("object identifier {other}"),
    }
}

/// RFC 3339, in UTC.
pub(super) fn date(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(|| "an unreadable date".to_owned(), |timestamp| timestamp.to_string())
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
