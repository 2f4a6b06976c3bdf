//! The table of drivers, and two small protocols that are unlike PostgreSQL's: in one the server speaks first, in the other
//! TLS comes with the first byte. Neither needs anything of egress that is not there.

use std::collections::HashSet;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use test_support::certificates::{Authority, Identity};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::descriptor::{Tls, TlsMode};
use crate::diagnosis::{Privileges, Server};
use crate::egress;
use session::Sql;

/// The server greets, the client may ask for TLS, and says who it is.
static GREETED: Driver = driver("greeted", |_| Arc::new(Lines { greeted: true }));

/// TLS, if there is any, comes before everything else.
static WRAPPED: Driver = driver("wrapped", |_| Arc::new(Lines { greeted: false }));

const fn driver(name: &'static str, start: fn(&Settings) -> Arc<dyn Opener>) -> Driver {
    let (parameters, languages, mismatch) = (&[], &[], &code::PROTOCOL_VIOLATION);
    Driver { name, parameters, schemes: &[], languages, mismatch, check: |_, _| Ok(()), start }
}

#[derive(Debug)]
struct Lines {
    greeted: bool,
}

#[derive(Debug)]
struct Open(Server);

impl Opener for Lines {
    fn read<'a>(&'a self, _: &'a Descriptor, _: &'a Credentials) -> Result<Box<dyn Login + 'a>, Fault> {
        Ok(Box::new(Lines { greeted: self.greeted }))
    }
}

impl Login for Lines {
    fn time_limit(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn log_in<'a>(
        &'a self,
        mut wire: Wire,
        deadline: Deadline,
        stages: &'a mut Stages,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, Halted>> {
        Box::pin(async move {
            if self.greeted {
                let first_word = wire.first_word();
                let greeting = first_word.bound(&code::AUTHENTICATE_TIMEOUT, expect(&mut wire, "HELLO"));
                stages.run(Stage::Authenticate, greeting).await?;
                if wire.wants_tls() {
                    let asked = async {
                        say(&mut wire, "STARTTLS").await?;
                        expect(&mut wire, "GO").await
                    };
                    stages.run(Stage::Tls, first_word.bound(&code::TLS_TIMEOUT, asked)).await?;
                }
            }
            let mut connection = wire.secure(stages).await?;
            let logged_in = async {
                say(&mut connection.stream, "I AM reader").await?;
                expect(&mut connection.stream, "WELCOME").await
            };
            stages.run(Stage::Authenticate, deadline.bound(&code::AUTHENTICATE_TIMEOUT, logged_in)).await?;
            let server = Server {
                version: String::new(),
                tls_version: connection.tls.map(|tls| tls.version),
                tls_cipher: None,
                address: connection.route.address().to_string(),
                authentication: "trust".to_owned(),
            };
            Ok(Box::new(Open(server)) as Box<dyn Session>)
        })
    }
}

impl Session for Open {
    fn server(&self) -> &Server {
        &self.0
    }

    fn privileges<'a>(&'a mut self, _: &'a mut Stages) -> Option<BoxFuture<'a, Result<Privileges, Halted>>> {
        None
    }

    fn sql(&mut self) -> Option<&mut dyn Sql> {
        None
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), line: &str) -> Result<(), Fault> {
    let sent = stream.write_all(format!("{line}\n").as_bytes()).await;
    sent.map_err(|_| Fault::new(&code::CONNECTION_LOST))
}

/// Reads as much as the line has, and nothing behind it.
async fn expect(stream: &mut (impl AsyncRead + Unpin), line: &str) -> Result<(), Fault> {
    let mut heard = vec![0; line.len() + 1];
    stream.read_exact(&mut heard).await.map_err(|_| Fault::new(&code::CONNECTION_LOST))?;
    if heard == format!("{line}\n").as_bytes() { Ok(()) } else { Err(Fault::new(&code::PROTOCOL_VIOLATION)) }
}

/// What is sent besides once TLS has been agreed to, before it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Injected {
    Nothing,
    Welcome,
}

