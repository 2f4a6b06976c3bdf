//! One wire protocol each, on a stream that egress has opened.

use crate::connectors::contract::Statement;
use crate::descriptor::Descriptor;
use crate::diagnosis::{Fault, Halted, Privileges, Server, Stages};
use crate::egress::Egress;
use crate::secrets::Credentials;

/// The names of the drivers that a manifest may list.
pub const DRIVERS: &[&str] = &["postgres"];

/// An open session on a data source.
#[derive(Debug)]
pub struct Session {}

/// A row of texts, null where unknown.
pub type Row = Vec<Option<String>>;

/// Opens a session: the stages policy, resolve, connect, tls, authenticate and session.
pub async fn open(
    egress: &Egress,
    descriptor: &Descriptor,
    credentials: &Credentials,
    stages: &mut Stages,
) -> Result<Session, Halted> {
    let _ = (egress, descriptor, credentials, stages);
    todo!()
}

impl Session {
    /// What is known of the server.
    pub fn server(&self) -> &Server {
        todo!()
    }

    /// Looks at what the user may do.
    pub async fn privileges(&mut self, stages: &mut Stages) -> Result<Privileges, Halted> {
        let _ = stages;
        todo!()
    }

    /// Ends the session politely.
    pub async fn close(self) {
        todo!()
    }

    /// Runs a statement of a connector read-only and returns its rows, refusing other columns than `columns`.
    pub async fn fetch(&mut self, statement: &Statement, columns: &[&str], max_rows: usize) -> Result<Vec<Row>, Fault> {
        let _ = (statement, columns, max_rows);
        todo!()
    }
}
