//! Certificates of every kind that a PostgreSQL server may show.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm, date_time_ymd,
};

/// An RSA key of 1024 bits, the public half (RFC 8017, `RSAPublicKey`) in base64. Nobody has the other one.
const SHORT_KEY: &str = "MIGJAoGBALZMugX1aqtgmf6FbtjNWLw8hIGUwYCaO5r9PNytxEteO2uaM7bBoBwT3gQ73kOCHqQATj30cBtupssd2p55St\
    OCE3RjRXd2TSJxM64bUQVyZG64cMJ6u64QBVVcgHMxWgS3P6Y+OsMMA7WuxPM2AnOFE8ZcHKwWjFxW0JOJ2A8hAgMBAAE=";

/// A public key of RSA.
struct RsaKey(Vec<u8>);

impl PublicKeyData for RsaKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

/// A certificate with its private key, both PEM.
#[derive(Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The private key (PKCS #8).
    pub key: String,
}

/// A certificate authority that exists in this process only.
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one; `name` is its common name.
    pub fn new(name: &str) -> Result<Self> {
        Self::of(params(&[], name)?)
    }

    /// As `new`, but no longer valid since 2021, whatever it has signed.
    pub fn expired(name: &str) -> Result<Self> {
        let mut params = params(&[], name)?;
        params.not_after = date_time_ymd(2021, 1, 1);
        Self::of(params)
    }

    fn of(mut params: CertificateParams) -> Result<Self> {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// Its certificate, the root to trust, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A good server certificate for these DNS names and IP addresses.
    pub fn server(&self, names: &[&str]) -> Result<Identity> {
        self.sign(&server_params(names)?)
    }

    /// As `server`, but no longer valid since 2021.
    pub fn expired_server(&self, names: &[&str]) -> Result<Identity> {
        let mut params = server_params(names)?;
        params.not_after = date_time_ymd(2021, 1, 1);
        self.sign(&params)
    }

    /// As `server`, but valid from 2200 on.
    pub fn not_yet_valid_server(&self, names: &[&str]) -> Result<Identity> {
        let mut params = server_params(names)?;
        params.not_before = date_time_ymd(2200, 1, 1);
        params.not_after = date_time_ymd(2201, 1, 1);
        self.sign(&params)
    }

    /// A server certificate that names the host in its common name only, which RFC 9525 forbids to look at.
    pub fn common_name_only_server(&self, name: &str) -> Result<Identity> {
        let mut params = server_params(&[])?;
        params.distinguished_name.push(DnType::CommonName, name);
        self.sign(&params)
    }

    /// As `server`, for an RSA key of 1024 bits, which nobody has: the certificate alone, in PEM.
    pub fn server_with_a_short_key(&self, names: &[&str]) -> Result<String> {
        let key = RsaKey(STANDARD.decode(SHORT_KEY)?);
        Ok(server_params(names)?.signed_by(&key, &self.issuer)?.pem())
    }

    /// A client certificate; PostgreSQL's method `cert` compares the common name with the user.
    pub fn client(&self, common_name: &str) -> Result<Identity> {
        let mut params = params(&[], common_name)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Result<Identity> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Identity { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// A self-made CA certificate that a server shows as its own: how the PostgreSQL manual makes one ("Creating
/// Certificates", `openssl req -new -x509`), and what users then give as the root to trust.
pub fn self_made_server(names: &[&str]) -> Result<Identity> {
    sign_itself(&self_made_params(names)?)
}

/// As `self_made_server`, but no longer valid since 2021.
pub fn expired_self_made_server(names: &[&str]) -> Result<Identity> {
    let mut params = self_made_params(names)?;
    params.not_after = date_time_ymd(2021, 1, 1);
    sign_itself(&params)
}

fn self_made_params(names: &[&str]) -> Result<CertificateParams> {
    let mut params = params(names, names.first().copied().unwrap_or("self-made"))?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ok(params)
}

fn sign_itself(params: &CertificateParams) -> Result<Identity> {
    let key = KeyPair::generate()?;
    Ok(Identity { certificate: params.self_signed(&key)?.pem(), key: key.serialize_pem() })
}

fn server_params(names: &[&str]) -> Result<CertificateParams> {
    let mut params = params(names, "throw-away server")?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn params(names: &[&str], common_name: &str) -> Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2100, 1, 1);
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
