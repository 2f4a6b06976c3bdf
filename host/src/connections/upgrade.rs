//! Agreeing to a connector version that leads a connection elsewhere.

use super::record::{accepted, bindings, bindings_to_json, rendition};
use super::write::write;
use super::{ATTEMPTS, Connection, Connections, Error, Request, Status, now};
use crate::audit::Action;
use crate::auth::Permission;
use crate::connectors::change::compare::{Outcome, Stored};
use crate::connectors::{Accepted, Target, VersionInUse};
use crate::finding::{self, Finding};
use crate::store::connections::ConnectionRow;
use crate::store::connector_versions;

impl Connections {
    /// Gives a connection to the version of this digest that waits for its tenant, and binds its credentials to where
    /// that version leads. It is `PENDING` afterwards, unless it is disabled.
    pub async fn upgrade(
        &self,
        request: Request<'_>,
        resource_uri: &str,
        revision: Option<i64>,
        digest: &str,
    ) -> Result<Connection, Error> {
        let found = self.find_for(request, resource_uri, Permission::Create).await?;
        let _turn = self.turn_to_change(&found.id).await?;
        for _ in 0..ATTEMPTS {
            let row = self.find_for(request, resource_uri, Permission::Create).await?;
            if revision.is_some_and(|revision| revision != row.revision) {
                return Err(Error::RevisionMismatch(row.revision));
            }
            let waits = row.upgrade.as_ref().is_some_and(|upgrade| upgrade.digest == digest);
            let active = self.reviewer.connector(&row.connection_type).ok();
            let Some(connector) =
                active.filter(|active| waits && active.digest() == digest && row.serving.digest != digest)
            else {
                return Err(Error::NoUpgrade);
            };
            if self.try_upgrade(request, row, &connector).await? {
                return self.find(request, resource_uri).await;
            }
        }
        Err(Error::Contended)
    }

    /// False if somebody changes the connection or the connector meanwhile.
    async fn try_upgrade(
        &self,
        request: Request<'_>,
        before: ConnectionRow,
        connector: &VersionInUse,
    ) -> Result<bool, Error> {
        self.depository.check(&before)?;
        let (accepted, target) = self.taken_over(request, &before, connector).await?;
        let mut row = before.clone();
        row.serving = rendition(connector, accepted);
        row.bindings = bindings_to_json(&target.bindings)?;
        self.depository.sign(&mut row)?;
        (row.before, row.upgrade) = (None, None);
        row.updated_by.clone_from(&request.caller.principal);
        row.updated_at = now();
        if row.status != Status::Disabled {
            (row.status, row.status_reason) = (Status::Pending, None);
        }
        let mut change = self.store.change(request.event(Action::ConnectionUpgrade, &before)).await?;
        if !connector_versions::is_active(&mut change, &row.serving.digest).await?
            || !write(&mut change, &before, row, false).await?
        {
            return Ok(false);
        }
        change.commit().await?;
        Ok(true)
    }

    /// What the version makes of the connection.
    async fn taken_over(
        &self,
        request: Request<'_>,
        row: &ConnectionRow,
        connector: &VersionInUse,
    ) -> Result<(Accepted, Target), Error> {
        let stored = Stored {
            serving: self.reviewer.connector_of(row),
            accepted: accepted(row)?,
            bindings: bindings(row)?,
            quiet: false,
        };
        let comparison = connector.compare(&request.tenant.organization, stored).await?;
        match (comparison.taken, comparison.outcome) {
            (Some(taken), _) => Ok(taken),
            (None, Outcome::Rejected(findings)) => {
                Err(Error::Invalid(finding::under(&row.config_member, findings).collect()))
            }
            (None, Outcome::Failed(error)) => Err(error.into()),
            (None, _) => {
                let message = "The connector does not accept the configuration.";
                Err(Error::Invalid(vec![Finding::error("rejected", "", message)]))
            }
        }
    }
}
