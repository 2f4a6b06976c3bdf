//! Deleting a connection.

use super::deposit::discard;
use super::{ATTEMPTS, Connections, Error, Request, owner};
use crate::audit::Action;
use crate::auth::Permission;
use crate::store::connections;

impl Connections {
    /// Deletes one; its credentials go with it. `revision` is what the caller saw, if it said so.
    pub async fn delete(&self, request: Request<'_>, resource_uri: &str, revision: Option<i64>) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let row = self.find_for(request, resource_uri, Permission::Delete).await?;
            if revision.is_some_and(|revision| revision != row.revision) {
                return Err(Error::RevisionMismatch(row.revision));
            }
            let mut change = self.store.change(request.event(Action::ConnectionDelete, &row)).await?;
            if connections::delete(&mut change, &owner(&row), &row.id, row.revision).await? {
                discard(&mut change, &row).await?;
                change.commit().await?;
                self.depository.pending.changed.notify_one();
                return Ok(());
            }
        }
        Err(Error::Contended)
    }
}