/// The other side of both protocols, for one client.
async fn serve(listener: TcpListener, greeted: bool, tls: Option<TlsAcceptor>, injected: Injected) -> Option<()> {
    let (mut tcp, _) = listener.accept().await.ok()?;
    if greeted {
        say(&mut tcp, "HELLO").await.ok()?;
        if tls.is_some() {
            expect(&mut tcp, "STARTTLS").await.ok()?;
            let go = if injected == Injected::Nothing { "GO" } else { "GO\nWELCOME" };
            say(&mut tcp, go).await.ok()?;
        }
    }
    match tls {
        None => welcome(tcp).await,
        Some(acceptor) => welcome(acceptor.accept(tcp).await.ok()?).await,
    }
}

async fn welcome(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
    expect(&mut stream, "I AM reader").await.ok()?;
    say(&mut stream, "WELCOME").await.ok()?;
    stream.flush().await.ok()
}

fn acceptor(identity: &Identity) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()))
}

/// Opens a session on a server of one's own: the stage and code of the fault if there was one, and the TLS version.
async fn open(
    driver: &'static Driver,
    mode: TlsMode,
    injected: Injected,
) -> (Option<(Stage, &'static str)>, Option<String>) {
    let settings = egress::Settings {
        allow_loopback: true,
        allow_private: false,
        refused_ports: vec![],
        allowed_targets: vec![],
        diagnose_private: true,
        own_addresses: vec![],
        max_lookups: 1,
        root_bundle: None,
        connect_timeout_max: Duration::from_secs(10),
    };
    let drivers = Drivers::of(&[driver], Arc::new(Egress::new(&settings).unwrap()), &super::Settings::default());
    let authority = Authority::new("lines").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tls = (mode != TlsMode::Disable).then(|| acceptor(&authority.server(&["127.0.0.1"]).unwrap()));
    let server = tokio::spawn(serve(listener, driver.name == GREETED.name, tls, injected));
    let roots = vec![authority.certificate().to_owned()];
    let endpoint = Endpoint {
        role: "data".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls { mode, server_name: None, roots, identity: None },
    };
    let descriptor = Descriptor {
        driver: driver.name.to_owned(),
        endpoints: vec![endpoint],
        authentications: vec![],
        parameters: vec![],
    };
    let mut stages = Stages::start();
    let opened = drivers.open("acme", &descriptor, &Credentials::default(), &mut stages).await;
    let fault = stages.fault().map(|(stage, fault)| (stage, fault.code));
    assert_eq!(opened.is_err(), fault.is_some());
    let version = opened.ok().and_then(|session| session.server().tls_version.clone());
    server.await.unwrap();
    (fault, version)
}

#[tokio::test]
async fn a_protocol_begins_as_it_likes() {
    for driver in [&GREETED, &WRAPPED] {
        assert_eq!(open(driver, TlsMode::Disable, Injected::Nothing).await, (None, None), "{}", driver.name);
        let (fault, version) = open(driver, TlsMode::VerifyFull, Injected::Nothing).await;
        assert_eq!((fault, version.as_deref()), (None, Some("TLSv1.3")), "{}", driver.name);
    }
}

#[tokio::test]
async fn what_was_sent_before_tls_is_not_heard_in_it() {
    let (fault, _) = open(&GREETED, TlsMode::VerifyFull, Injected::Welcome).await;
    assert_eq!(fault, Some((Stage::Tls, "tls_handshake_failed")));
}

#[test]
fn each_driver_has_a_name_of_its_own_and_schemes_that_descriptors_can_name() {
    let names: HashSet<_> = ALL.iter().map(|driver| driver.name).collect();
    assert_eq!(names.len(), ALL.len());
    for driver in ALL {
        assert!(std::ptr::eq(find(driver.name).unwrap(), *driver));
        for scheme in driver.schemes {
            assert_eq!(schemes::find(scheme.name), Some(*scheme), "{}", driver.name);
        }
    }
    assert!(find("").is_none());
}
