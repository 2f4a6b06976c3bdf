//! The only code that opens a socket to a tenant's data source: it judges the host and every address behind it, dials
//! exactly a judged address, and does TLS. What comes out is a stream for a driver.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::descriptor::{Endpoint, TlsMode};
use crate::diagnosis::{Fault, Halted, Stage, Stages, code};
use crate::secrets::Credentials;

mod deadline;
mod dial;
pub mod guard;
mod host;
mod policy;
mod route;
mod stream;
pub mod tls;
mod tls_request;

pub use deadline::Deadline;
pub use host::{Host, Malformed};
pub use policy::{Policy, Rule, Verdict};
pub use route::Route;
pub use stream::Stream;
pub use tls_request::TlsRequest;

/// How this installation may reach out; from the settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether loopback addresses may be dialled.
    pub allow_loopback: bool,
    /// Whether private addresses may be dialled: RFC 1918, shared address space (RFC 6598), unique local (RFC 4193).
    pub allow_private: bool,
    /// PEM file of roots to trust beside the system's.
    pub root_bundle: Option<PathBuf>,
    /// The longest time that opening a session may take, whatever a connection asks for.
    pub connect_timeout_max: Duration,
}

/// Why egress cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operator's bundle of roots cannot be read.
    #[error("the root bundle {path} cannot be read")]
    RootBundle {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// The operator's bundle has no certificate, or one that cannot be a root.
    #[error("the root bundle {0} holds no certificate that can be a root")]
    RootBundleEmpty(PathBuf),
}

/// Resolves, judges, pins, dials and does TLS.
#[derive(Debug)]
pub struct Egress {
    policy: Policy,
    dialler: dial::Dialler,
    trust: tls::Trust,
    connect_timeout_max: Duration,
}

/// An open connection to an endpoint.
#[derive(Debug)]
pub struct Connection {
    /// What to speak on.
    pub stream: Stream,
    /// How it was opened, to do so again.
    pub route: Route,
    /// What TLS agreed on; none without TLS.
    pub tls: Option<tls::Agreed>,
}

impl Egress {
    /// Reads the trusted roots, once.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let Settings { allow_loopback, allow_private, root_bundle, connect_timeout_max } = settings;
        Ok(Self {
            policy: Policy { allow_loopback: *allow_loopback, allow_private: *allow_private },
            dialler: dial::Dialler::default(),
            trust: tls::Trust::load(root_bundle.as_deref())?,
            connect_timeout_max: *connect_timeout_max,
        })
    }

    /// When opening a session that may take this long has to be done.
    pub fn deadline(&self, limit: Duration) -> Deadline {
        Deadline::after(limit.min(self.connect_timeout_max))
    }

    /// Opens a connection: the stages policy, resolve, connect and tls. Until the deadline has passed; then the stage
    /// that was running fails.
    pub async fn connect(
        &self,
        endpoint: &Endpoint,
        request: TlsRequest,
        credentials: &Credentials,
        deadline: Deadline,
        stages: &mut Stages,
    ) -> Result<Connection, Halted> {
        let host =
            Host::parse(&endpoint.host).map_err(|reason| Fault::new(&code::HOST_MALFORMED).message(reason.to_string()));
        let host = stages.settle(Stage::Policy, host)?;
        let addresses = stages.run(Stage::Resolve, self.dialler.resolve(&host, endpoint.port, deadline)).await?;
        stages.settle(Stage::Policy, self.judge(&host, &addresses))?;
        let (tcp, address) = stages.run(Stage::Connect, self.dialler.dial(&addresses, deadline)).await?;
        if endpoint.tls.mode == TlsMode::Disable {
            return Ok(Connection { stream: Stream::Plain(tcp), route: Route::new(address, None), tls: None });
        }
        let secure = async {
            let client = self.trust.client(&endpoint.tls, &host, credentials)?;
            let route = Route::new(address, Some((request, client)));
            let (stream, tls) = deadline.bound(&code::TLS_TIMEOUT, route.secure(tcp)).await?;
            Ok(Connection { stream, route, tls })
        };
        stages.run(Stage::Tls, secure).await
    }

    /// One bad address damns the name: otherwise whoever controls the name chooses which is dialled.
    fn judge(&self, host: &Host, addresses: &[SocketAddr]) -> Result<(), Fault> {
        // Connections to this machine are less protected, so its names must mean nothing else (RFC 6761, section 6.3).
        if host.is_localhost() && !addresses.iter().all(|address| address.ip().is_loopback()) {
            let message = "The name is one of this machine, but resolves to another address.";
            return Err(Fault::new(&code::ADDRESS_REFUSED).message(message));
        }
        for address in addresses {
            let verdict = self.policy.judge(address.ip());
            if !verdict.allowed {
                let subject = match host {
                    Host::Address(address) => address.to_string(),
                    Host::Name(name) => format!("{name} resolves to {}, which", address.ip()),
                };
                let rule = verdict.rule;
                return Err(Fault::new(&code::ADDRESS_REFUSED).message(format!(
                    "{subject} is {}; this installation does not connect to those (rule {}).",
                    rule.description(),
                    rule.name()
                )));
            }
        }
        Ok(())
    }
}
