//! The store against real SQLite files.

mod audit;
mod handing_over;
mod slugs;
pub(crate) mod states;
mod turns;
mod usage;
mod walk;

use std::borrow::Cow;

use super::connections::{Column, ConnectionRow, Rendition, SecretLocation, Selection, Status, TestOutcome};
use super::idempotency::IdempotencyRow;
use super::*;
use crate::audit::{Action, Actor, Resource};
use crate::random;

const TURN: Turn<'_> = Turn::Of("acme");

/// More than any test needs.
pub(crate) const SETTINGS: Settings = Settings {
    readers: 16,
    readers_per_organization: 2,
    list_work: Duration::from_secs(10),
    quotas: Quotas {
        connections_per_project: 100_000,
        tags_per_project: 1000,
        idempotency_keys_per_project: 1000,
        bytes_per_organization: 1 << 40,
    },
    audit_events: 100_000,
};

pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new() -> Self {
        // Characters that mean something in a URL, and one that is not ASCII.
        Self(std::env::temp_dir().join(format!("patchpanel store?#%41é-{}", random::id())))
    }

    pub(super) async fn open(&self) -> Result<Store, Error> {
        Store::open(&self.0.join("metadata.db"), SETTINGS).await
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

pub(super) fn tenant(organization: &str, project: Option<&str>) -> Tenant {
    Tenant { organization: organization.into(), project: project.map(Into::into) }
}

/// Such as a connector makes of a connection.
pub(crate) fn rendition() -> Rendition {
    Rendition {
        digest: "sha256:00".into(),
        config: r#"{"host":"h","port":5432}"#.into(),
        written_by: "1.0.0".into(),
        auth_method: "basic".into(),
        credentials_set: r#"{"password":true}"#.into(),
    }
}

pub(super) fn row(organization: &str, project: &str, slug: &str) -> ConnectionRow {
    ConnectionRow {
        id: random::ordered_id().to_string(),
        organization: organization.into(),
        project: project.into(),
        resource_uri: format!("data:{organization}:{project}:{slug}"),
        slug: slug.into(),
        name: slug.into(),
        description: "Quarterly Ünits, 100%".into(),
        tags: vec!["b".into(), "a".into()],
        connection_type: "postgres".into(),
        config_member: "database_config".into(),
        config_sent: r#"{"host":"h"}"#.into(),
        bindings: "[]".into(),
        secret: Some(SecretLocation { store: "local".into(), key: "k".into(), version: 1, bytes: 7 }),
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
        created_at: 1_700_000_000_000_000,
        updated_at: 1_700_000_000_000_001,
        last_tested_at: None,
        revision: 1,
        test_revision: 0,
    }
}

/// A change of somebody in the organization of [`TURN`].
pub(super) async fn begin(store: &Store) -> Result<Change, Error> {
    let resource = Resource::Connection { owner: tenant("acme", None), resource_uri: "data:acme:a".into() };
    store.change(Event { actor: Actor::Host, action: Action::ConnectionChange, resource }).await
}

pub(super) async fn insert(store: &Store, row: &ConnectionRow) -> bool {
    let mut transaction = begin(store).await.unwrap();
    let inserted = connections::insert(&mut transaction, row).await.unwrap();
    transaction.commit().await.unwrap();
    inserted
}

async fn find(store: &Store, tenant: &Tenant, resource_uri: &str) -> Option<ConnectionRow> {
    connections::find(&mut store.reader(TURN).await.unwrap(), tenant, resource_uri).await.unwrap()
}

async fn names(store: &Store, tenant: &Tenant, selection: &Selection<'_>) -> (Vec<String>, u64) {
    let mut reader = store.reader(TURN).await.unwrap();
    let page = connections::list(&mut reader, tenant, selection).await.unwrap();
    (page.rows.into_iter().map(|row| row.unwrap().name).collect(), page.total)
}

#[tokio::test]
async fn keeps_every_column_across_a_restart() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let full = ConnectionRow {
        status_reason: Some("why".into()),
        last_tested_at: Some(7),
        before: Some(Rendition { digest: "sha256:ff".into(), ..rendition() }),
        ..row("acme", "sales", "a")
    };
    let bare = ConnectionRow { secret: None, tags: Vec::new(), ..row("acme", "sales", "b") };
    assert!(insert(&store, &full).await && insert(&store, &bare).await);
    store.close().await;
    drop(store);
    let store = directory.open().await.unwrap();
    let sales = tenant("acme", Some("sales"));
    assert_eq!(find(&store, &sales, &full.resource_uri).await, Some(full));
    assert_eq!(find(&store, &sales, &bare.resource_uri).await, Some(bare));
}

