//! The check of a server's certificate.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

/// What a certificate must lead to.
#[derive(Debug)]
pub(super) struct Anchors {
    pub(super) roots: Arc<RootCertStore>,
    /// The connection's own roots as they were given. A server may serve one of them itself.
    pub(super) own: Vec<CertificateDer<'static>>,
}

/// Verifies as the TLS mode of a connection says.
#[derive(Debug)]
pub(super) struct Verifier {
    anchors: Option<Anchors>,
    check_name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

/// The shortest RSA key that is accepted, as everywhere in today's TLS.
const MIN_RSA_BITS: usize = 2048;

/// A key of the chain is shorter than is accepted.
#[derive(Debug, thiserror::Error)]
#[error("an RSA key of {0} bits is too short")]
pub(super) struct ShortKey(pub(super) usize);

/// A root of the connection has expired.
#[derive(Debug, thiserror::Error)]
#[error("the root {subject} has expired")]
pub(super) struct ExpiredRoot {
    /// Whose it is.
    pub(super) subject: String,
    /// Since when.
    pub(super) not_after: UnixTime,
}

/// The certificate names no host in a subjectAltName.
#[derive(Debug, thiserror::Error)]
#[error("the certificate has no subjectAltName")]
pub(super) struct WithoutSubjectAltName;

impl Verifier {
    /// With no anchors only the server's possession of its key is verified.
    pub(super) fn new(anchors: Option<Anchors>, check_name: bool, provider: &CryptoProvider) -> Self {
        Self { anchors, check_name, algorithms: provider.signature_verification_algorithms }
    }

    fn check_chain(
        &self,
        anchors: &Anchors,
        parsed: &ParsedCertificate<'_>,
        served: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        // webpki never takes a CA's certificate for a server's; libpq does, and self-made ones are common.
        if anchors.own.iter().any(|root| root == served) {
            return check_dates(served, now);
        }
        let by = |roots: &RootCertStore| {
            verify_server_cert_signed_by_trust_anchor(parsed, roots, intermediates, now, self.algorithms.all)
        };
        by(&anchors.roots)
            .map_err(|error| match error {
                Error::InvalidCertificate(CertificateError::Other(_)) if is_self_issued(served) => {
                    CertificateError::UnknownIssuer.into()
                }
                // A root of the right name with another key: an authority was made anew under its old name.
                Error::InvalidCertificate(
                    CertificateError::BadSignature
                    | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
                ) => CertificateError::UnknownIssuer.into(),
                error => error,
            })
            .and_then(|()| check_dates_of_roots(anchors, now, by))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(anchors) = &self.anchors {
            let parsed = ParsedCertificate::try_from(end_entity)?;
            self.check_chain(anchors, &parsed, end_entity, intermediates, now)?;
            if self.check_name {
                verify_server_name(&parsed, server_name).map_err(|error| {
                    if has_subject_alt_name(end_entity) {
                        error
                    } else {
                        CertificateError::Other(OtherError(Arc::new(WithoutSubjectAltName))).into()
                    }
                })?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
            .map_err(|error| explain_signature(error, certificate))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
            .map_err(|error| explain_signature(error, certificate))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// A signature is not looked at where the key is too short.
fn explain_signature(error: Error, certificate: &CertificateDer<'_>) -> Error {
    let bits = match (&error, X509Certificate::from_der(certificate)) {
        (Error::InvalidCertificate(CertificateError::BadSignature), Ok((_, x509))) => {
            match x509.public_key().parsed() {
                Ok(PublicKey::RSA(key)) => key.key_size(),
                _ => return error,
            }
        }
        _ => return error,
    };
    if bits < MIN_RSA_BITS { CertificateError::Other(OtherError(Arc::new(ShortKey(bits)))).into() } else { error }
}

/// webpki takes a root as it is, whatever its dates; libpq does not. Those of this installation are the system's to keep.
fn check_dates_of_roots(
    anchors: &Anchors,
    now: UnixTime,
    is_signed_by: impl Fn(&RootCertStore) -> Result<(), Error>,
) -> Result<(), Error> {
    let (valid, others): (Vec<_>, Vec<_>) = anchors.own.iter().partition(|root| check_dates(root, now).is_ok());
    let leads_to = |roots: &[&CertificateDer<'static>]| {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().map(|&root| root.clone()));
        !store.is_empty() && is_signed_by(&store).is_ok()
    };
    if others.is_empty() || leads_to(&valid) {
        return Ok(());
    }
    // Of several, the one that signed.
    let Some(root) = others.iter().find(|&&root| leads_to(&[root])) else { return Ok(()) };
    match check_dates(root, now) {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            let subject =
                X509Certificate::from_der(root).map(|(_, x509)| x509.subject().to_string()).unwrap_or_default();
            Err(CertificateError::Other(OtherError(Arc::new(ExpiredRoot { subject, not_after }))).into())
        }
        outcome => outcome,
    }
}

fn check_dates(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let (_, x509) = X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let seconds = |time: i64| u64::try_from(time).unwrap_or(0);
    let not_before = seconds(x509.validity().not_before.timestamp());
    let not_after = seconds(x509.validity().not_after.timestamp());
    let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    if now.as_secs() < not_before {
        return Err(CertificateError::NotValidYetContext { time: now, not_before: at(not_before) }.into());
    }
    if now.as_secs() > not_after {
        return Err(CertificateError::ExpiredContext { time: now, not_after: at(not_after) }.into());
    }
    Ok(())
}

fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate).is_ok_and(|(_, x509)| x509.issuer() == x509.subject())
}

fn has_subject_alt_name(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, x509)| x509.subject_alternative_name().is_ok_and(|extension| extension.is_some()))
}
