//! Wire protocols: one driver each, on a stream that egress has opened. [`ALL`] is the table of them.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::descriptor::Descriptor;
use crate::diagnosis::{Fault, Halted, Stage, Stages, code};
use crate::egress::{Account, Egress};
use crate::secrets::Credentials;
use crate::statement::Statement;

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
    /// Opens a session: the stages policy, resolve, connect, tls, authenticate and session. A descriptor that the driver
    /// does not take fails the stage config.
    fn open<'a>(
        &'a self,
        egress: Account<'a>,
        descriptor: &'a Descriptor,
        credentials: &'a Credentials,
        stages: &'a mut Stages,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, Halted>>;
}

/// What the operator decides about drivers, for each that has settings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// PostgreSQL's.
    pub postgres: postgres::Settings,
}

/// All drivers, set up, and what they reach data sources through. Clones share everything.
#[derive(Debug, Clone)]
pub struct Drivers {
    egress: Arc<Egress>,
    openers: Vec<(&'static str, Arc<dyn Opener>)>,
}

impl Drivers {
    /// Sets up every driver, to reach data sources through this egress.
    pub fn new(egress: Arc<Egress>, settings: &Settings) -> Self {
        Self { egress, openers: ALL.iter().map(|driver| (driver.name, (driver.start)(settings))).collect() }
    }

    /// Opens a session by the descriptor's driver: the stages policy, resolve, connect, tls, authenticate and session. A
    /// descriptor that no driver takes fails the stage config. What egress shares out counts for the payer.
    pub async fn open(
        &self,
        payer: &str,
        descriptor: &Descriptor,
        credentials: &Credentials,
        stages: &mut Stages,
    ) -> Result<Box<dyn Session>, Halted> {
        let opener = self.openers.iter().find(|(name, _)| *name == descriptor.driver);
        let Some((_, opener)) = opener else { return stages.settle(Stage::Config, Err(unknown_driver())) };
        opener.open(self.egress.account(payer), descriptor, credentials, stages).await
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

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
}