#[tokio::test]
async fn is_durable_and_alone_and_for_nobody_else_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    for (setting, expected) in [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")] {
        let mut writer = store.host_writer(TURN).await.unwrap();
        let value = sqlx::query(sqlx::AssertSqlSafe(format!("pragma {setting}"))).fetch_one(&mut writer).await.unwrap();
        let value = sqlx::Row::try_get::<String, _>(&value, 0)
            .or_else(|_| sqlx::Row::try_get::<i64, _>(&value, 0).map(|number| number.to_string()));
        assert_eq!(value.unwrap(), expected, "{setting}");
    }
    let mut reader = store.reader(TURN).await.unwrap();
    let refused = sqlx::query("delete from connections").execute(&mut reader).await.unwrap_err();
    assert!(matches!(Error::from(refused), Error::Unavailable(_)), "readers only read");
    let refused = sqlx::query("delete from nothing").execute(&mut reader).await.unwrap_err();
    assert!(matches!(Error::from(refused), Error::Database(_)), "that is this program's mistake");
    drop(reader);
    let refused = directory.open().await.unwrap_err();
    assert!(matches!(refused, Error::InUse(_)), "{refused:?}");
    assert!(refused.to_string().contains("another patchpanel is running"));
    for entry in std::fs::read_dir(&directory.0).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
    assert_eq!(std::fs::metadata(&directory.0).unwrap().permissions().mode() & 0o077, 0);
}

#[tokio::test]
async fn a_tenant_sees_its_project_and_its_organization_and_writes_only_its_own() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let rows = [
        row("acme", "sales", "own"),
        row("acme", "", "shared"),
        row("acme", "hr", "theirs"),
        row("other", "sales", "x"),
    ];
    for row in &rows {
        assert!(insert(&store, row).await);
    }
    let sees = |organization, project| {
        let (store, rows, tenant) = (&store, &rows, tenant(organization, project));
        async move {
            let mut seen = Vec::new();
            for row in rows {
                let is_seen = find(store, &tenant, &row.resource_uri).await.is_some();
                // The organization lists its own, and finds those of its projects by their names.
                if is_seen && (tenant.project.is_some() || row.project.is_empty()) {
                    seen.push(row.name.clone());
                } else if is_seen {
                    assert_eq!(row.organization, tenant.organization);
                }
            }
            let selection = Selection { sort: vec![(Column::CreatedAt, false)], limit: 10, ..Selection::default() };
            let (listed, total) = names(store, &tenant, &selection).await;
            assert_eq!((&listed, total), (&seen, seen.len() as u64));
            seen
        }
    };
    assert_eq!(sees("acme", Some("sales")).await, ["own", "shared"]);
    assert_eq!(sees("acme", Some("hr")).await, ["shared", "theirs"]);
    assert_eq!(sees("acme", None).await, ["shared"]);
    assert_eq!(sees("other", Some("sales")).await, ["x"]);
    assert_eq!(sees("other", None).await, [""; 0]);
    assert!(find(&store, &tenant("acme", None), &rows[0].resource_uri).await.is_some());
    assert!(find(&store, &tenant("other", None), &rows[0].resource_uri).await.is_none());

    let mut transaction = begin(&store).await.unwrap();
    for foreign in [tenant("acme", Some("hr")), tenant("acme", None), tenant("other", Some("sales"))] {
        let own = &rows[0];
        assert!(!connections::update(&mut transaction, &foreign, own).await.unwrap());
        assert_eq!(connections::delete(&mut transaction, &foreign, &own.id, None).await.unwrap(), None);
        assert_eq!(connections::next_secret_version(&mut transaction, &foreign, &own.id).await.unwrap(), None);
        let outcome = TestOutcome { status: Status::Active, status_reason: None, tested_at: 1 };
        assert!(!connections::record_test(&mut transaction, &foreign, own, outcome).await.unwrap());
    }
    let project = tenant("acme", Some("sales"));
    let deleted = connections::delete(&mut transaction, &project, &rows[1].id, None).await.unwrap();
    assert_eq!(deleted, None, "the organization's");
}

#[tokio::test]
async fn a_resource_uri_is_taken_once_and_only_within_its_organization() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let first = row("acme", "sales", "a");
    assert!(insert(&store, &first).await);
    assert!(!insert(&store, &ConnectionRow { tags: vec!["lost".into()], ..row("acme", "sales", "a") }).await);
    assert_eq!(find(&store, &tenant("acme", Some("sales")), &first.resource_uri).await, Some(first.clone()));
    let squatter = ConnectionRow { resource_uri: first.resource_uri.clone(), ..row("other", "sales", "a") };
    assert!(insert(&store, &squatter).await);
}

