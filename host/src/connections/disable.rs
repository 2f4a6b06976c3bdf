//! Disabling a connection and enabling it again.

use super::write::write;
use super::{ATTEMPTS, Connection, Connections, Error, Request, Status, now};
use crate::audit::Action;
use crate::auth::Permission;

impl Connections {
    /// Disables one (`true`), or enables it (`false`): then it is `PENDING` until it is tested. One that is already so
    /// stays as it is. `revision` is what the caller saw, if it said so.
    pub async fn set_disabled(
        &self,
        request: Request<'_>,
        resource_uri: &str,
        revision: Option<i64>,
        disabled: bool,
    ) -> Result<Connection, Error> {
        let found = self.find_for(request, resource_uri, Permission::Operate).await?;
        let _turn = self.turn_to_change(&found.id).await?;
        for _ in 0..ATTEMPTS {
            let before = self.find_for(request, resource_uri, Permission::Operate).await?;
            if revision.is_some_and(|revision| revision != before.revision) {
                return Err(Error::RevisionMismatch(before.revision));
            }
            if (before.status == Status::Disabled) == disabled {
                return Ok(Connection::try_from(before)?);
            }
            let mut row = before.clone();
            row.status = if disabled { Status::Disabled } else { Status::Pending };
            row.status_reason = disabled.then(|| format!("disabled by {}", request.caller.principal));
            row.updated_by.clone_from(&request.caller.principal);
            row.updated_at = now();
            let action = if disabled { Action::ConnectionDisable } else { Action::ConnectionEnable };
            let mut change = self.store.change(request.event(action, &before)).await?;
            if write(&mut change, &before, row, false).await? {
                change.commit().await?;
                return self.find(request, resource_uri).await;
            }
        }
        Err(Error::Contended)
    }
}
