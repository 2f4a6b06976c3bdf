//! Recording what a test of a stored connection came to.

use super::{Connections, Error, Status, now, owner};
use crate::diagnosis::{Outcome, Report};
use crate::store::Turn;
use crate::store::connections::{self, ConnectionRow, TestOutcome};

impl Connections {
    /// Makes the outcome of a test of this row its connection's status. Not when the connection has changed or gone meanwhile: it
    /// is another one that was tested.
    pub(crate) async fn record_test(&self, row: &ConnectionRow, report: &Report) -> Result<(), Error> {
        let failed = report.stages.iter().find_map(|stage| match &stage.outcome {
            Outcome::Failed(fault) => Some(format!("{}: {}", fault.code, fault.message)),
            Outcome::Passed | Outcome::Warned(_) | Outcome::Skipped => None,
        });
        let status = if failed.is_none() { Status::Active } else { Status::Error };
        let outcome = TestOutcome { status, status_reason: failed.as_deref(), tested_at: now() };
        let mut writer = self.store.host_writer(Turn::Of(&row.organization)).await?;
        connections::record_test(&mut writer, &owner(row), row, outcome).await?;
        Ok(())
    }
}
