//! Putting credentials where no crash can lose or orphan them.
//!
//! 1. An *intent* is written: this version of this secret is about to be put.
//! 2. The secret is put, under a version that was never given out before.
//! 3. One transaction makes the connection point at it, drops the intent and records the replaced version for removal.
//!
//! A process that ends before 3 leaves the old state and an intent; one that ends after 3 leaves the new state and a
//! removal. The reaper takes up both. Which of its own intents are still being worked on is known to each process alone;
//! of others' it goes by their heartbeat.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::{Error, now, record};
use crate::audit::{Action, Actor, Event};
use crate::auth::Tenant;
use crate::once::Once;
use crate::random;
use crate::secrets::{self, Credentials, DerivedKeys, Reference, RowFacts, SecretStore};
use crate::store::connections::{ConnectionRow, SecretLocation};
use crate::store::intents::{self, IntentRow};
use crate::store::removals::{self, RemovalRow};
use crate::store::{self, Store, Transaction, Turn};

/// How many versions are tried when the secret store has others under the next ones: it is later than the metadata.
const VERSIONS: usize = 100;

/// Where the credentials of connections are put, and what is known of them. Clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Depository {
    pub(super) store: Store,
    pub(super) secrets: Arc<dyn SecretStore>,
    pub(super) keys: DerivedKeys,
    pub(super) pending: Arc<Pending>,
    /// Connections whose credentials cannot be used, and why.
    pub(super) logged: Once<(String, Withheld)>,
}

/// Why stored credentials cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Withheld {
    /// The row does not have the signature that the host has given it.
    #[error(
        "The stored connection was changed by something else than this program, so that its configuration is needed again too"
    )]
    Altered,
    /// The secret store does not have them.
    #[error("The stored credentials are gone")]
    Lost,
    /// The secret store has something else.
    #[error("The stored credentials are damaged")]
    Damaged,
}

impl Withheld {
    const ALL: [Self; 3] = [Self::Altered, Self::Lost, Self::Damaged];
}

/// The intents that this process works on.
#[derive(Debug)]
pub(super) struct Pending {
    /// What the process is called in its intents: made anew at each start.
    pub(super) owner: String,
    intents: Mutex<HashSet<String>>,
    /// Told whenever the reaper may have something to do.
    pub(super) changed: Notify,
}

/// Keeps the reaper from an intent as long as any clone lives.
#[derive(Debug)]
struct Claim {
    pending: Arc<Pending>,
    intent: String,
}

/// A secret that was put and that nothing points at yet. Dropped without [`Deposit::settle`], the reaper removes it.
#[derive(Debug)]
pub(super) struct Deposit {
    /// Where it is.
    pub(super) location: SecretLocation,
    claim: Arc<Claim>,
}

impl Default for Pending {
    fn default() -> Self {
        Self { owner: random::id().to_string(), intents: Mutex::default(), changed: Notify::new() }
    }
}

impl Pending {
    /// Whether nothing is being worked on.
    pub(super) fn is_empty(&self) -> bool {
        self.intents.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Whether the intent is being worked on.
    pub(super) fn has(&self, intent: &str) -> bool {
        self.intents.lock().unwrap_or_else(PoisonError::into_inner).contains(intent)
    }

    fn claim(self: &Arc<Self>) -> Arc<Claim> {
        let intent = random::ordered_id().to_string();
        self.intents.lock().unwrap_or_else(PoisonError::into_inner).insert(intent.clone());
        Arc::new(Claim { pending: Arc::clone(self), intent })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.pending.intents.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.intent);
        self.pending.changed.notify_one();
    }
}

impl Depository {
    pub(super) fn new(store: Store, secrets: Arc<dyn SecretStore>, keys: DerivedKeys) -> Self {
        Self { store, secrets, keys, pending: Arc::default(), logged: Once::default() }
    }

