//! Something between a client and a PostgreSQL server that ends the TLS of both: it has a certificate of its own, and takes
//! the server's without looking.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, ServerConfig, ServerConnection, SignatureScheme,
    StreamOwned,
};

use crate::certificates::Identity;

/// The request for TLS (PostgreSQL manual, "Message Formats").
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];

/// How long one side is listened to before it is the other's turn.
const TURN: Duration = Duration::from_millis(2);

/// A running relay on a port of 127.0.0.1. It accepts nothing more when this is dropped.
#[derive(Debug)]
pub struct TlsRelay {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl TlsRelay {
    /// With this certificate, in front of the server on this port of 127.0.0.1.
    pub fn start(identity: &Identity, server: u16) -> Result<Self> {
        let provider = Arc::new(default_provider());
        let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes()).collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?;
        let ours = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        let theirs = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody))
            .with_no_client_auth();
        let (ours, theirs) = (Arc::new(ours), Arc::new(theirs));
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
        let relay = Self { address: listener.local_addr()?, stopped: Arc::default() };
        let stopped = Arc::clone(&relay.stopped);
        thread::spawn(move || {
            for client in listener.incoming().map_while(io::Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (ours, theirs) = (Arc::clone(&ours), Arc::clone(&theirs));
                // It ends with one of the two, and that is all there is to say.
                thread::spawn(move || serve(client, server, ours, theirs));
            }
        });
        Ok(relay)
    }

    /// Its TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for TlsRelay {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // What waits for clients sees the flag when the next one comes.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut client: TcpStream, port: u16, ours: Arc<ServerConfig>, theirs: Arc<ClientConfig>) -> io::Result<()> {
    client.read_exact(&mut [0; SSL_REQUEST.len()])?;
    client.write_all(b"S")?;
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    server.write_all(&SSL_REQUEST)?;
    server.read_exact(&mut [0])?;
    for stream in [&client, &server] {
        stream.set_read_timeout(Some(TURN))?;
        stream.set_nodelay(true)?;
    }
    let name = ServerName::from(std::net::IpAddr::from([127, 0, 0, 1]));
    let mut client = StreamOwned::new(ServerConnection::new(ours).map_err(io::Error::other)?, client);
    let mut server = StreamOwned::new(ClientConnection::new(theirs, name).map_err(io::Error::other)?, server);
    let mut bytes = vec![0; 64 * 1024];
    loop {
        // A read also does what is left of the handshake.
        match client.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(length) => server.write_all(&bytes[..length])?,
            Err(error) => wait(error)?,
        }
        match server.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(length) => client.write_all(&bytes[..length])?,
            Err(error) => wait(error)?,
        }
    }
}

fn wait(error: io::Error) -> io::Result<()> {
    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) { Ok(()) } else { Err(error) }
}

/// Takes every certificate.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify_tls13_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
