//! Deleting a connection.

use super::deposit::discard;
use super::{ATTEMPTS, Connections, Error, Request, owner};
use crate::auth::Permission;
use crate::store::{Turn, connections};

impl Connections {
    /// Deletes one; its credentials go with it. `revision` is what the caller saw, if it said so.
    pub async fn delete(&self, request: Request<'_>, resource_uri: &str, revision: Option<i64>) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let row = self.find_for(request, resource_uri, Permission::Delete).await?;
            if revision.is_some_and(|revision| revision != row.revision) {
                return Err(Error::RevisionMismatch(row.revision));
            }
            let mut transaction = self.store.begin(Turn::of(request.tenant)).await?;
            if connections::delete(&mut transaction, &owner(&row), &row.id, row.revision).await? {
                discard(&mut transaction, &row).await?;
                transaction.commit().await?;
                self.depository.pending.changed.notify_one();
                return Ok(());
            }
        }
        Err(Error::Contended)
    }
}
