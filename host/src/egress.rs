//! The only code that opens a socket to a tenant's data source: it judges the host and every address behind it, dials
//! exactly a judged address, and does TLS. What comes out is a [`Wire`], on which a driver speaks its protocol's first words,
//! and has TLS done when the protocol is ready for it. Nothing here knows a protocol.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::descriptor::{Endpoint, TlsMode};
use crate::diagnosis::{Fault, Halted, Stage, Stages, code};
use crate::fairness::Shares;
use crate::pem;
use crate::secrets::Credentials;

mod allowed_target;
mod deadline;
mod dial;
mod disclosure;
#[cfg(test)]
mod fuzz;
mod getaddrinfo;
pub mod guard;
mod host;
mod hosts_file;
mod lookup;
mod own_address;
mod policy;
mod ports;
mod route;
mod stream;

pub mod tls;
mod wire;

pub use allowed_target::{AllowedTarget, NoTarget};
pub use deadline::Deadline;
use disclosure::Disclosure;
pub use host::{Host, Malformed};
pub use policy::{Policy, Rule, Verdict};
pub use ports::{NO_DATABASE, PortRange};
pub use route::Route;
pub use stream::Stream;
pub use wire::{Connection, Wire};

/// Connections that are opened a second time at once.
const MAX_AGAIN: usize = 64;

/// How this installation may reach out; from the settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether loopback addresses may be dialled.
    pub allow_loopback: bool,
    /// Whether private addresses may be dialled: RFC 1918, shared address space (RFC 6598), unique local (RFC 4193).
    pub allow_private: bool,
    /// What may be dialled although it is loopback, private or, where it names them, on a refused port.
    pub allowed_targets: Vec<AllowedTarget>,
    /// Whether everything is told of loopback and private addresses that no target names, down to which ports are open.
    pub diagnose_private: bool,
    /// Ports that are never dialled.
    pub refused_ports: Vec<PortRange>,
    /// Where this installation itself listens: never dialled.
    pub own_addresses: Vec<SocketAddr>,
    /// Look-ups of names at once.
    pub max_lookups: usize,
    /// PEM file of roots to trust beside the system's.
    pub root_bundle: Option<PathBuf>,
    /// The longest time that opening a session may take, whatever a connection asks for.
    pub connect_timeout_max: Duration,
}

/// Why egress cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operator's bundle of roots cannot be read.
    #[error("the root bundle {path} cannot be read; check its path and permissions")]
    RootBundle {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The operator's bundle is not certificates in PEM and nothing else.
    #[error("the root bundle {path} cannot be used. {reason} It has to hold the authorities' certificates in PEM")]
    RootBundlePem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: pem::Error,
    },
    /// A certificate of the operator's bundle cannot be a root.
    #[error("the root bundle {path} holds {ignored} certificates that cannot be a root; leave them out")]
    RootBundleOther {
        /// The file.
        path: PathBuf,
        /// How many they are.
        ignored: usize,
    },
}

/// Resolves, judges, pins, dials and does TLS.
#[derive(Debug)]
pub struct Egress {
    policy: Policy,
    allowed_targets: Vec<AllowedTarget>,
    diagnose_private: bool,
    refused_ports: Vec<PortRange>,
    own_addresses: Vec<SocketAddr>,
    resolver: lookup::Resolver,
    trust: tls::Trust,
    /// Connections that are opened a second time, to where a session leads already.
    again: Shares<String>,
    connect_timeout_max: Duration,
}

/// Egress for somebody whose share of it this counts for. The key means nothing here.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    egress: &'a Egress,
    payer: &'a str,
}

/// An endpoint whose addresses have been judged: what connections to it go to.
#[derive(Debug)]
pub struct Judged<'a> {
    account: Account<'a>,
    endpoint: &'a Endpoint,
    host: Host,
    addresses: Vec<SocketAddr>,
    disclosure: Disclosure,
}