#[tokio::test]
async fn of_two_updates_of_one_revision_the_second_does_nothing() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let tenant = tenant("acme", Some("sales"));
    let before = row("acme", "sales", "a");
    assert!(insert(&store, &before).await);
    let change = |name: &str| ConnectionRow { name: name.into(), tags: vec![name.into()], ..before.clone() };
    let mut transaction = begin(&store).await.unwrap();
    assert!(connections::update(&mut transaction, &tenant, &change("one")).await.unwrap());
    assert!(!connections::update(&mut transaction, &tenant, &change("two")).await.unwrap());
    assert_eq!(connections::delete(&mut transaction, &tenant, &before.id, Some(1)).await.unwrap(), None);
    transaction.commit().await.unwrap();
    let after = find(&store, &tenant, &before.resource_uri).await.unwrap();
    assert_eq!(after, ConnectionRow { revision: 2, ..change("one") });
    let by_tag = |tag: &str| Selection {
        tags: std::slice::from_ref(Box::leak(Box::new(tag.to_owned()))),
        limit: 10,
        ..Selection::default()
    };
    assert_eq!(names(&store, &tenant, &by_tag("one")).await.1, 1);
    assert_eq!(names(&store, &tenant, &by_tag("a")).await.1, 0, "an old tag stayed");
}

#[tokio::test]
async fn a_test_is_recorded_for_what_was_tested_and_is_no_change() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let tenant = tenant("acme", Some("sales"));
    let before = row("acme", "sales", "a");
    assert!(insert(&store, &before).await);
    let outcome = TestOutcome { status: Status::Error, status_reason: Some("why"), tested_at: 9 };
    let other_secret = SecretLocation { version: 2, ..before.secret.clone().unwrap() };
    let mut transaction = begin(&store).await.unwrap();
    for stale in [
        ConnectionRow { config_sent: "{}".into(), ..before.clone() },
        ConnectionRow { secret: Some(other_secret), ..before.clone() },
        ConnectionRow { secret: None, ..before.clone() },
        ConnectionRow { bindings: "[{}]".into(), ..before.clone() },
    ] {
        assert!(!connections::record_test(&mut transaction, &tenant, &stale, outcome).await.unwrap());
    }
    assert!(connections::record_test(&mut transaction, &tenant, &before, outcome).await.unwrap());
    transaction.commit().await.unwrap();
    let tested = ConnectionRow {
        status: Status::Error,
        status_reason: Some("why".into()),
        last_tested_at: Some(9),
        test_revision: 1,
        ..before.clone()
    };
    assert_eq!(find(&store, &tenant, &before.resource_uri).await, Some(tested.clone()));
    let mut transaction = begin(&store).await.unwrap();
    assert!(!connections::update(&mut transaction, &tenant, &before).await.unwrap(), "the test's result is lost");
    let disabled = ConnectionRow { status: Status::Disabled, ..tested };
    assert!(connections::update(&mut transaction, &tenant, &disabled).await.unwrap(), "a test broke the edit");
    assert!(!connections::record_test(&mut transaction, &tenant, &before, outcome).await.unwrap());
}

