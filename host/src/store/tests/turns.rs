//! Turns at the store: whose is next, how long one is, and what becomes of a connection that failed.

use std::sync::Mutex;

use super::*;

/// A statement that works until it is told to end.
const ENDLESS: &str = "with recursive endless (number) as (select 1 union all select number + 1 from endless) select max(number) from endless";

/// A store of which a turn may work for this long.
async fn store(directory: &Directory, list_work: Duration) -> Store {
    Store::open(&directory.0.join("metadata.db"), Settings { list_work, ..SETTINGS }).await.unwrap()
}

async fn endless(connection: &mut Connection) -> Result<i64, Error> {
    Ok(sqlx::query_scalar(ENDLESS).fetch_one(connection).await?)
}

#[tokio::test]
async fn a_turn_ends_when_it_has_worked_for_too_long_and_the_next_one_is_good() {
    let directory = Directory::new();
    let store = store(&directory, Duration::from_millis(20)).await;
    for _ in 0..=SETTINGS.readers {
        let mut reader = store.list_reader("acme").await.unwrap();
        let ended = endless(&mut reader).await.unwrap_err();
        assert!(matches!(ended, Error::TooLong), "{ended:?}");
    }
    let all = Selection { limit: 10, ..Selection::default() };
    assert_eq!(names(&store, &tenant("acme", None), &all).await, (vec![], 0));
}

#[tokio::test]
async fn who_breaks_off_has_its_turn_until_sqlite_has_ended() {
    let directory = Directory::new();
    let store = store(&directory, Duration::from_mins(1)).await;
    for _ in 0..10 {
        let mut readers = Vec::new();
        for _ in 0..SETTINGS.readers_per_organization {
            readers.push(store.list_reader("acme").await.unwrap());
        }
        for mut reader in readers {
            let broken_off = tokio::time::timeout(Duration::from_millis(1), endless(&mut reader)).await;
            assert!(broken_off.is_err(), "it has an end");
        }
        // Had they gone on, this one would wait for a minute.
        let next = tokio::time::timeout(Duration::from_secs(20), store.list_reader("acme")).await.unwrap();
        assert!(next.is_ok(), "{next:?}");
    }
}

#[tokio::test]
async fn a_connection_on_which_anything_failed_is_replaced() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    // What SQLite does by itself when the disk is full: the driver still believes in its transaction.
    let mut transaction = store.host_transaction(TURN).await.unwrap();
    sqlx::query("rollback").execute(&mut *transaction).await.unwrap();
    assert!(transaction.commit().await.is_err());
    assert!(insert(&store, &row("acme", "sales", "a")).await);
    // The same without a commit.
    let mut transaction = store.host_transaction(TURN).await.unwrap();
    sqlx::query("rollback").execute(&mut *transaction).await.unwrap();
    drop(transaction);
    assert!(insert(&store, &row("acme", "sales", "b")).await);
    // A file that could be opened for reading only, once.
    let mut writer = store.host_writer(TURN).await.unwrap();
    sqlx::query("pragma query_only = on").execute(&mut writer).await.unwrap();
    let refused = sqlx::query("delete from connections").execute(&mut writer).await.unwrap_err();
    assert!(matches!(Error::from(refused), Error::Unavailable(_)));
    drop(writer);
    assert!(insert(&store, &row("acme", "sales", "c")).await);
    store.health().await.unwrap();
}

#[tokio::test]
async fn organizations_write_in_turns() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let first = store.host_transaction(TURN).await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for organization in ["greedy", "greedy", "greedy", "greedy", "modest"] {
        let (store, order) = (store.clone(), Arc::clone(&order));
        waiting.push(tokio::spawn(async move {
            let turn = store.host_transaction(Turn::Of(organization)).await.unwrap();
            order.lock().unwrap().push(organization);
            drop(turn);
        }));
        tokio::task::yield_now().await;
    }
    // Whether all is well is asked in between, too.
    let health = tokio::spawn({
        let store = store.clone();
        async move { store.health().await }
    });
    tokio::task::yield_now().await;
    first.commit().await.unwrap();
    for task in waiting {
        task.await.unwrap();
    }
    health.await.unwrap().unwrap();
    assert_eq!(*order.lock().unwrap(), ["greedy", "modest", "greedy", "greedy", "greedy"]);
}

#[tokio::test]
async fn readers_of_one_organization_leave_some_to_others_to_the_host_and_to_its_health() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let mut held = Vec::new();
    for organization in ["a", "a", "b", "b", "c"] {
        held.push(store.reader(Turn::Of(organization)).await.unwrap());
    }
    for _ in 0..2 {
        held.push(store.reader(Turn::Host).await.unwrap());
    }
    drop(store.reader(Turn::Of("d")).await.unwrap());
    store.health().await.unwrap();
    let more = tokio::time::timeout(Duration::ZERO, store.reader(Turn::Of("a"))).await;
    assert!(more.is_err(), "it has more than its share");
}
