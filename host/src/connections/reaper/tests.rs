//! The protocol of secrets against real files: each step alone, as a crash would leave it.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::*;
use crate::audit::{Action, Actor, Event, Resource};
use crate::auth::Tenant;
use crate::connections::deposit::{Pending, discard};
use crate::random;
use crate::secrets::{self, Credentials, IfMissing, LocalStore, Reference, Secret, SecretStore};
use crate::store::Store;
use crate::store::connections::{self, ConnectionRow, Selection, Status};
use crate::store::tests::rendition;

/// A data directory that can be opened again, as after a crash.
struct Installation {
    directory: PathBuf,
}

impl Installation {
    fn new() -> Self {
        Self { directory: std::env::temp_dir().join(format!("patchpanel-reaper-{}", random::id())) }
    }

    async fn start(&self) -> Depository {
        let store = Store::open(&self.directory.join("metadata.db"), crate::store::tests::SETTINGS).await.unwrap();
        let (path, key) = (self.directory.join("secrets.db"), self.directory.join("master.key"));
        let secrets = Arc::new(LocalStore::open(&path, &key, IfMissing::Create).await.unwrap());
        let keys = secrets.derived_keys().clone();
        Depository::new(store, secrets, keys)
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.directory).unwrap();
    }
}

fn tenant() -> Tenant {
    Tenant { organization: "acme".into(), project: Some("sales".into()) }
}

fn credentials(password: &str) -> Credentials {
    let mut credentials = Credentials::default();
    credentials.set("password".into(), Secret::new(password.as_bytes()));
    credentials
}

/// A row of the tenant with this resource URI.
pub(crate) fn row(resource_uri: &str) -> ConnectionRow {
    ConnectionRow {
        id: random::ordered_id().to_string(),
        organization: "acme".into(),
        project: "sales".into(),
        resource_uri: resource_uri.into(),
        slug: resource_uri.rsplit(':').next().unwrap().into(),
        name: "a".into(),
        description: String::new(),
        tags: Vec::new(),
        connection_type: "postgres".into(),
        config_member: "database_config".into(),
        config_sent: "{}".into(),
        bindings: "[]".into(),
        secret: None,
        signature: None,
        secret_sequence: 1,
        status: Status::Pending,
        status_reason: None,
        serving: rendition(),
        connector: None,
        before: None,
        upgrade: None,
        created_by: "user:alice".into(),
        updated_by: "user:alice".into(),
        created_at: 1,
        updated_at: 1,
        last_tested_at: None,
        revision: 1,
        test_revision: 0,
    }
}

/// A change of somebody.
async fn change(depository: &Depository) -> Result<store::Change, store::Error> {
    let resource = Resource::Connection { owner: tenant(), resource_uri: "data:acme:sales:a".into() };
    depository.store.change(Event { actor: Actor::Host, action: Action::ConnectionChange, resource }).await
}