impl Egress {
    /// Reads the trusted roots, once.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        Ok(Self {
            policy: Policy { allow_loopback: settings.allow_loopback, allow_private: settings.allow_private },
            allowed_targets: settings.allowed_targets.clone(),
            diagnose_private: settings.diagnose_private,
            refused_ports: settings.refused_ports.clone(),
            own_addresses: settings.own_addresses.clone(),
            resolver: lookup::Resolver::new(settings.max_lookups),
            trust: tls::Trust::load(settings.root_bundle.as_deref())?,
            again: Shares::new(MAX_AGAIN, MAX_AGAIN),
            connect_timeout_max: settings.connect_timeout_max,
        })
    }

    /// The same for this payer.
    pub fn account<'a>(&'a self, payer: &'a str) -> Account<'a> {
        Account { egress: self, payer }
    }

    /// The host of an endpoint, as far as it can be judged before its name is looked up.
    fn host(&self, endpoint: &Endpoint) -> Result<Host, Fault> {
        let malformed = |reason: Malformed| Fault::new(&code::HOST_MALFORMED).message(reason.to_string());
        let host = Host::parse(&endpoint.host).map_err(malformed)?;
        if !self.allowed_targets.iter().any(|target| target.may_open(&host, endpoint.port)) {
            ports::judge(&self.refused_ports, endpoint.port)?;
        }
        Ok(host)
    }

    /// What there is to say against an endpoint without any network: that its host, its port or its address is refused, and what
    /// is not verified there.
    pub fn foresee(&self, endpoint: &Endpoint) -> Vec<Fault> {
        let refused = self.host(endpoint).and_then(|host| {
            let address = match &host {
                Host::Address(address) => *address,
                // Its names mean nothing else (RFC 6761, section 6.3).
                Host::Name(_) if host.is_localhost() => Ipv4Addr::LOCALHOST.into(),
                Host::Name(_) => return Ok(()),
            };
            self.judge(&host, &[SocketAddr::new(address, endpoint.port)])
        });
        refused.err().into_iter().chain(tls::shortcoming(endpoint)).collect()
    }

    /// One bad address damns the name: otherwise whoever controls the name chooses which is dialled.
    fn judge(&self, host: &Host, addresses: &[SocketAddr]) -> Result<(), Fault> {
        // Connections to this machine are less protected, so its names must mean nothing else (RFC 6761, section 6.3).
        if host.is_localhost() && !addresses.iter().all(|address| address.ip().is_loopback()) {
            let message = "The name is one of this machine, but resolves to another address.";
            return Err(Fault::new(&code::ADDRESS_REFUSED).message(message));
        }
        addresses.iter().try_for_each(|&address| self.judge_address(host, address))
    }

    fn judge_address(&self, host: &Host, address: SocketAddr) -> Result<(), Fault> {
        if own_address::contains(&self.own_addresses, address) {
            let subject = match host {
                Host::Address(_) => address.to_string(),
                Host::Name(name) => format!("{name} port {}", address.port()),
            };
            let message = format!("{subject} is this installation itself, which does not connect to itself.");
            return Err(Fault::new(&code::ADDRESS_REFUSED).message(message));
        }
        let Verdict { allowed, rule } = self.policy.judge(address.ip());
        let named = rule.can_be_allowed() && self.names(host, address);
        if !allowed && !named {
            let subject = match host {
                Host::Address(address) => address.to_string(),
                // The address would be a look into the inner DNS for whoever asks.
                Host::Name(name) if rule.can_be_allowed() && !self.diagnose_private => {
                    format!("{name} resolves to an address that")
                }
                Host::Name(name) => format!("{name} resolves to {}, which", address.ip()),
            };
            return Err(Fault::new(&code::ADDRESS_REFUSED).message(format!(
                "{subject} is {}; this installation does not connect to those (rule {}).",
                rule.description(),
                rule.name()
            )));
        }
        let opened = |target: &AllowedTarget| target.opens(address.port()) && target.contains(host, address);
        if !self.allowed_targets.iter().any(opened) {
            ports::judge(&self.refused_ports, address.port())?;
        }
        Ok(())
    }

    /// Whether the operator has named this address of the host.
    fn names(&self, host: &Host, address: SocketAddr) -> bool {
        self.allowed_targets.iter().any(|target| target.contains(host, address))
    }

    /// How much is told of these addresses, which have been judged.
    fn disclosure(&self, host: &Host, addresses: &[SocketAddr]) -> Disclosure {
        let open = |&address: &SocketAddr| {
            self.diagnose_private || self.policy.judge(address.ip()).rule == Rule::Public || self.names(host, address)
        };
        if addresses.iter().all(open) { Disclosure::Full } else { Disclosure::Uniform }
    }
}

impl<'a> Account<'a> {
    /// Whom it counts for.
    pub fn payer(self) -> &'a str {
        self.payer
    }

    /// When opening a session that may take this long has to be done.
    pub fn deadline(self, limit: Duration) -> Deadline {
        Deadline::after(limit.min(self.egress.connect_timeout_max))
    }

    /// Looks an endpoint up and judges every address behind it: the stages policy and resolve. Until the deadline has
    /// passed; then the stage that was running fails.
    pub async fn judge(
        self,
        endpoint: &'a Endpoint,
        deadline: Deadline,
        stages: &mut Stages,
    ) -> Result<Judged<'a>, Halted> {
        let Self { egress, payer } = self;
        let host = stages.settle(Stage::Policy, egress.host(endpoint))?;
        let lookup = egress.resolver.resolve(&host, endpoint.port, payer, deadline);
        let addresses = stages.run(Stage::Resolve, lookup).await?;
        stages.settle(Stage::Policy, egress.judge(&host, &addresses))?;
        let disclosure = egress.disclosure(&host, &addresses);
        Ok(Judged { account: self, endpoint, host, addresses, disclosure })
    }
}

impl Judged<'_> {
    /// Opens a connection: the stage connect. Until a server has to have shown that it is a database; then the stage fails,
    /// as does TLS later on. Certificates of the connection's own that cannot be used fail the stage tls at once.
    pub async fn connect(
        &self,
        credentials: &Credentials,
        first_word: Deadline,
        stages: &mut Stages,
    ) -> Result<Wire, Halted> {
        let Self { account: Account { egress, payer }, endpoint, host, .. } = self;
        // Before anything is dialled: what is wrong with the connection's own certificates tells of no port.
        let client = match endpoint.tls.mode {
            TlsMode::Disable => None,
            _ => match egress.trust.client(&endpoint.tls, host, credentials) {
                Ok(client) => Some(client),
                Err(fault) => return stages.settle(Stage::Tls, Err(fault)),
            },
        };
        let (tcp, address) = stages.run(Stage::Connect, dial::dial(self.dialled(), first_word)).await?;
        let mut shortcoming = tls::shortcoming(endpoint);
        if client.is_none() {
            // There is no stage of TLS to say it in: one that has passed would count as a proof of who answers.
            stages.warn(Stage::Connect, shortcoming.take().into_iter().collect());
        }
        let route = Route::new(address, client, payer, &egress.again);
        Ok(Wire::new(tcp, route, first_word, shortcoming))
    }
}
