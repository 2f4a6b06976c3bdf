//! The audit trail: a row for each change and each release, and no more of them than may be.

use super::*;

fn event(action: Action) -> Event {
    event_of("acme", action)
}

fn event_of(organization: &str, action: Action) -> Event {
    let caller = crate::auth::Caller { principal: "user:alice".into(), organization: "acme".into(), grants: vec![] };
    let resource = Resource::Connection {
        owner: tenant(organization, Some("sales")),
        resource_uri: format!("data:{organization}:sales:a"),
    };
    Event { actor: Actor::from(&caller), action, resource }
}

/// All rows, as text.
async fn trail(store: &Store) -> Vec<String> {
    sqlx::query_scalar(
        "select organization || ' ' || outcome || ' ' || number || ' ' || actor || ' ' || actor_organization || ' '
             || action || ' ' || resource || ' ' || project from audit_events order by organization, outcome, number",
    )
    .fetch_all(&mut store.reader(Turn::Host).await.unwrap())
    .await
    .unwrap()
}

async fn numbers(store: &Store, organization: &str, outcome: &str) -> Vec<i64> {
    sqlx::query_scalar("select number from audit_events where organization = $1 and outcome = $2 order by number")
        .bind(organization)
        .bind(outcome)
        .fetch_all(&mut store.reader(Turn::Host).await.unwrap())
        .await
        .unwrap()
}

/// Rows of so many releases, which nothing has seen written.
async fn write_releases(store: &Store, count: i64) {
    let many =
        "insert into audit_events (organization, outcome, number, recorded_at, actor, actor_organization, action,
            resource, project)
        with recursive numbers (number) as (select 1 union all select number + 1 from numbers where number < $1)
        select 'acme', 'released', number, 0, '', '', '', '', '' from numbers";
    sqlx::query(many).bind(count).execute(&mut store.host_writer(Turn::Host).await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_change_and_its_row_are_one() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let row = row("acme", "sales", "a");
    let mut abandoned = store.change(event(Action::ConnectionRegister)).await.unwrap();
    assert!(connections::insert(&mut abandoned, &row).await.unwrap());
    drop(abandoned);
    assert_eq!(trail(&store).await, [""; 0]);
    let mut change = store.change(event(Action::ConnectionRegister)).await.unwrap();
    assert!(connections::insert(&mut change, &row).await.unwrap());
    change.commit().await.unwrap();
    store.release(&event(Action::ConnectionTest), async {}).await.unwrap();
    let version = Event {
        actor: Actor::Host,
        action: Action::ConnectorRollBack,
        resource: Resource::ConnectorVersion("sha256:00".into()),
    };
    store.change(version).await.unwrap().commit().await.unwrap();
    store.close().await;
    drop(store);
    let expected = [
        " done 1 system:host  connector.roll_back sha256:00 ",
        "acme done 1 user:alice acme connection.register data:acme:sales:a sales",
        "acme released 1 user:alice acme connection.test data:acme:sales:a sales",
    ];
    assert_eq!(trail(&directory.open().await.unwrap()).await, expected);
}

#[tokio::test]
async fn without_its_row_nothing_is_changed_and_nothing_released() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let refuse = "create trigger refuse before insert on audit_events begin select raise(abort, 'no'); end";
    sqlx::query(refuse).execute(&mut store.host_writer(Turn::Host).await.unwrap()).await.unwrap();
    let row = row("acme", "sales", "a");
    let mut change = store.change(event(Action::ConnectionRegister)).await.unwrap();
    assert!(connections::insert(&mut change, &row).await.unwrap());
    assert!(change.commit().await.is_err());
    assert_eq!(find(&store, &tenant("acme", Some("sales")), &row.resource_uri).await, None);
    let event = event(Action::ConnectionTest);
    assert!(store.release(&event, async { panic!("it was let out") }).await.is_err());
}

#[tokio::test]
async fn a_release_is_there_before_the_secret_comes_out() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let seen = store.release(&event(Action::ConnectionTest), numbers(&store, "acme", "released")).await.unwrap();
    assert_eq!(seen, [1]);
}

#[tokio::test]
async fn whoever_breaks_off_releases_keeps_no_trail_from_being_trimmed() {
    let directory = Directory::new();
    let path = directory.0.join("metadata.db");
    let store = Store::open(&path, Settings { audit_events: 300, ..SETTINGS }).await.unwrap();
    write_releases(&store, 1023).await;
    let release = event(Action::ConnectionTest);
    let broken_off = tokio::time::timeout(Duration::ZERO, store.release(&release, std::future::pending::<()>())).await;
    assert!(broken_off.is_err());
    store.trim_audit_trails().await.unwrap();
    assert_eq!(numbers(&store, "acme", "released").await.len(), 300);
}

#[tokio::test]
async fn the_oldest_rows_go_and_take_no_other_trail_with_them() {
    let directory = Directory::new();
    let path = directory.0.join("metadata.db");
    let store = Store::open(&path, Settings { audit_events: 300, ..SETTINGS }).await.unwrap();
    store.release(&event_of("other", Action::ConnectionTest), async {}).await.unwrap();
    store.change(event(Action::ConnectionRegister)).await.unwrap().commit().await.unwrap();
    write_releases(&store, 1023).await;
    store.trim_audit_trails().await.unwrap();
    assert_eq!(numbers(&store, "acme", "released").await.len(), 1023, "nothing has been seen of it yet");
    store.release(&event(Action::ConnectionTest), async {}).await.unwrap();
    store.trim_audit_trails().await.unwrap();
    let left: Vec<i64> = (725..=1024).collect();
    assert_eq!(numbers(&store, "acme", "released").await, left);
    store.release(&event(Action::ConnectionTest), async {}).await.unwrap();
    assert_eq!(numbers(&store, "acme", "released").await.last(), Some(&1025), "numbers go on");
    assert_eq!(numbers(&store, "acme", "done").await, [1]);
    assert_eq!(numbers(&store, "other", "released").await, [1]);
}
