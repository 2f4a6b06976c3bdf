//! Testing a registered connection.

use super::record::{accepted, bindings};
use super::trial::{Prepared, halted};
use super::{ATTEMPTS, Connections, Error, Request, Status, Withheld, binding, now, owner};
use crate::audit::Action;
use crate::auth::Permission;
use crate::connectors::contract::{Answer, Purpose};
use crate::connectors::{Call, VersionInUse};
use crate::diagnosis::{Fault, Halted, Outcome, Report, Stage, Stages, code};
use crate::finding::Finding;
use crate::store::Turn;
use crate::store::connections::{self, ConnectionRow, TestOutcome};

impl Connections {
    /// Tests one with its stored credentials and records the outcome as its status. The credentials are read only after
    /// it is clear that they would go where they were accepted for.
    pub async fn test(&self, request: Request<'_>, resource_uri: &str) -> Result<Report, Error> {
        for attempt in 1..=ATTEMPTS {
            let row = self.find_for(request, resource_uri, Permission::Use).await?;
            if row.status == Status::Disabled {
                return Err(Error::Disabled);
            }
            let connector = self.trial.connector_of(&row);
            if connector.is_none() && attempt < ATTEMPTS && self.is_served_otherwise(request, &row).await? {
                continue;
            }
            // None when somebody changed the credentials meanwhile: the row points at others now.
            if let Some(report) = self.test_row(request, &row, connector).await? {
                self.record(&row, &report).await?;
                return Ok(report);
            }
        }
        Err(Error::Contended)
    }

    /// Whether another connector version has taken the connection over since the row was read.
    async fn is_served_otherwise(&self, request: Request<'_>, row: &ConnectionRow) -> Result<bool, Error> {
        let again = self.find_for(request, &row.resource_uri, Permission::Use).await?;
        Ok(again.serving.digest != row.serving.digest)
    }

    /// Whether it has other credentials since the row was read.
    async fn has_other_credentials(&self, request: Request<'_>, row: &ConnectionRow) -> Result<bool, Error> {
        let again = self.find_for(request, &row.resource_uri, Permission::Use).await?;
        Ok(again.id != row.id || again.secret != row.secret)
    }

    async fn test_row(
        &self,
        request: Request<'_>,
        row: &ConnectionRow,
        connector: Option<VersionInUse>,
    ) -> Result<Option<Report>, Error> {
        let mut stages = Stages::start();
        let call = Call { organization: &request.tenant.organization, purpose: Purpose::Use };
        if stages.settle(Stage::Config, withheld(self.depository.check(row))?).is_err() {
            return Ok(Some(halted(stages)));
        }
        let Ok(prepared) = self.prepare_stored(call, row, connector, &mut stages).await? else {
            return Ok(Some(halted(stages)));
        };
        let moved = binding::moved(&prepared.accepted.credentials_set, &bindings(row)?, &prepared.target.bindings);
        if stages.settle(Stage::Policy, stay(row, &moved)).is_err() {
            return Ok(Some(halted(stages)));
        }
        let credentials = match self.depository.release(request.caller.into(), Action::ConnectionTest, row).await {
            Err(Error::Withheld { why: Withheld::Lost, .. }) if self.has_other_credentials(request, row).await? => {
                return Ok(None);
            }
            read => {
                if let Err(Error::Withheld { why: Withheld::Lost, .. }) = &read {
                    self.depository.log(row, Withheld::Lost);
                }
                withheld(read)?
            }
        };
        match stages.settle(Stage::Policy, credentials) {
            Ok(credentials) => Ok(Some(self.trial.explore(call, &prepared, &credentials, stages).await?)),
            Err(Halted) => Ok(Some(halted(stages))),
        }
    }

    /// Has the stored configuration described, as the stage `config`.
    async fn prepare_stored(
        &self,
        call: Call<'_>,
        row: &ConnectionRow,
        connector: Option<VersionInUse>,
        stages: &mut Stages,
    ) -> Result<Result<Prepared, Halted>, Error> {
        let accepted = accepted(row)?;
        let work = async {
            let connector = connector.ok_or_else(|| Fault::new(&code::CONNECTOR_MISSING))?;
            match connector.describe(call, &accepted).await {
                Ok(Answer::Given(target)) => Ok(Ok(Prepared { connector, accepted, target, warnings: Vec::new() })),
                Ok(Answer::Refused(findings)) => Err(rejected(&findings)),
                Err(error) => Ok(Err(error)),
            }
        };
        match stages.run(Stage::Config, work).await {
            Ok(Ok(prepared)) => Ok(Ok(prepared)),
            Ok(Err(error)) => Err(error.into()),
            Err(halted) => Ok(Err(halted)),
        }
    }

    async fn record(&self, row: &ConnectionRow, report: &Report) -> Result<(), Error> {
        let failed = report.stages.iter().find_map(|stage| match &stage.outcome {
            Outcome::Failed(fault) => Some(format!("{}: {}", fault.code, fault.message)),
            Outcome::Passed | Outcome::Warned(_) | Outcome::Skipped => None,
        });
        let status = if failed.is_none() { Status::Active } else { Status::Error };
        let outcome = TestOutcome { status, status_reason: failed.as_deref(), tested_at: now() };
        // Not recorded when the connection has changed or gone meanwhile: it is another one that was tested.
        let mut writer = self.store.host_writer(Turn::Of(&row.organization)).await?;
        connections::record_test(&mut writer, &owner(row), row, outcome).await?;
        Ok(())
    }
}

/// Makes a fault of credentials that cannot be used.
fn withheld<T>(released: Result<T, Error>) -> Result<Result<T, Fault>, Error> {
    match released {
        Ok(released) => Ok(Ok(released)),
        Err(Error::Withheld { why, .. }) => Ok(Err(Fault::new(match why {
            Withheld::Altered => &code::CONNECTION_ALTERED,
            Withheld::Lost => &code::CREDENTIALS_LOST,
            Withheld::Damaged => &code::CREDENTIALS_DAMAGED,
        }))),
        Err(error) => Err(error),
    }
}

/// Refuses to send these credentials elsewhere than they were accepted for.
fn stay(row: &ConnectionRow, moved: &[String]) -> Result<(), Fault> {
    if moved.is_empty() {
        return Ok(());
    }
    tracing::warn!(connection = row.resource_uri, credentials = ?moved, "a connector changed a binding");
    let message = format!("{} The credentials: {}.", code::BINDING_CHANGED.message, moved.join(", "));
    Err(Fault::new(&code::BINDING_CHANGED).message(message))
}

/// The fault of a connector that no longer accepts the stored configuration: its first finding, and how many there are.
fn rejected(findings: &[Finding]) -> Fault {
    let fault = Fault::new(&code::CONFIG_REJECTED);
    let Some(first) = findings.first() else { return fault };
    let more = match findings.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let fault = fault.message(format!("{first}{more}"));
    match &first.hint {
        Some(hint) => fault.remedy(hint),
        None => fault,
    }
}
