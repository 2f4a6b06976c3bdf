//! Sessions on data sources, and the only way to one: what uses a connection asks here. `open.rs` opens one on a stored
//! connection, `verify.rs` one that is only tried, `validate.rs` opens none; `test.rs` and whatever uses connections later begin with either.

mod discover;
mod explore;
mod open;
mod test;
mod validate;
mod verify;

use std::sync::Arc;

use crate::auth::Permission;
use crate::connections::{Candidate, Connections, Error, Request};
use crate::diagnosis::Report;
use crate::drivers::Drivers;
pub use validate::Validation;
pub use verify::verify;

/// Opens sessions on the connections of all tenants. Every operation checks the caller's permission itself.
#[derive(Debug)]
pub struct Sessions {
    connections: Arc<Connections>,
    drivers: Drivers,
}

impl Sessions {
    /// Sessions on these connections, by these drivers.
    pub fn new(connections: Arc<Connections>, drivers: Drivers) -> Self {
        Self { connections, drivers }
    }

    /// Tries a connection without storing anything.
    pub async fn verify(&self, request: Request<'_>, candidate: Candidate) -> Result<Report, Error> {
        request.authorize(Permission::Create)?;
        verify(self.connections.reviewer(), &self.drivers, &request.tenant.organization, &candidate).await
    }
}
