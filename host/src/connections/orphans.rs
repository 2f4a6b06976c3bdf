//! Secrets that nothing knows of, as they are left when one of the two stores was restored without the other. They are
//! removed when an operator says so, never because of a comparison: restored metadata may be a copy, beside which the
//! secrets are still in use.

use crate::audit::{Action, Actor, Event, Resource};
use crate::secrets::{Reference, SecretStore};
use crate::store::{Store, Turn, signatures};

/// References that are read at once.
const BATCH: u32 = 200;

/// Whether there are secrets, and no connection that points at one: the metadata may be new in the place of lost ones.
pub(crate) async fn are_all(store: &Store, secrets: &dyn SecretStore) -> anyhow::Result<bool> {
    let mut reader = store.reader(Turn::Host).await?;
    if !signatures::pointers(&mut reader, "", 1).await?.is_empty() {
        return Ok(false);
    }
    match secrets.references(None, 1).await?.first() {
        // One that is about to be removed is of a connection that was deleted.
        Some(secret) => Ok(!signatures::is_known(&mut reader, secrets.name(), secret).await?),
        None => Ok(false),
    }
}

/// Tells of every secret that no connection points at, and that is not about to be put or removed; removes each if it is
/// to. No host may be serving from these stores.
pub(crate) async fn visit(
    (store, secrets): (&Store, &dyn SecretStore),
    remove: bool,
    mut tell: impl FnMut(&Reference) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let (mut after, mut orphans) = (None, 0);
    loop {
        let references = secrets.references(after.as_ref(), BATCH).await?;
        for reference in &references {
            let mut reader = store.reader(Turn::Host).await?;
            if signatures::is_known(&mut reader, secrets.name(), reference).await? {
                continue;
            }
            drop(reader);
            tell(reference)?;
            orphans += 1;
            if remove {
                let resource = Resource::Secret(reference.clone());
                let event = Event { actor: Actor::Operator, action: Action::SecretRemove, resource };
                store.change(event).await?.commit().await?;
                secrets.delete(reference).await?;
            }
        }
        match references.into_iter().next_back() {
            Some(last) => after = Some(last),
            None => return Ok(orphans),
        }
    }
}