/// Registers a connection as `register` does.
async fn register(depository: &Depository, password: &str) -> ConnectionRow {
    let mut row = row(&format!("data:acme:sales:{}", random::id()));
    let deposit = depository.put_first(&tenant(), &row.id, &credentials(password)).await.unwrap();
    row.secret = Some(deposit.location.clone());
    depository.sign(&mut row).unwrap();
    let mut transaction = change(depository).await.unwrap();
    assert!(connections::insert(&mut transaction, &row).await.unwrap());
    deposit.settle(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    row
}

/// Replaces the credentials of a row that was read before, as `change` does; none when somebody else was faster.
async fn replace(depository: &Depository, before: &ConnectionRow, password: &str) -> Option<ConnectionRow> {
    let deposit = depository.put_next(&tenant(), &before.id, &credentials(password)).await.unwrap();
    let mut after = ConnectionRow { secret: Some(deposit.location.clone()), ..before.clone() };
    depository.sign(&mut after).unwrap();
    let mut transaction = change(depository).await.unwrap();
    if !connections::update(&mut transaction, &tenant(), &after).await.unwrap() {
        return None;
    }
    deposit.settle(&mut transaction).await.unwrap();
    discard(&mut transaction, &before.organization, before.secret.as_ref()).await.unwrap();
    transaction.commit().await.unwrap();
    find(depository, before).await
}

async fn find(depository: &Depository, row: &ConnectionRow) -> Option<ConnectionRow> {
    let mut reader = depository.store.reader(Turn::Host).await.unwrap();
    connections::find(&mut reader, &tenant(), &row.resource_uri).await.unwrap()
}

async fn reap(depository: &Depository) {
    Reaper::new(depository.clone()).reap(now()).await.unwrap();
}

/// The versions of a connection's secret that the secret store still has.
#[expect(clippy::disallowed_methods, reason = "looks into the store, past what is recorded")]
async fn versions(depository: &Depository, row: &ConnectionRow) -> Vec<i64> {
    let mut versions = Vec::new();
    for version in 1..10 {
        let reference = Reference { organization: "acme".into(), key: row.id.clone(), version };
        match depository.secrets.get(&reference).await {
            Ok(_) => versions.push(version),
            Err(secrets::Error::NotFound) => {}
            Err(error) => panic!("{error}"),
        }
    }
    versions
}

async fn password(depository: &Depository, row: &ConnectionRow) -> String {
    let credentials = depository.release(Actor::Host, Action::ConnectionTest, row).await.unwrap();
    String::from_utf8(credentials.get("password").unwrap().expose().to_vec()).unwrap()
}

#[tokio::test]
async fn a_replaced_secret_goes_and_the_new_one_stays() {
    let installation = Installation::new();
    let depository = installation.start().await;
    let row = register(&depository, "one").await;
    reap(&depository).await;
    assert_eq!(versions(&depository, &row).await, [1]);
    let row = replace(&depository, &row, "two").await.unwrap();
    assert_eq!(versions(&depository, &row).await, [1, 2], "nothing is removed before the reaper");
    reap(&depository).await;
    assert_eq!(versions(&depository, &row).await, [2]);
    assert_eq!(password(&depository, &row).await, "two");

    let mut transaction = change(&depository).await.unwrap();
    assert!(connections::delete(&mut transaction, &tenant(), &row.id, Some(row.revision)).await.unwrap().is_some());
    discard(&mut transaction, &row.organization, row.secret.as_ref()).await.unwrap();
    transaction.commit().await.unwrap();
    reap(&depository).await;
    assert_eq!(versions(&depository, &row).await, [0; 0]);
}

#[tokio::test]
async fn a_crash_after_the_intent_or_after_the_put_leaves_the_old_state_and_no_orphan() {
    for put in [false, true] {
        let installation = Installation::new();
        let depository = installation.start().await;
        let row = register(&depository, "one").await;
        let mut transaction = change(&depository).await.unwrap();
        let version = connections::next_secret_version(&mut transaction, &tenant(), &row.id).await.unwrap().unwrap();
        let reference = Reference { organization: "acme".into(), key: row.id.clone(), version };
        let id = random::ordered_id().to_string();
        // Of a process that was there a moment ago; but there is no other one in the directory.
        let intent = IntentRow {
            id,
            store: "local".into(),
            reference: reference.clone(),
            created_at: now(),
            owner: "killed".into(),
            heartbeat_at: now(),
        };
        intents::insert(&mut transaction, &intent).await.unwrap();
        transaction.commit().await.unwrap();
        if put {
            depository.secrets.put(&reference, &credentials("two").to_secret()).await.unwrap();
        }
        depository.store.close().await;
        drop(depository);

        let depository = installation.start().await;
        reap(&depository).await;
        let row = find(&depository, &row).await.unwrap();
        assert_eq!(password(&depository, &row).await, "one");
        assert_eq!(versions(&depository, &row).await, [1]);
        let row = replace(&depository, &row, "three").await.unwrap();
        assert_eq!(row.secret.as_ref().unwrap().version, 3, "a version is never given out twice");
    }
}

#[tokio::test]
async fn a_secret_that_is_still_being_worked_on_is_left_alone() {
    let installation = Installation::new();
    let depository = installation.start().await;
    let row = row("data:acme:sales:a");
    let deposit = depository.put_first(&tenant(), &row.id, &credentials("one")).await.unwrap();
    reap(&depository).await;
    assert_eq!(versions(&depository, &row).await, [1]);
    drop(deposit);
    reap(&depository).await;
    assert_eq!(versions(&depository, &row).await, [0; 0]);
}

#[tokio::test]
async fn an_intent_of_another_process_is_left_alone_until_it_is_not_heard_of_any_more() {
    let installation = Installation::new();
    let one = installation.start().await;
    let other = Depository { pending: Arc::default(), ..one.clone() };
    let (ours, others) = (Reaper::new(one.clone()), Reaper::new(other.clone()));
    let row = row("data:acme:sales:a");
    let deposit = one.put_first(&tenant(), &row.id, &credentials("one")).await.unwrap();
    let start = now();
    others.reap(start + GRACE_PERIOD / 2).await.unwrap();
    assert_eq!(versions(&one, &row).await, [1], "its owner was heard of");
    ours.beat(start + GRACE_PERIOD / 2).await.unwrap();
    others.reap(start + GRACE_PERIOD + GRACE_PERIOD / 4).await.unwrap();
    assert_eq!(versions(&one, &row).await, [1], "its owner was heard of again");
    // Whoever has none says nothing of others'.
    others.beat(start + GRACE_PERIOD).await.unwrap();
    others.reap(start + 2 * GRACE_PERIOD).await.unwrap();
    assert_eq!(versions(&one, &row).await, [0; 0], "nobody was heard of for the grace period");
    let mut transaction = change(&one).await.unwrap();
    assert!(deposit.settle(&mut transaction).await.is_err(), "a connection would point at nothing");
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins_and_nothing_is_lost() {
    let installation = Installation::new();
    let depository = installation.start().await;
    let row = register(&depository, "one").await;
    let (left, right) = tokio::join!(replace(&depository, &row, "left"), replace(&depository, &row, "right"));
    assert!(left.is_some() != right.is_some(), "one must win");
    let expected = if left.is_some() { "left" } else { "right" };
    reap(&depository).await;
    let row = find(&depository, &row).await.unwrap();
    assert_eq!(row.revision, 2);
    assert_eq!(password(&depository, &row).await, expected);
    assert_eq!(versions(&depository, &row).await, [row.secret.as_ref().unwrap().version]);
}

/// A secret store whose puts wait until they are let through.
#[derive(Debug)]
struct Slow {
    inner: Arc<dyn SecretStore>,
    gate: tokio::sync::Semaphore,
}

impl SecretStore for Slow {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn put<'a>(&'a self, reference: &'a Reference, value: &'a Secret) -> BoxFuture<'a, Result<(), secrets::Error>> {
        Box::pin(async move {
            self.gate.acquire().await.unwrap().forget();
            self.inner.put(reference, value).await
        })
    }
    #[expect(clippy::disallowed_methods, reason = "hands on what it is asked")]
    fn get<'a>(&'a self, reference: &'a Reference) -> BoxFuture<'a, Result<Secret, secrets::Error>> {
        self.inner.get(reference)
    }
    fn delete<'a>(&'a self, reference: &'a Reference) -> BoxFuture<'a, Result<(), secrets::Error>> {
        self.inner.delete(reference)
    }
    fn missing<'a>(&'a self, of: &'a [Reference]) -> BoxFuture<'a, Result<Vec<Reference>, secrets::Error>> {
        self.inner.missing(of)
    }
    fn references<'a>(
        &'a self,
        after: Option<&'a Reference>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<Reference>, secrets::Error>> {
        self.inner.references(after, limit)
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
    fn health(&self) -> BoxFuture<'_, Result<(), secrets::Error>> {
        self.inner.health()
    }
}