    /// Gives a row the signature that says it is as the host has written it. To be called whenever the host changes what
    /// that is about, and only of a row that was as the host had written it.
    pub(super) fn sign(&self, row: &mut ConnectionRow) -> Result<(), Error> {
        for why in Withheld::ALL {
            self.logged.forget(&(row.id.clone(), why));
        }
        sign(&self.keys, row)
    }

    /// Refuses a row that is not as the host has written it.
    pub(crate) fn check(&self, row: &ConnectionRow) -> Result<(), Error> {
        let is_right = |signature: &String| with_facts(row, |facts| self.keys.verify(facts, signature));
        if row.signature.as_ref().is_some_and(is_right) {
            return Ok(());
        }
        self.log(row, Withheld::Altered);
        Err(withhold(row, Withheld::Altered))
    }

    /// Logs why the credentials of a connection cannot be used, once until they are put right.
    pub(crate) fn log(&self, row: &ConnectionRow, why: Withheld) {
        if self.logged.is_first((row.id.clone(), why)) {
            let (connection, resource_uri, organization) = (&row.id, &row.resource_uri, &row.organization);
            match why {
                Withheld::Altered => tracing::warn!(
                    connection,
                    resource_uri,
                    organization,
                    "security: the row of a connection is not as this host has written it; its credentials are not used"
                ),
                Withheld::Lost | Withheld::Damaged => {
                    tracing::error!(connection, resource_uri, organization, "{why}; they have to be sent again");
                }
            }
        }
    }

    /// Puts the credentials of a connection that is about to be registered.
    pub(super) async fn put_first(
        &self,
        owner: &Tenant,
        connection: &str,
        credentials: &Credentials,
    ) -> Result<Deposit, Error> {
        let transaction = self.store.host_transaction(Turn::of(owner)).await?;
        self.put(transaction, owner, (connection, 1), credentials).await
    }

    /// Puts the credentials of a connection that is about to be changed.
    pub(super) async fn put_next(
        &self,
        owner: &Tenant,
        connection: &str,
        credentials: &Credentials,
    ) -> Result<Deposit, Error> {
        for _ in 0..VERSIONS {
            let mut transaction = self.store.host_transaction(Turn::of(owner)).await?;
            let version = store::connections::next_secret_version(&mut transaction, owner, connection).await?;
            match self.put(transaction, owner, (connection, version.ok_or(Error::NotFound)?), credentials).await {
                Err(Error::Secrets(secrets::Error::Conflict)) => {}
                put => return put,
            }
        }
        Err(secrets::Error::Conflict.into())
    }

    async fn put(
        &self,
        mut transaction: Transaction,
        owner: &Tenant,
        (connection, version): (&str, i64),
        credentials: &Credentials,
    ) -> Result<Deposit, Error> {
        let claim = self.pending.claim();
        let reference = Reference { organization: owner.organization.clone(), key: connection.to_owned(), version };
        let store = self.secrets.name().to_owned();
        let intent = IntentRow {
            id: claim.intent.clone(),
            store: store.clone(),
            reference: reference.clone(),
            created_at: now(),
            owner: self.pending.owner.clone(),
            heartbeat_at: now(),
        };
        intents::insert(&mut transaction, &intent).await?;
        transaction.commit().await?;
        let secret = credentials.to_secret();
        let bytes = i64::try_from(secret.expose().len()).unwrap_or(i64::MAX);
        let location = SecretLocation { store, key: connection.to_owned(), version, bytes };
        // In a task of its own, which holds the claim: when the caller goes away in the middle, the reaper waits for
        // the end of the put instead of removing what has not arrived yet.
        let put = tokio::spawn({
            let (secrets, claim) = (Arc::clone(&self.secrets), Arc::clone(&claim));
            async move {
                let result = secrets.put(&reference, &secret).await;
                drop(claim);
                result
            }
        });
        let put = put.await.map_err(|error| secrets::Error::Unavailable(error.into()))?;
        if let Err(secrets::Error::Conflict) = put {
            // What is there belongs to other metadata: it is not the reaper's.
            let mut transaction = self.store.host_transaction(Turn::of(owner)).await?;
            intents::delete(&mut transaction, &claim.intent).await?;
            transaction.commit().await?;
        }
        put?;
        Ok(Deposit { location, claim })
    }