#[tokio::test]
async fn lists_what_is_searched_filtered_and_sorted_in_pages_that_do_not_overlap() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let tenant = tenant("acme", Some("sales"));
    for (number, slug) in ["delta", "alpha", "charlie", "bravo"].into_iter().enumerate() {
        let row = ConnectionRow {
            description: if number == 0 { r"50% of a_b\c ÜBER".into() } else { "plain".into() },
            tags: if number < 2 { vec!["x".into(), "y".into()] } else { vec!["x".into()] },
            connection_type: if number == 3 { "mysql".into() } else { "postgres".into() },
            created_by: if number == 2 { "user:bob".into() } else { "user:alice".into() },
            ..row("acme", "sales", slug)
        };
        assert!(insert(&store, &row).await);
    }
    let (x, xy, none) = (["x".to_owned()], ["x".to_owned(), "y".to_owned()], ["X".to_owned()]);
    let all = Selection { sort: vec![(Column::Name, false)], limit: 10, ..Selection::default() };
    for (selection, expected) in [
        (all.clone(), vec!["alpha", "bravo", "charlie", "delta"]),
        (Selection { sort: vec![(Column::Name, true)], ..all.clone() }, vec!["delta", "charlie", "bravo", "alpha"]),
        (Selection { sort: Vec::new(), ..all.clone() }, vec!["bravo", "charlie", "alpha", "delta"]),
        (
            Selection { sort: vec![(Column::ConnectionType, false), (Column::Name, true)], ..all.clone() },
            vec!["bravo", "delta", "charlie", "alpha"],
        ),
        (Selection { tags: &x, ..all.clone() }, vec!["alpha", "bravo", "charlie", "delta"]),
        (Selection { tags: &xy, ..all.clone() }, vec!["alpha", "delta"]),
        (Selection { tags: &none, ..all.clone() }, vec![]),
        (Selection { search: Some("ALPH"), ..all.clone() }, vec!["alpha"]),
        (Selection { search: Some("über"), ..all.clone() }, vec!["delta"]),
        (Selection { search: Some("50%"), ..all.clone() }, vec!["delta"]),
        (Selection { search: Some("a_b"), ..all.clone() }, vec!["delta"]),
        (Selection { search: Some(r"b\c"), ..all.clone() }, vec!["delta"]),
        (Selection { search: Some("%"), ..all.clone() }, vec!["delta"]),
        (Selection { search: Some("' or 1=1 --"), ..all.clone() }, vec![]),
        (Selection { connection_type: Some("mysql"), ..all.clone() }, vec!["bravo"]),
        (Selection { created_by: Some("user:bob"), tags: &x, search: Some("char"), ..all.clone() }, vec!["charlie"]),
        (Selection { status: Some(Status::Active), ..all.clone() }, vec![]),
    ] {
        let (listed, total) = names(&store, &tenant, &selection).await;
        assert_eq!(listed, expected, "{selection:?}");
        assert_eq!(total, expected.len() as u64, "{selection:?}");
    }
    let mut pages = Vec::new();
    for offset in [0, 2, 4] {
        let page = Selection { sort: vec![(Column::Status, false)], offset, limit: 2, ..all.clone() };
        let (listed, total) = names(&store, &tenant, &page).await;
        assert_eq!(total, 4);
        pages.extend(listed);
    }
    assert_eq!(pages, ["delta", "alpha", "charlie", "bravo"], "equal rows come in the order of their ids");
}

#[tokio::test]
async fn an_idempotency_key_is_one_principals_and_is_forgotten() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let sales = tenant("acme", Some("sales"));
    let row = |principal: &str| IdempotencyRow {
        principal: principal.into(),
        key: "k".into(),
        request_digest: "d".into(),
        resource_uri: "u".into(),
        connection: "c".into(),
        created_at: 10,
    };
    let mut transaction = begin(&store).await.unwrap();
    assert!(idempotency::insert(&mut transaction, &sales, &row("user:a"), 0).await.unwrap());
    assert!(!idempotency::insert(&mut transaction, &sales, &row("user:a"), 0).await.unwrap());
    assert!(idempotency::insert(&mut transaction, &sales, &row("user:b"), 0).await.unwrap());
    assert!(idempotency::insert(&mut transaction, &tenant("acme", None), &row("user:a"), 0).await.unwrap());
    transaction.commit().await.unwrap();
    let find = |since| {
        let (store, sales) = (&store, &sales);
        async move { idempotency::find(&mut store.reader(TURN).await.unwrap(), sales, "user:a", "k", since).await.unwrap() }
    };
    assert_eq!(find(10).await, Some(row("user:a")));
    assert_eq!(find(11).await, None, "it is too old");
    for (before, left) in [(10, true), (11, false)] {
        let mut transaction = begin(&store).await.unwrap();
        idempotency::delete_older(&mut transaction, before, 10).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(find(0).await.is_some(), left);
    }
}

#[tokio::test]
async fn an_abandoned_transaction_changes_nothing_and_blocks_nobody() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let row = row("acme", "sales", "a");
    let mut transaction = begin(&store).await.unwrap();
    assert!(connections::insert(&mut transaction, &row).await.unwrap());
    drop(transaction);
    assert!(insert(&store, &row).await, "the row of the abandoned transaction is there");
    assert!(tokio::time::timeout(std::time::Duration::from_secs(5), begin(&store)).await.unwrap().is_ok());
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused() {
    let directory = Directory::new();
    std::fs::create_dir(&directory.0).unwrap();
    std::fs::write(directory.0.join("metadata.db"), "this is not a database, whatever it is called").unwrap();
    let opened = tokio::time::timeout(std::time::Duration::from_secs(10), directory.open()).await;
    let refused = opened.expect("it must not try again and again").unwrap_err();
    assert!(matches!(refused, Error::Open { .. }), "{refused:?}");
}