#[tokio::test]
async fn a_put_that_outlives_its_caller_leaves_no_orphan() {
    let installation = Installation::new();
    let depository = installation.start().await;
    let slow = Arc::new(Slow { inner: Arc::clone(&depository.secrets), gate: tokio::sync::Semaphore::new(0) });
    let secrets: Arc<dyn SecretStore> = Arc::<Slow>::clone(&slow);
    let depository = Depository { secrets, pending: Arc::new(Pending::default()), ..depository };
    let row = row("data:acme:sales:a");
    let (tenant, credentials) = (tenant(), credentials("one"));
    let gone = tokio::time::timeout(
        std::time::Duration::from_millis(100),
        depository.put_first(&tenant, &row.id, &credentials),
    );
    assert!(gone.await.is_err(), "the caller must have gone away while the put waits");
    reap(&depository).await;
    slow.gate.add_permits(1);
    while versions(&depository, &row).await != [1] {
        tokio::task::yield_now().await;
    }
    // The claim goes right after the put, in the same task.
    while !versions(&depository, &row).await.is_empty() {
        reap(&depository).await;
    }
    let mut reader = depository.store.reader(Turn::Host).await.unwrap();
    assert_eq!(intents::list(&mut reader).await.unwrap(), []);
    assert_eq!(removals::list(&mut reader, "local", None, 10).await.unwrap(), []);
}

/// A secret store that never deletes a secret whose key starts with `stuck`.
#[derive(Debug)]
struct Refusing(Arc<dyn SecretStore>);

