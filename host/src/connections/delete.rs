//! Deleting a connection.

use super::deposit::discard;
use super::{ATTEMPTS, Connections, Error, Request};
use crate::audit::{Action, Event, Resource};
use crate::auth::Permission;
use crate::store::{Turn, connections};

impl Connections {
    /// Deletes one, whatever is damaged in its row; its credentials go with it. `revision` is what the caller saw, if it said so.
    pub async fn delete(&self, request: Request<'_>, resource_uri: &str, revision: Option<i64>) -> Result<(), Error> {
        request.authorize(Permission::Read)?;
        for _ in 0..ATTEMPTS {
            let mut reader = self.store.reader(Turn::of(request.tenant)).await?;
            let found = connections::identify(&mut reader, request.tenant, resource_uri).await?;
            drop(reader);
            let found = found.ok_or(Error::NotFound)?;
            request.authorize_on(Permission::Delete, &found.owner)?;
            if let (Some(seen), Some(now)) = (revision, found.revision)
                && seen != now
            {
                return Err(Error::RevisionMismatch(now));
            }
            let resource = Resource::Connection { owner: found.owner.clone(), resource_uri: resource_uri.to_owned() };
            let event = Event { actor: request.caller.into(), action: Action::ConnectionDelete, resource };
            let mut change = self.store.change(event).await?;
            if let Some(deleted) = connections::delete(&mut change, &found.owner, &found.id, revision).await? {
                discard(&mut change, &found.owner.organization, deleted.secret.as_ref()).await?;
                change.commit().await?;
                self.depository.pending.changed.notify_one();
                return Ok(());
            }
        }
        Err(Error::Contended)
    }
}
