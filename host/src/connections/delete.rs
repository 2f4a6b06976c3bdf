//! Deleting a connection.

use super::{ATTEMPTS, Connections, Error, Request, now, owner};
use crate::auth::Permission;
use crate::secrets::Reference;
use crate::store::connections::ConnectionRow;
use crate::store::removals::RemovalRow;
use crate::store::{self, Transaction, connections, removals};

impl Connections {
    /// Deletes one; its credentials go with it. `revision` is what the caller saw, if it said so.
    pub async fn delete(&self, request: Request<'_>, resource_uri: &str, revision: Option<i64>) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let row = self.find_for(request, resource_uri, Permission::Delete).await?;
            if revision.is_some_and(|revision| revision != row.revision) {
                return Err(Error::RevisionMismatch(row.revision));
            }
            let mut transaction = self.store.begin().await?;
            if connections::delete(&mut transaction, &owner(&row), &row.id, row.revision).await? {
                discard_secret(&mut transaction, &row).await?;
                store::commit(transaction).await?;
                self.pending.changed.notify_one();
                return Ok(());
            }
        }
        let row = self.find_for(request, resource_uri, Permission::Delete).await?;
        Err(Error::RevisionMismatch(row.revision))
    }
}

/// Records for removal what the row pointed at, within the transaction after which it no longer does.
pub(super) async fn discard_secret(transaction: &mut Transaction, row: &ConnectionRow) -> Result<(), Error> {
    if let Some(secret) = &row.secret {
        let reference = Reference {
            organization: row.organization.clone(),
            key: secret.key.clone(),
            version: secret.version,
        };
        let removal = RemovalRow { store: secret.store.clone(), reference, created_at: now() };
        removals::insert(transaction, &removal).await?;
    }
    Ok(())
}
