//! The check of a server's certificate; docs/decisions/0019 says what is stricter and what is laxer than elsewhere.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use webpki::RawPublicKeyEntity;
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;

use super::refusal::Refusal;
use super::{chain, names};

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

/// Schemes that are offered although nothing signed by them is accepted: a server that has no other key than one of these
/// shows it then, so that it can be named, instead of saying nothing. They come last, so that a server with another key takes
/// that one.
const NOT_ACCEPTED: [(SignatureScheme, &str); 4] = [
    (SignatureScheme::ED448, "Ed448"),
    (SignatureScheme::Unknown(0x0809), "RSASSA-PSS"),
    (SignatureScheme::Unknown(0x080a), "RSASSA-PSS"),
    (SignatureScheme::Unknown(0x080b), "RSASSA-PSS"),
];

/// The shortest RSA key that is accepted, as everywhere in today's TLS.
const MIN_RSA_BITS: usize = 2048;

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
                Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_))
                    if let Some(refusal) = chain::old_authority(intermediates, &anchors.own) =>
                {
                    refusal.into()
                }
                // A root of the right name with another key, too: an authority was made anew under its old name.
                Error::InvalidCertificate(
                    CertificateError::UnknownIssuer
                    | CertificateError::BadSignature
                    | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
                ) => chain::end(served, intermediates, &anchors.own)
                    .map_or(CertificateError::UnknownIssuer.into(), Error::from),
                Error::InvalidCertificate(CertificateError::Other(_)) if is_self_issued(served) => {
                    chain::end(served, &[], &anchors.own).map_or(error, Error::from)
                }
                error => error,
            })
            .and_then(|()| check_dates_of_roots(anchors, now, by))
    }
}

impl Verifier {
    /// TLS 1.2's signature by a bare key: by whichever algorithm of its scheme is one for the key, as rustls does it by a
    /// certificate.
    fn verify_by_key(
        &self,
        message: &[u8],
        key: &SubjectPublicKeyInfoDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = RawPublicKeyEntity::try_from(key).map_err(|_| CertificateError::BadEncoding)?;
        let of_scheme = self.algorithms.mapping.iter().filter(|(scheme, _)| *scheme == signature.scheme);
        let mut algorithms = of_scheme.flat_map(|(_, algorithms)| *algorithms);
        if algorithms.any(|algorithm| key.verify_signature(*algorithm, message, signature.signature()).is_ok()) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        Err(CertificateError::BadSignature.into())
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
            // webpki takes no other version, and says that of none.
            if let Some(refusal) = chain::old_version(end_entity, server_name) {
                return Err(refusal.into());
            }
            let parsed = ParsedCertificate::try_from(end_entity)?;
            self.check_chain(anchors, &parsed, end_entity, intermediates, now)?;
            if self.check_name {
                verify_server_name(&parsed, server_name).map_err(|_| {
                    match names::wrong_name(end_entity, server_name) {
                        Some(wrong) => Error::from(Refusal::WrongName(wrong)),
                        None => Refusal::WithoutSubjectAltName { entry: names::entry(&server_name.to_str()) }.into(),
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
        refuse_kind(signature.scheme)?;
        let verified = match key_of_old_version(certificate) {
            Some(key) => self.verify_by_key(message, &key, signature),
            None => verify_tls12_signature(message, certificate, signature, &self.algorithms),
        };
        verified.map_err(|error| explain_signature(error, certificate))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        refuse_kind(signature.scheme)?;
        let verified = match key_of_old_version(certificate) {
            Some(key) => verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms),
            None => verify_tls13_signature(message, certificate, signature, &self.algorithms),
        };
        verified.map_err(|error| explain_signature(error, certificate))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let not_accepted = NOT_ACCEPTED.iter().map(|(scheme, _)| *scheme);
        self.algorithms.supported_schemes().into_iter().chain(not_accepted).collect()
    }
}

fn refuse_kind(scheme: SignatureScheme) -> Result<(), Error> {
    let kind = NOT_ACCEPTED.iter().find(|(other, _)| *other == scheme);
    kind.map_or(Ok(()), |(_, kind)| Err(Refusal::KindOfKey(kind).into()))
}

/// The key of a certificate that webpki does not read, since it is older than version 3 of X.509. Where nothing but the
/// possession of the key is verified, that is all that counts of it.
fn key_of_old_version(certificate: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let (_, x509) = X509Certificate::from_der(certificate).ok()?;
    (x509.version() != X509Version::V3).then(|| x509.public_key().raw.to_vec().into())
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
    if bits < MIN_RSA_BITS { Refusal::ShortKey(bits).into() } else { error }
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
            Err(Refusal::ExpiredRoot { subject, not_after }.into())
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