impl SecretStore for Refusing {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn put<'a>(&'a self, reference: &'a Reference, value: &'a Secret) -> BoxFuture<'a, Result<(), secrets::Error>> {
        self.0.put(reference, value)
    }
    #[expect(clippy::disallowed_methods, reason = "hands on what it is asked")]
    fn get<'a>(&'a self, reference: &'a Reference) -> BoxFuture<'a, Result<Secret, secrets::Error>> {
        self.0.get(reference)
    }
    fn delete<'a>(&'a self, reference: &'a Reference) -> BoxFuture<'a, Result<(), secrets::Error>> {
        if reference.key.starts_with("stuck") {
            return Box::pin(async { Err(secrets::Error::Unavailable("refused".into())) });
        }
        self.0.delete(reference)
    }
    fn missing<'a>(&'a self, of: &'a [Reference]) -> BoxFuture<'a, Result<Vec<Reference>, secrets::Error>> {
        self.0.missing(of)
    }
    fn references<'a>(
        &'a self,
        after: Option<&'a Reference>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<Reference>, secrets::Error>> {
        self.0.references(after, limit)
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        self.0.close()
    }
    fn health(&self) -> BoxFuture<'_, Result<(), secrets::Error>> {
        self.0.health()
    }
}

#[tokio::test]
async fn removals_that_fail_keep_none_behind_them_from_being_tried() {
    let installation = Installation::new();
    let depository = installation.start().await;
    let depository = Depository { secrets: Arc::new(Refusing(Arc::clone(&depository.secrets))), ..depository };
    let row = register(&depository, "one").await;
    let mut transaction = change(&depository).await.unwrap();
    for number in 0..2 * BATCH {
        let reference = Reference { organization: "acme".into(), key: format!("stuck-{number}"), version: 1 };
        let removal = RemovalRow { store: "local".into(), reference, created_at: i64::from(number / 2) };
        removals::insert(&mut transaction, &removal).await.unwrap();
    }
    assert!(connections::delete(&mut transaction, &tenant(), &row.id, Some(row.revision)).await.unwrap().is_some());
    discard(&mut transaction, &row.organization, row.secret.as_ref()).await.unwrap();
    transaction.commit().await.unwrap();
    reap(&depository).await;
    assert_eq!(versions(&depository, &row).await, [0; 0]);
    let mut reader = depository.store.reader(Turn::Host).await.unwrap();
    let left = removals::list(&mut reader, "local", None, 3 * BATCH).await.unwrap();
    assert_eq!(left.len(), 2 * BATCH as usize, "those that fail are kept");
}

#[tokio::test]
async fn never_removes_what_a_connection_points_at() {
    let installation = Installation::new();
    let depository = installation.start().await;
    let row = register(&depository, "one").await;
    let mut transaction = change(&depository).await.unwrap();
    discard(&mut transaction, &row.organization, row.secret.as_ref()).await.unwrap();
    transaction.commit().await.unwrap();
    reap(&depository).await;
    assert_eq!(versions(&depository, &row).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_go_away_at_any_moment_leave_whole_connections_and_no_orphan() {
    let installation = Installation::new();
    let depository = installation.start().await;
    let running = tokio::spawn(Reaper::new(depository.clone()).run());
    let started = std::time::Instant::now();
    let row = register(&depository, "one").await;
    let mut registered = vec![replace(&depository, &row, "two").await.unwrap().resource_uri];
    let undisturbed = started.elapsed();
    for hundredths in 0..100 {
        let caller = tokio::spawn({
            let depository = depository.clone();
            async move {
                let row = register(&depository, "one").await;
                replace(&depository, &row, "two").await
            }
        });
        tokio::time::sleep(undisturbed * hundredths / 80).await;
        caller.abort();
        if let Ok(Some(row)) = caller.await {
            registered.push(row.resource_uri);
        }
    }
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    let mut reader = depository.store.reader(Turn::Host).await.unwrap();
    while !intents::list(&mut reader).await.unwrap().is_empty()
        || !removals::list(&mut reader, "local", None, 1).await.unwrap().is_empty()
    {
        reap(&depository).await;
    }
    let all = Selection { limit: 1_000, ..Selection::default() };
    let rows = connections::list(&mut reader, &tenant(), &all).await.unwrap().rows;
    let rows: Vec<ConnectionRow> = rows.into_iter().map(Result::unwrap).collect();
    for row in &rows {
        let expected = if row.revision == 1 { "one" } else { "two" };
        assert_eq!(password(&depository, row).await, expected);
    }
    assert!(registered.iter().all(|uri| rows.iter().any(|row| row.resource_uri == *uri)), "an answered one is lost");
    assert!(rows.len() < 100, "no caller went away in time");
    let url = format!("sqlite://{}", installation.directory.join("secrets.db").display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let secrets: i64 = sqlx::query_scalar("select count(*) from secrets").fetch_one(&pool).await.unwrap();
    assert_eq!(usize::try_from(secrets).unwrap(), rows.len(), "each connection has one secret, and nothing else has");
}
