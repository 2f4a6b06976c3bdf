//! One wire protocol each, on a stream that egress has opened.

use std::sync::Arc;

use crate::descriptor::Descriptor;
use crate::diagnosis::{Fault, Halted, Privileges, Server, Stage, Stages, code};
use crate::egress::Egress;
use crate::fairness::Shares;
use crate::secrets::Credentials;
use crate::statement::Statement;

mod postgres;

/// The names of the parameters that a driver takes; the contract documents them. None for an unknown driver.
pub fn parameters(driver: &str) -> Option<&'static [&'static str]> {
    match driver {
        "postgres" => Some(postgres::PARAMETERS),
        _ => None,
    }
}

/// An open session on a data source. Dropping it ends it rudely, and has the server stop a statement that still runs;
/// `close` says good-bye.
#[derive(Debug)]
pub enum Session {
    /// PostgreSQL's protocol.
    Postgres(postgres::Session),
}

/// A row of texts, null where unknown.
pub type Row = Vec<Option<String>>;

/// What the operator decides about drivers; from the settings.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The least rounds of hashing the password by SCRAM that a PostgreSQL server may ask for.
    pub postgres_scram_min_iterations: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { postgres_scram_min_iterations: postgres::SCRAM_MIN_ITERATIONS }
    }
}

/// The drivers, and what they reach data sources through.
#[derive(Debug, Clone)]
pub struct Drivers {
    egress: Arc<Egress>,
    settings: Settings,
    /// Turns at hashing passwords, between those whom sessions count for.
    hashing: Shares<String>,
}

impl Drivers {
    /// Drivers that use this egress.
    pub fn new(egress: Arc<Egress>, settings: Settings) -> Self {
        Self { egress, settings, hashing: postgres::turns() }
    }

    /// Opens a session: the stages policy, resolve, connect, tls, authenticate and session. A descriptor that the driver
    /// does not take fails the stage config. What egress shares out counts for the payer.
    pub async fn open(
        &self,
        payer: &str,
        descriptor: &Descriptor,
        credentials: &Credentials,
        stages: &mut Stages,
    ) -> Result<Session, Halted> {
        match descriptor.driver.as_str() {
            "postgres" => {
                let own = (self.settings, &self.hashing);
                let opened = postgres::open(self.egress.account(payer), own, descriptor, credentials, stages).await;
                opened.map(Session::Postgres)
            }
            _ => stages.settle(Stage::Config, Err(unknown_driver())),
        }
    }
}

/// Whether the driver takes a descriptor with these credentials, as far as that can be said without opening anything:
/// what [`Drivers::open`] looks at first.
pub fn check(descriptor: &Descriptor, credentials: &Credentials) -> Result<(), Fault> {
    match descriptor.driver.as_str() {
        "postgres" => postgres::check(descriptor, credentials),
        _ => Err(unknown_driver()),
    }
}

fn unknown_driver() -> Fault {
    Fault::new(&code::DESCRIPTOR_UNSUPPORTED)
        .message("The connector asks for a driver that this installation does not have.")
}

impl Session {
    /// What is known of the server.
    pub fn server(&self) -> &Server {
        match self {
            Self::Postgres(session) => session.server(),
        }
    }

    /// Looks at what the user may do: the stage privileges, warnings included.
    pub async fn privileges(&mut self, stages: &mut Stages) -> Result<Privileges, Halted> {
        match self {
            Self::Postgres(session) => session.privileges(stages).await,
        }
    }

    /// Runs a statement of a connector read-only and returns its rows, at most `max_rows`. One that gives other columns
    /// than `columns`, or any that is not text, is refused; each value is cut to 4 KiB. A session that has failed
    /// here is of no more use.
    pub async fn fetch(&mut self, statement: &Statement, columns: &[&str], max_rows: usize) -> Result<Vec<Row>, Fault> {
        match self {
            Self::Postgres(session) => session.fetch(statement, columns, max_rows).await,
        }
    }

    /// Warnings about tables that the connection names, or that its schema has, and that this listing cannot show: they are
    /// not there, or the user may not read them.
    pub async fn unlisted(&mut self, listing: &[Row]) -> Result<Vec<Fault>, Fault> {
        match self {
            Self::Postgres(session) => session.unlisted(listing).await,
        }
    }

    /// The name of the schema that the connection is about as it comes in a listing that could not be converted to UTF-8.
    pub async fn raw_schema(&mut self) -> Result<String, Fault> {
        match self {
            Self::Postgres(session) => session.raw_schema().await,
        }
    }

    /// The schema that the connection is about.
    pub fn schema(&self) -> &str {
        match self {
            Self::Postgres(session) => session.schema(),
        }
    }

    /// A name that the data source has sent, fit to be shown: short, escaped, without credentials.
    pub fn show(&self, name: &str) -> String {
        match self {
            Self::Postgres(session) => session.show(name),
        }
    }

    /// Ends the session, within a second.
    pub async fn close(self) {
        match self {
            Self::Postgres(session) => session.close().await,
        }
    }
}
