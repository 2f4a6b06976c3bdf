//! Testing a stored connection.

use super::Sessions;
use super::explore::{explore, halted};
use super::open::Opening;
use crate::audit::Action;
use crate::connections::{Error, Request};
use crate::connectors::Call;
use crate::connectors::contract::Purpose;
use crate::diagnosis::Report;

impl Sessions {
    /// Tests a stored connection with its stored credentials: opens a session, looks around and records the outcome as the
    /// connection's status.
    pub async fn test(&self, request: Request<'_>, resource_uri: &str) -> Result<Report, Error> {
        let Opening { row, described, session, stages } =
            self.open(request, resource_uri, Action::ConnectionTest).await?;
        let call = Call { organization: &request.tenant.organization, purpose: Purpose::Use };
        let report = match &described {
            Some(described) => explore(call, described, session, stages).await?,
            None => halted(stages),
        };
        self.connections.record_test(&row, &report).await?;
        Ok(report)
    }
}
