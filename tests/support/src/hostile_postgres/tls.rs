//! What a hostile server shows by TLS.

use std::fmt;
use std::sync::Arc;

use anyhow::Result;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{Error, ServerConfig, SignatureAlgorithm, SignatureScheme};

use crate::certificates::Identity;

/// A chain of certificates, and what stands for the key of the first.
#[derive(Clone)]
pub struct Shown(pub(super) Arc<ServerConfig>);

impl Shown {
    /// A certificate with its key, and these certificates (DER) behind it.
    pub fn new(identity: &Identity, behind: Vec<Vec<u8>>) -> Result<Self> {
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?;
        let key = aws_lc_rs::default_provider().key_provider.load_private_key(key)?;
        let mut chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes())?];
        chain.extend(behind.into_iter().map(CertificateDer::from));
        Self::of(chain, key)
    }

    /// A certificate (PEM) without its key: signatures are made up, as if its key were of RSA.
    pub fn without_key(certificate: &str) -> Result<Self> {
        Self::of(vec![CertificateDer::from_pem_slice(certificate.as_bytes())?], Arc::new(MadeUp))
    }

    /// These bytes, with the key of another certificate.
    pub fn bytes(certificates: Vec<Vec<u8>>, identity: &Identity) -> Result<Self> {
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?;
        let key = aws_lc_rs::default_provider().key_provider.load_private_key(key)?;
        Self::of(certificates.into_iter().map(CertificateDer::from).collect(), key)
    }

    fn of(chain: Vec<CertificateDer<'static>>, key: Arc<dyn SigningKey>) -> Result<Self> {
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Always(Arc::new(CertifiedKey::new(chain, key)))));
        Ok(Self(Arc::new(config)))
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shown(…)")
    }
}

/// Shows the same to everybody, without a look at whether it fits together.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// A key that nobody has.
#[derive(Debug)]
struct MadeUp;

impl SigningKey for MadeUp {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(Self))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for MadeUp {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(vec![7; 128])
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}
