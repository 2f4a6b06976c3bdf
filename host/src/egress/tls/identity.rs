//! The client's certificate and its key.

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::descriptor::{ClientIdentity, Value};
use crate::diagnosis::{Fault, code};
use crate::pem;
use crate::secrets::Credentials;

/// Kinds of keys that cannot sign here, by their object identifiers in DER.
const UNSUPPORTED: [(&[u8], &str); 6] = [
    (&[6, 3, 0x2b, 0x65, 0x71], "Ed448"),
    (&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0a], "RSASSA-PSS"),
    (&[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1], "DSA"),
    (&[6, 5, 0x2b, 0x81, 4, 0, 0x0a], "ECDSA on secp256k1"),
    (&[6, 9, 0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7], "ECDSA on brainpoolP256r1"),
    (&[6, 3, 0x2b, 0x65, 0x6e], "X25519, which is not for signatures,"),
];

/// Where the kind of a key stands: at the beginning of it (RFC 5208, RFC 5915).
const HEAD_BYTES: usize = 256;

/// The certificate and the key that are shown where a server asks for them. Whether they are good is the server's to decide:
/// rustls would refuse a certificate of X.509 version 1, which servers accept.
pub(super) fn resolver(
    provider: &CryptoProvider,
    identity: &ClientIdentity,
    credentials: &Credentials,
) -> Result<Arc<dyn ResolvesClientCert>, Fault> {
    let Value::Credential(name) = &identity.key else {
        return Err(Fault::new(&code::DESCRIPTOR_UNSUPPORTED)
            .message("The connector gives a private key as text; it has to be a credential."));
    };
    let key = credentials.get(name).ok_or_else(|| {
        Fault::new(&code::CREDENTIAL_MISSING).message(format!(
            "There is a client certificate, but the credential {name} with its private key is not set."
        ))
    })?;
    let chain = pem::certificates(&identity.certificate)
        .map_err(|error| invalid(format!("The client certificate cannot be used. {error}"), Some(error.hint())))?;
    let key = pem::private_key(key.expose()).map_err(|error| invalid(error.to_string(), Some(error.hint())))?;
    let kind = unsupported(&key);
    let key = provider.key_provider.load_private_key(key).map_err(|_| {
        let message = format!("The private key is of a kind that is not supported: {}.", kind.unwrap_or("an unknown one"));
        let remedy = "Use a client certificate with a key of ECDSA (P-256, P-384, P-521), Ed25519, or RSA with 2048 bits or more.";
        invalid(message, Some(remedy))
    })?;
    let public = key.public_key();
    let is_of_key = |certificate: &CertificateDer<'_>| {
        let x509 = X509Certificate::from_der(certificate);
        public.as_ref().is_none_or(|public| x509.is_ok_and(|(_, x509)| x509.public_key().raw == &**public))
    };
    match chain.iter().position(is_of_key) {
        Some(0) => Ok(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)))),
        Some(other) => {
            let message = format!("The private key belongs to certificate number {} of the client's.", other + 1);
            Err(invalid(
                message,
                Some("Put the client's own certificate first, and those of its authorities behind it."),
            ))
        }
        None => Err(invalid("The client certificate and the private key do not belong together.".to_owned(), None)),
    }
}

fn invalid(message: String, remedy: Option<&str>) -> Fault {
    let fault = Fault::new(&code::CLIENT_CERTIFICATE_INVALID).message(message);
    remedy.into_iter().fold(fault, Fault::remedy)
}

fn unsupported(key: &PrivateKeyDer<'_>) -> Option<&'static str> {
    let der = key.secret_der();
    let head = &der[..der.len().min(HEAD_BYTES)];
    let has = |oid: &[u8]| head.windows(oid.len()).any(|window| window == oid);
    UNSUPPORTED.iter().find(|(oid, _)| has(oid)).map(|(_, kind)| *kind)
}