    /// The credentials that a row points at; none are set when it points at no secret. The one place where they come out:
    /// only for a row that is as the host has written it, and not before it is recorded who has them released for what.
    #[expect(clippy::disallowed_methods, reason = "the release of a tenant's credentials")]
    pub(crate) async fn release(
        &self,
        actor: Actor,
        action: Action,
        row: &ConnectionRow,
    ) -> Result<Credentials, Error> {
        let Some(location) = &row.secret else { return Ok(Credentials::default()) };
        if location.store != self.secrets.name() {
            let reason = format!("the credentials are in the secret store {}, which is not open", location.store);
            return Err(secrets::Error::Unavailable(reason.into()).into());
        }
        self.check(row)?;
        let event = Event { actor, action, resource: row.into() };
        match self.store.release(&event, self.secrets.get(&reference(&row.organization, location))).await? {
            Ok(secret) => Credentials::from_secret(&secret).ok_or_else(|| self.damaged(row)),
            // Not logged yet: somebody may have replaced them since the row was read.
            Err(secrets::Error::NotFound) => Err(withhold(row, Withheld::Lost)),
            Err(secrets::Error::Corrupt) => Err(self.damaged(row)),
            Err(error) => Err(error.into()),
        }
    }

    fn damaged(&self, row: &ConnectionRow) -> Error {
        self.log(row, Withheld::Damaged);
        withhold(row, Withheld::Damaged)
    }
}

fn withhold(row: &ConnectionRow, why: Withheld) -> Error {
    let set = record::credentials_set(row).unwrap_or_default().into_iter().filter(|(_, set)| *set);
    Error::Withheld { why, credentials: set.map(|(name, _)| name).collect() }
}

/// Gives a row its signature.
pub(super) fn sign(keys: &DerivedKeys, row: &mut ConnectionRow) -> Result<(), Error> {
    row.signature = Some(with_facts(row, |facts| keys.sign(facts))?);
    Ok(())
}

/// Records for removal what a connection of the organization pointed at, within the transaction after which it no longer
/// does.
pub(super) async fn discard(
    transaction: &mut Transaction,
    organization: &str,
    secret: Option<&SecretLocation>,
) -> Result<(), Error> {
    if let Some(location) = secret {
        let reference = reference(organization, location);
        let removal = RemovalRow { store: location.store.clone(), reference, created_at: now() };
        removals::insert(transaction, &removal).await?;
    }
    Ok(())
}

fn reference(organization: &str, location: &SecretLocation) -> Reference {
    Reference { organization: organization.to_owned(), key: location.key.clone(), version: location.version }
}

fn with_facts<T>(row: &ConnectionRow, work: impl FnOnce(&RowFacts<'_>) -> T) -> T {
    let secret = row.secret.as_ref().map(|location| (location.store.as_str(), reference(&row.organization, location)));
    work(&RowFacts {
        connection: &row.id,
        project: &row.project,
        organization: &row.organization,
        secret: secret.as_ref().map(|(store, reference)| (*store, reference)),
        config_sent: &row.config_sent,
        bindings: &row.bindings,
    })
}

impl Deposit {
    /// Drops the intent within the transaction that makes something point at the secret. Keep the deposit until that
    /// has committed.
    pub(super) async fn settle(&self, transaction: &mut Transaction) -> Result<(), Error> {
        if intents::delete(transaction, &self.claim.intent).await? {
            return Ok(());
        }
        // This process's reaper does not touch a claimed intent; whoever else did, because this process was not heard of for
        // so long, may have removed the secret.
        Err(store::Error::Damaged("list of secret intents").into())
    }
}
