//! TLS to a tenant's data source, in libpq's modes (PostgreSQL manual, "SSL Support").

use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Error, Host};
use crate::descriptor::{Endpoint, Tls, TlsMode};
use crate::diagnosis::{Fault, code};
use crate::pem;
use crate::secrets::Credentials;

mod chain;
mod channel_binding;
mod fault;
mod group;
mod identity;
mod names;
mod refusal;
mod verifier;

pub use fault::from_io as fault_from_io;
use group::P521;
use verifier::{Anchors, Verifier};

/// PEM of a connection's roots, all together.
const MAX_ROOTS_BYTES: usize = 256 * 1024;

/// What this installation trusts: the system's roots and the operator's.
#[derive(Debug)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
}

/// A handshake that is ready to be made.
#[derive(Debug, Clone)]
pub(super) struct Client {
    config: Arc<ClientConfig>,
    server_name: ServerName<'static>,
}

/// What a handshake agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Such as `TLSv1.3`.
    pub version: String,
    /// Such as `TLS13_AES_256_GCM_SHA384`.
    pub cipher: String,
    certificate: CertificateDer<'static>,
}

impl Agreed {
    /// The channel binding data `tls-server-end-point` (RFC 5929, section 4.1); none where it is not defined for the
    /// certificate's signature.
    pub fn server_end_point(&self) -> Option<Vec<u8>> {
        channel_binding::server_end_point(&self.certificate)
    }
}

impl Trust {
    /// Reads the system's roots (from the files that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, where set) and the
    /// operator's bundle.
    pub(super) fn load(bundle: Option<&Path>) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "a root certificate of the system cannot be read");
        }
        roots.add_parsable_certificates(system.certs);
        if let Some(path) = bundle {
            let text =
                std::fs::read_to_string(path).map_err(|source| Error::RootBundle { path: path.to_owned(), source })?;
            let certificates =
                pem::certificates(&text).map_err(|reason| Error::RootBundlePem { path: path.to_owned(), reason })?;
            let (_, ignored) = roots.add_parsable_certificates(certificates);
            if ignored > 0 {
                return Err(Error::RootBundleOther { path: path.to_owned(), ignored });
            }
        }
        if roots.is_empty() {
            tracing::warn!("no root certificate is trusted: install ca-certificates or set a root bundle");
        }
        Ok(Self { provider: Arc::new(provider()), roots: Arc::new(roots) })
    }

    /// Prepares the handshake with a server that was asked for by the name `host`.
    pub(super) fn client(&self, tls: &Tls, host: &Host, credentials: &Credentials) -> Result<Client, Fault> {
        let verifier = Verifier::new(self.anchors(tls)?, tls.mode == TlsMode::VerifyFull, &self.provider);
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|_| Fault::new(&code::TLS_HANDSHAKE_FAILED))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &tls.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                builder.with_client_cert_resolver(identity::resolver(&self.provider, identity, credentials)?)
            }
        };
        // Every connection verifies the server anew.
        config.resumption = Resumption::disabled();
        Ok(Client { config: Arc::new(config), server_name: server_name(tls, host)? })
    }

    /// What the server's certificate must lead to; none where it need not lead anywhere.
    fn anchors(&self, tls: &Tls) -> Result<Option<Anchors>, Fault> {
        if !tls.roots.is_empty() {
            return read_roots(&tls.roots).map(Some);
        }
        Ok((tls.mode >= TlsMode::VerifyCa).then(|| Anchors { roots: Arc::clone(&self.roots), own: vec![] }))
    }
}

/// What is not verified about an endpoint that has been connected to, where the way there is a network. Whoever chose that,
/// tenant or connector, everybody who uses the connection gets to know.
pub(super) fn shortcoming(endpoint: &Endpoint) -> Option<Fault> {
    let Tls { mode, roots, .. } = &endpoint.tls;
    let code = match mode {
        _ if TlsMode::unsaid(&endpoint.host) == TlsMode::Disable => return None,
        TlsMode::VerifyFull => return None,
        TlsMode::Disable => return Some(Fault::new(&code::UNENCRYPTED)),
        TlsMode::Require if roots.is_empty() => return Some(Fault::new(&code::SERVER_UNVERIFIED)),
        TlsMode::Require | TlsMode::VerifyCa => &code::NAME_UNVERIFIED,
    };
    let fault = Fault::new(code);
    if !roots.is_empty() {
        return Some(fault);
    }
    Some(fault.message(
        "The server's certificate leads to one of the usual authorities, but it is not checked to be for this host: whoever \
         has any certificate of theirs could be the server.",
    ))
}

impl Client {
    /// Whether it shows a certificate when it is asked for one.
    pub(super) fn has_certificate(&self) -> bool {
        self.config.client_auth_cert_resolver.has_certs()
    }

