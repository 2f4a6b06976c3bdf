//! Opening a session, which nothing else does: a stored row, its connector, the descriptor that comes of both, whether the
//! credentials may still go where it leads, and only then the credentials and the driver.

use super::Sessions;
use crate::audit::Action;
use crate::auth::Permission;
use crate::connections::record::{accepted, bindings};
use crate::connections::{ATTEMPTS, Described, Error, Request, Status, Withheld, binding};
use crate::connectors::contract::{Answer, Purpose};
use crate::connectors::{Call, Target, VersionInUse};
use crate::diagnosis::{Fault, Halted, Stage, Stages, code};
use crate::drivers::{Drivers, Session};
use crate::finding::{self, Finding};
use crate::secrets::Credentials;
use crate::store::connections::ConnectionRow;

/// What came of opening a session on a stored connection.
pub(super) struct Opening {
    /// The connection as it was when its credentials were read.
    pub(super) row: ConnectionRow,
    /// None where its connector is not there or does not describe it.
    pub(super) described: Option<Described>,
    /// None where it halted, which the stages say why.
    pub(super) session: Result<Box<dyn Session>, Halted>,
    /// All from config to session.
    pub(super) stages: Stages,
}

/// Why no session was opened.
enum Stop {
    /// The stages say why.
    Halted,
    /// Somebody has changed the credentials meanwhile: the row points at others now.
    Changed,
    /// Nothing that the data source, its connector or its row is to blame for.
    Failed(Error),
}

impl From<Halted> for Stop {
    fn from(_: Halted) -> Self {
        Self::Halted
    }
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Sessions {
    /// Opens a session on a stored connection with its stored credentials. They are read only after it is clear that they
    /// would go where they were accepted for, and after it is recorded that they are released for this action. What is wrong
    /// with the connection or its data source is in the stages.
    pub(super) async fn open(
        &self,
        request: Request<'_>,
        resource_uri: &str,
        action: Action,
    ) -> Result<Opening, Error> {
        for attempt in 1..=ATTEMPTS {
            let row = self.connections.find_for(request, resource_uri, Permission::Use).await?;
            if row.status == Status::Disabled {
                return Err(Error::Disabled);
            }
            let connector = self.connections.reviewer().connector_of(&row);
            if connector.is_none() && attempt < ATTEMPTS && self.is_served_otherwise(request, &row).await? {
                continue;
            }
            let (mut stages, mut described) = (Stages::start(), None);
            let session = match self.open_row((request, action), &row, connector, &mut described, &mut stages).await {
                Ok(session) => Ok(session),
                Err(Stop::Halted) => Err(Halted),
                Err(Stop::Changed) => continue,
                Err(Stop::Failed(error)) => return Err(error),
            };
            return Ok(Opening { row, described, session, stages });
        }
        Err(Error::Contended)
    }

    async fn open_row(
        &self,
        (request, action): (Request<'_>, Action),
        row: &ConnectionRow,
        connector: Option<VersionInUse>,
        described: &mut Option<Described>,
        stages: &mut Stages,
    ) -> Result<Box<dyn Session>, Stop> {
        let depository = self.connections.depository();
        let call = Call { organization: &request.tenant.organization, purpose: Purpose::Use };
        stages.settle(Stage::Config, withheld(depository.check(row))?)?;
        let described = described.insert(describe(call, row, connector, stages).await?);
        let moved = binding::moved(&described.accepted.credentials_set, &bindings(row)?, &described.target.bindings);
        stages.settle(Stage::Policy, stay(row, &moved))?;
        let released = depository.release(request.caller.into(), action, row).await;
        if let Err(Error::Withheld { why: Withheld::Lost, .. }) = &released {
            if self.has_other_credentials(request, row).await? {
                return Err(Stop::Changed);
            }
            depository.log(row, Withheld::Lost);
        }
        let credentials = stages.settle(Stage::Policy, withheld(released)?)?;
        Ok(dial(&self.drivers, call, described, &credentials, stages).await?)
    }

    /// Whether another connector version has taken the connection over since the row was read.
    async fn is_served_otherwise(&self, request: Request<'_>, row: &ConnectionRow) -> Result<bool, Error> {
        let again = self.connections.find_for(request, &row.resource_uri, Permission::Use).await?;
        Ok(again.serving.digest != row.serving.digest)
    }

    /// Whether it has other credentials since the row was read.
    async fn has_other_credentials(&self, request: Request<'_>, row: &ConnectionRow) -> Result<bool, Error> {
        let again = self.connections.find_for(request, &row.resource_uri, Permission::Use).await?;
        Ok(again.id != row.id || again.secret != row.secret)
    }
}

/// Has a stored configuration described, as the stage config.
async fn describe(
    call: Call<'_>,
    row: &ConnectionRow,
    connector: Option<VersionInUse>,
    stages: &mut Stages,
) -> Result<Described, Stop> {
    let accepted = accepted(row)?;
    let work = async {
        let connector = connector.ok_or_else(|| Fault::new(&code::CONNECTOR_MISSING))?;
        match connector.describe(call, &accepted).await {
            Ok(Answer::Given(target)) => Ok(Ok(Described { connector, accepted, target })),
            Ok(Answer::Refused(findings)) => Err(rejected(&findings)),
            Err(error) => Ok(Err(error)),
        }
    };
    Ok(stages.run(Stage::Config, work).await??)
}

/// Opens a session where a descriptor leads that has been judged, with credentials that may go there: the stages policy,
/// resolve, connect, tls, authenticate and session.
pub(super) async fn dial(
    drivers: &Drivers,
    call: Call<'_>,
    Described { target, .. }: &Described,
    credentials: &Credentials,
    stages: &mut Stages,
) -> Result<Box<dyn Session>, Halted> {
    stages.warn(Stage::Config, of_connector(target).into_iter().collect());
    drivers.open(call.organization, &target.descriptor, credentials, stages).await
}

/// What the connector decides of the protection, with the operator's approval.
pub(super) fn of_connector(target: &Target) -> Option<Fault> {
    let message = || format!("{} Here: {}.", code::TLS_OF_CONNECTOR.message, target.own.join(", "));
    (!target.own.is_empty()).then(|| Fault::new(&code::TLS_OF_CONNECTOR).message(message()))
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
    match (finding::first(findings), finding::summary(findings)) {
        (Some(first), Some(summary)) => fault.found(first).message(summary),
        _ => fault,
    }
}
