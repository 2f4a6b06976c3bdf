//! Wire protocols: one driver each, on a stream that egress has opened. [`ALL`] is the table of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::descriptor::{Descriptor, Endpoint};
use crate::diagnosis::{Code, Fault, Halted, Stage, Stages, code};
use crate::egress::{Account, Deadline, Egress, Wire};
use crate::secrets::Credentials;

pub mod postgres;
pub mod schemes;
pub mod session;

use schemes::Scheme;
pub use session::{Row, Session};

/// Every driver that this host has.
pub static ALL: &[&Driver] = &[&postgres::DRIVER];

/// What is known of a driver before it has opened anything. What a connector may say to it is documented by the contract.
#[derive(Debug)]
pub struct Driver {
    /// The name that manifests and descriptors call it by, such as `postgres`.
    pub name: &'static str,
    /// The names of the parameters that it takes beside endpoints and authentications.
    pub parameters: &'static [&'static str],
    /// The schemes of authentication that it can perform.
    pub schemes: &'static [&'static Scheme],
    /// The languages of the statements that its sessions run, such as `sql`.
    pub languages: &'static [&'static str],
    /// The code for a server that speaks another protocol, which any port can come to.
    pub mismatch: &'static Code,
    /// Whether it takes a descriptor with these credentials, as far as that can be said without opening anything.
    pub check: fn(&Descriptor, &Credentials) -> Result<(), Fault>,
    /// Sets it up: once for all sessions, which share what it holds.
    pub start: fn(&Settings) -> Arc<dyn Opener>,
}

/// The driver of this name.
pub fn find(name: &str) -> Option<&'static Driver> {
    ALL.iter().find(|driver| driver.name == name).copied()
}

/// A driver that has been set up, with its own settings and whatever its logins share.
pub trait Opener: fmt::Debug + Send + Sync {
    /// What is to be done by a descriptor, which the driver may not take.
    fn read<'a>(
        &'a self,
        descriptor: &'a Descriptor,
        credentials: &'a Credentials,
    ) -> Result<Box<dyn Login + 'a>, Fault>;
}

/// A login by one descriptor, at whichever of its endpoints.
pub trait Login: Send + Sync {
    /// How long opening a session may take: as the connection says, or the driver's default.
    fn time_limit(&self) -> Duration;

    /// Opens a session on a connection to a server of which nothing is known: the stages tls, authenticate and session. All
    /// of it has to be done by the deadline, and the server's first word has a time of its own ([`Wire::first_word`]).
    fn log_in<'a>(
        &'a self,
        wire: Wire,
        deadline: Deadline,
        stages: &'a mut Stages,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, Halted>>;
}

/// What the operator decides about drivers, for each that has settings.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// PostgreSQL's.
    pub postgres: postgres::Settings,
}

/// Drivers, set up, and what they reach data sources through. Clones share everything.
#[derive(Debug, Clone)]
pub struct Drivers {
    egress: Arc<Egress>,
    started: Vec<(&'static Driver, Arc<dyn Opener>)>,
}

impl Drivers {
    /// Sets up every driver, to reach data sources through this egress.
    pub fn new(egress: Arc<Egress>, settings: &Settings) -> Self {
        Self::of(ALL, egress, settings)
    }

    fn of(drivers: &[&'static Driver], egress: Arc<Egress>, settings: &Settings) -> Self {
        Self { egress, started: drivers.iter().map(|driver| (*driver, (driver.start)(settings))).collect() }
    }

    /// What there is to say against an endpoint before its name is looked up, and so without any network.
    pub fn foresee(&self, endpoint: &Endpoint) -> Vec<Fault> {
        self.egress.foresee(endpoint)
    }

    /// Opens a session at the first of the descriptor's data endpoints that can be reached: the stages policy, resolve,
    /// connect, tls, authenticate and session. A descriptor that no driver takes fails the stage config. What egress and the
    /// driver share out counts for the payer.
    pub async fn open(
        &self,
        payer: &str,
        descriptor: &Descriptor,
        credentials: &Credentials,
        stages: &mut Stages,
    ) -> Result<Box<dyn Session>, Halted> {
        let started = self.started.iter().find(|(driver, _)| driver.name == descriptor.driver);
        let read = started.ok_or_else(unknown_driver).and_then(|(driver, opener)| {
            let login = opener.read(descriptor, credentials)?;
            let endpoints: Vec<_> = descriptor.endpoints.iter().filter(|endpoint| endpoint.role == "data").collect();
            let (last, others) = endpoints.split_last().ok_or_else(no_endpoint)?;
            Ok((driver.mismatch, login, others.to_vec(), *last))
        });
        let (mismatch, login, others, last) = match read {
            Ok(read) => read,
            Err(fault) => return stages.settle(Stage::Config, Err(fault)),
        };
        let egress = self.egress.account(payer);
        let opening = Opening { egress, credentials, mismatch, deadline: egress.deadline(login.time_limit()), login };
        for endpoint in others {
            match opening.at(endpoint, stages).await {
                Err(Halted) if can_try_another(stages) => stages.try_again(),
                outcome => return outcome,
            }
        }
        opening.at(last, stages).await
    }
}

/// Only where the endpoint was not reached at all: a rejected password would be rejected again, and count twice.
fn can_try_another(stages: &Stages) -> bool {
    stages.fault().is_some_and(|(stage, _)| matches!(stage, Stage::Resolve | Stage::Connect))
}

/// What is the same for all endpoints of a session to be.
struct Opening<'a> {
    egress: Account<'a>,
    credentials: &'a Credentials,
    mismatch: &'static Code,
    login: Box<dyn Login + 'a>,
    deadline: Deadline,
}

impl Opening<'_> {
    /// The session at one endpoint, with a record of what came of it.
    async fn at(&self, endpoint: &Endpoint, stages: &mut Stages) -> Result<Box<dyn Session>, Halted> {
        let opened = self.reach(endpoint, stages).await;
        stages.endpoint(&endpoint.host, endpoint.port);
        opened
    }

    async fn reach(&self, endpoint: &Endpoint, stages: &mut Stages) -> Result<Box<dyn Session>, Halted> {
        let judged = self.egress.judge(endpoint, self.deadline, stages).await?;
        let first_word = judged.first_word(self.deadline);
        let opened = match judged.connect(self.credentials, first_word, stages).await {
            Ok(wire) => self.login.log_in(wire, self.deadline, stages).await,
            Err(halted) => Err(halted),
        };
        if opened.is_err() {
            judged.conceal(self.mismatch, first_word, stages).await;
        }
        opened
    }
}

/// Whether the descriptor's driver takes it with these credentials, as far as that can be said without opening anything.
pub fn check(descriptor: &Descriptor, credentials: &Credentials) -> Result<(), Fault> {
    let driver = find(&descriptor.driver).ok_or_else(unknown_driver)?;
    (driver.check)(descriptor, credentials)
}

fn unknown_driver() -> Fault {
    Fault::new(&code::DESCRIPTOR_UNSUPPORTED)
        .message("The connector asks for a driver that this installation does not have.")
}

fn no_endpoint() -> Fault {
    Fault::new(&code::DESCRIPTOR_UNSUPPORTED).message("The connector names no endpoint.")
}

#[cfg(test)]
mod tests;