    pub(super) async fn handshake(&self, stream: TcpStream) -> Result<(TlsStream<TcpStream>, Agreed), Fault> {
        let stream = TlsConnector::from(Arc::clone(&self.config))
            .connect(self.server_name.clone(), stream)
            .await
            .map_err(|error| fault_from_io(&error).unwrap_or_else(|| Fault::new(&code::CONNECTION_LOST)))?;
        let (_, connection) = stream.get_ref();
        let incomplete = || Fault::new(&code::TLS_HANDSHAKE_FAILED);
        let agreed = Agreed {
            version: match connection.protocol_version().ok_or_else(incomplete)? {
                rustls::ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
                rustls::ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
                version => format!("{version:?}"),
            },
            cipher: format!("{:?}", connection.negotiated_cipher_suite().ok_or_else(incomplete)?.suite()),
            certificate: connection.peer_certificates().and_then(<[_]>::first).ok_or_else(incomplete)?.clone(),
        };
        Ok((stream, agreed))
    }
}

/// rustls's defaults, and behind them the one group that some servers insist on beside those.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups.push(&P521);
    provider
}

/// The name that is sent to the server (SNI) and, in `verify-full`, looked for in its certificate.
fn server_name(tls: &Tls, host: &Host) -> Result<ServerName<'static>, Fault> {
    let override_ = tls.server_name.as_deref().map(Host::parse).transpose().map_err(|reason| {
        Fault::new(&code::HOST_MALFORMED).message(format!("The server name to verify is not one. {reason}"))
    })?;
    match override_.as_ref().unwrap_or(host) {
        Host::Address(address) => Ok(ServerName::from(*address)),
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| Fault::new(&code::HOST_MALFORMED)),
    }
}

fn read_roots(texts: &[String]) -> Result<Anchors, Fault> {
    let invalid = |message: String| Fault::new(&code::ROOTS_INVALID).message(message);
    if texts.iter().map(String::len).sum::<usize>() > MAX_ROOTS_BYTES {
        return Err(invalid("The trusted root certificates are larger than 256 KiB.".to_owned()));
    }
    let mut own = Vec::new();
    for text in texts {
        own.extend(pem::certificates(text).map_err(|error| {
            invalid(format!("The trusted root certificates cannot be used. {error}")).remedy(error.hint())
        })?);
    }
    let mut roots = RootCertStore::empty();
    for (index, certificate) in own.iter().enumerate() {
        let cannot = |_| invalid(format!("The trusted root certificate number {} cannot be one.", index + 1));
        roots.add(certificate.clone()).map_err(cannot)?;
    }
    Ok(Anchors { roots: Arc::new(roots), own })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_that_were_stored_and_cannot_be_read_are_a_fault() {
        for text in ["no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &"x".repeat(300 << 10)]
        {
            let fault = read_roots(&[text.to_owned()]).unwrap_err();
            assert!(fault.code == "roots_invalid" && fault.message.starts_with("The trusted root"), "{fault:?}");
        }
    }

    #[test]
    fn all_but_verify_full_is_a_shortcoming_where_the_way_is_a_network() {
        use TlsMode::{Disable, Require, VerifyCa, VerifyFull};
        let said = |host: &str, mode, roots: &[&str]| {
            let roots = roots.iter().map(|&root| root.to_owned()).collect();
            let tls = Tls { mode, server_name: None, roots, identity: None };
            shortcoming(&Endpoint { role: "data".to_owned(), host: host.to_owned(), port: 1, tls })
        };
        for (mode, roots, code) in [
            (Disable, &[][..], Some("unencrypted")),
            (Require, &[], Some("server_unverified")),
            (Require, &["PEM"], Some("name_unverified")),
            (VerifyCa, &[], Some("name_unverified")),
            (VerifyCa, &["PEM"], Some("name_unverified")),
            (VerifyFull, &[], None),
            (VerifyFull, &["PEM"], None),
        ] {
            for host in
                ["db.example.com", "203.0.113.7", "127.0.0.1.example.com", "10.0.0.1", "2001:db8::1", "localhost.t"]
            {
                assert_eq!(said(host, mode, roots).map(|fault| fault.code), code, "{host} {mode} {roots:?}");
            }
            for host in ["localhost", "LOCALHOST", "db.localhost", "127.0.0.1", "127.9.9.9", "::1"] {
                assert_eq!(said(host, mode, roots), None, "{host} {mode} {roots:?}");
            }
        }
        // Anybody has a certificate of a public authority.
        assert_ne!(said("db.example.com", VerifyCa, &[]), said("db.example.com", VerifyCa, &["PEM"]));
    }
}
