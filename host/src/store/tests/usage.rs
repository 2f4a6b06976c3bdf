//! What tenants have is counted right, whatever happens, and bounded.

use super::*;
use crate::store::usage::{Exceeded, Quota, check_room};

const QUOTAS: Quotas = Quotas {
    connections_per_project: 3,
    tags_per_project: 4,
    idempotency_keys_per_project: 2,
    bytes_per_organization: 1 << 20,
};

async fn store(directory: &Directory, quotas: Quotas) -> Store {
    Store::open(&directory.0.join("metadata.db"), Settings { quotas, ..SETTINGS }).await.unwrap()
}

/// What is counted equals what is there.
async fn is_exact(store: &Store) {
    let mut reader = store.reader(Turn::Host).await.unwrap();
    for (counted, there) in [
        (
            "select organization, project, connections from project_usage where connections <> 0",
            "select organization, project, count(*) from connections group by organization, project",
        ),
        (
            "select organization, project, tags from project_usage where tags <> 0",
            "select organization, project, count(distinct tag) from connection_tags group by organization, project",
        ),
        (
            "select organization, project, idempotency_keys from project_usage where idempotency_keys <> 0",
            "select organization, project, count(*) from idempotency_keys group by organization, project",
        ),
        (
            "select organization, project || tag, connections from project_tags",
            "select organization, project || tag, count(*) from connection_tags
             join connections using (organization, project) where id = connection
             group by organization, project, tag",
        ),
        (
            "select organization, '', bytes from organization_usage where bytes <> 0",
            "select organization, '', cast(sum(bytes) as bigint) from (
                 select organization, bytes from connections
                 union all select organization, 1024 from idempotency_keys) group by organization",
        ),
    ] {
        let mut rows = Vec::new();
        for query in [counted, there] {
            let mut found: Vec<(String, String, i64)> = sqlx::query_as(query).fetch_all(&mut reader).await.unwrap();
            found.sort();
            rows.push(found);
        }
        assert_eq!(rows[0], rows[1], "{counted}");
    }
    let nothing = "select count(*) from project_usage where connections = 0 and tags = 0 and idempotency_keys = 0";
    let nothing: i64 = sqlx::query_scalar(nothing).fetch_one(&mut reader).await.unwrap();
    assert_eq!(nothing, 0, "a project that has nothing leaves something");
}

fn key(number: usize, created_at: i64) -> IdempotencyRow {
    IdempotencyRow {
        principal: "user:a".into(),
        key: format!("{number}"),
        request_digest: "d".into(),
        resource_uri: "u".into(),
        connection: "c".into(),
        created_at,
    }
}

async fn change(store: &Store, row: &ConnectionRow) -> Result<bool, Error> {
    let mut transaction = begin(store).await?;
    let tenant = tenant(&row.organization, Some(&row.project).filter(|project| !project.is_empty()).map(|it| &**it));
    let changed = connections::update(&mut transaction, &tenant, row).await?;
    transaction.commit().await?;
    Ok(changed)
}

#[tokio::test]
async fn the_counts_are_those_of_what_is_there_after_anything() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let mut rows = Vec::new();
    for (number, (project, tags)) in
        [("sales", vec!["a", "b", "a"]), ("sales", vec!["b"]), ("", vec!["a"]), ("hr", vec![])].into_iter().enumerate()
    {
        let tags = tags.into_iter().map(str::to_owned).collect();
        rows.push(ConnectionRow { tags, ..row("acme", project, &format!("{number}")) });
        assert!(insert(&store, &rows[number]).await);
        assert!(!insert(&store, &rows[number]).await, "it is taken");
        is_exact(&store).await;
    }
    // Other tags, a longer text, a smaller secret; then the revision is an old one.
    let secret = SecretLocation { bytes: 1, ..rows[0].secret.clone().unwrap() };
    let changed = ConnectionRow {
        tags: vec!["b".into(), "c".into()],
        description: "x".repeat(500),
        secret: Some(secret),
        ..rows[0].clone()
    };
    assert!(change(&store, &changed).await.unwrap());
    is_exact(&store).await;
    assert!(!change(&store, &changed).await.unwrap());
    is_exact(&store).await;
    // One that is abandoned.
    let mut transaction = begin(&store).await.unwrap();
    assert!(connections::insert(&mut transaction, &row("acme", "sales", "x")).await.unwrap());
    assert!(idempotency::insert(&mut transaction, &tenant("acme", None), &key(0, 1), 0).await.unwrap());
    drop(transaction);
    is_exact(&store).await;
    // Keys come, come again when they are old, and go.
    for (number, created_at, since) in [(1, 10, 0), (2, 20, 0), (1, 30, 15), (2, 40, 0)] {
        let mut transaction = begin(&store).await.unwrap();
        let sales = tenant("acme", Some("sales"));
        let inserted = idempotency::insert(&mut transaction, &sales, &key(number, created_at), since).await.unwrap();
        assert_eq!(inserted, created_at < 40);
        transaction.commit().await.unwrap();
        is_exact(&store).await;
    }
    for left in [1, 0] {
        let mut transaction = begin(&store).await.unwrap();
        assert_eq!(idempotency::delete_older(&mut transaction, 100, 1).await.unwrap(), 1);
        transaction.commit().await.unwrap();
        assert_eq!(idempotency::any_older(&mut store.reader(TURN).await.unwrap(), 100).await.unwrap(), left == 1);
        is_exact(&store).await;
    }
    for (number, row) in rows.iter().enumerate() {
        let tenant = tenant("acme", Some(&*row.project).filter(|project| !project.is_empty()));
        let mut transaction = begin(&store).await.unwrap();
        let revision = if number == 0 { 2 } else { 1 };
        assert!(connections::delete(&mut transaction, &tenant, &row.id, Some(revision)).await.unwrap().is_some());
        assert!(connections::delete(&mut transaction, &tenant, &row.id, None).await.unwrap().is_none());
        transaction.commit().await.unwrap();
        is_exact(&store).await;
    }
}

#[tokio::test]
async fn what_was_there_before_anything_was_counted_is_counted() {
    let directory = Directory::new();
    std::fs::create_dir(&directory.0).unwrap();
    let file = sqlite::File::open(&directory.0.join("metadata.db")).await.unwrap();
    file.migrate(&MIGRATIONS[..2]).await.unwrap();
    let before = file.pool((1, 1), ("query_only", "off"));
    let mut connection = before.take(&Party::Host, Duration::MAX).await.unwrap();
    for (project, slug, tags) in [("sales", "a", vec!["x", "ÿ"]), ("sales", "b", vec!["x"]), ("", "c", vec![])] {
        let id = format!("id-{slug}");
        sqlx::query(
            "insert into connections (id, organization, project, resource_uri, name, description, search_text, tags,
                 connection_type, config_member, auth_method, config_sent, config, credentials_set, bindings,
                 secret_sequence, status, written_by, connector_digest, created_by, updated_by, created_at, updated_at,
                 revision, test_revision)
             values ($1, 'acme', $2, $1, $3, 'Größe', '', $4, 'postgres', 'm', 'basic', '{}', '{}', '{}', '[]', 1,
                 'PENDING', '1', 'd', 'user:a', 'user:a', 5, 6, 1, 0)",
        )
        .bind(&id)
        .bind(project)
        .bind(slug)
        .bind(serde_json::Value::from(tags.clone()).to_string())
        .execute(&mut connection)
        .await
        .unwrap();
        for tag in tags {
            sqlx::query("insert into connection_tags (connection, tag) values ($1, $2)")
                .bind(&id)
                .bind(tag)
                .execute(&mut connection)
                .await
                .unwrap();
        }
    }
    sqlx::query("insert into idempotency_keys values ('acme', 'hr', 'user:a', 'k', 'd', 'u', 'c', 1)")
        .execute(&mut connection)
        .await
        .unwrap();
    drop(connection);
    before.close().await;
    file.close().await;
    let store = directory.open().await.unwrap();
    is_exact(&store).await;
    let (sales, x) = (tenant("acme", Some("sales")), ["x".to_owned()]);
    let by_name = Selection { sort: vec![(Column::Name, false)], limit: 10, ..Selection::default() };
    assert_eq!(names(&store, &sales, &by_name).await, (vec!["a".into(), "b".into(), "c".into()], 3));
    assert_eq!(names(&store, &sales, &Selection { tags: &x, ..by_name }).await, (vec!["a".into(), "b".into()], 2));
    // As a change counts it.
    let row = find(&store, &sales, "id-a").await.unwrap();
    assert!(change(&store, &ConnectionRow { name: "Z".into(), ..row }).await.unwrap());
    is_exact(&store).await;
}

#[tokio::test]
async fn no_tenant_has_more_than_its_quota_and_who_has_too_much_may_have_less() {
    let directory = Directory::new();
    let store = store(&directory, QUOTAS).await;
    let tags = |tags: &[&str]| -> Vec<String> { tags.iter().map(|tag| (*tag).to_owned()).collect() };
    let refused = async |row: &ConnectionRow| {
        let mut transaction = begin(&store).await.unwrap();
        match connections::insert(&mut transaction, row).await {
            Err(Error::Quota(exceeded)) => exceeded,
            other => panic!("{other:?}"),
        }
    };
    let first = ConnectionRow { tags: tags(&["a", "b", "c"]), ..row("acme", "sales", "1") };
    assert!(insert(&store, &first).await);
    let many = ConnectionRow { tags: tags(&["c", "d", "e"]), ..row("acme", "sales", "2") };
    assert_eq!(refused(&many).await, Exceeded { quota: Quota::Tags, most: 4 });
    assert!(insert(&store, &ConnectionRow { tags: tags(&["c", "d"]), ..many }).await);
    assert!(insert(&store, &ConnectionRow { tags: vec![], ..row("acme", "sales", "3") }).await);
    let fourth = ConnectionRow { tags: vec![], ..row("acme", "sales", "4") };
    assert_eq!(refused(&fourth).await, Exceeded { quota: Quota::Connections, most: 3 });
    assert!(insert(&store, &ConnectionRow { tags: vec![], ..row("acme", "hr", "4") }).await, "another project");
    let sales = tenant("acme", Some("sales"));
    let room = check_room(&mut store.reader(TURN).await.unwrap(), &sales, store.quotas()).await;
    assert!(matches!(room, Err(Error::Quota(Exceeded { quota: Quota::Connections, .. }))), "{room:?}");
    let large = ConnectionRow { config_sent: "x".repeat(1 << 20), tags: vec![], ..row("acme", "it", "5") };
    assert_eq!(refused(&large).await, Exceeded { quota: Quota::Bytes, most: 1 << 20 });
    let grown = ConnectionRow { config_sent: "x".repeat(1 << 20), ..first.clone() };
    assert!(matches!(change(&store, &grown).await, Err(Error::Quota(Exceeded { quota: Quota::Bytes, .. }))));
    for number in 0..3 {
        let mut transaction = begin(&store).await.unwrap();
        let inserted = idempotency::insert(&mut transaction, &sales, &key(number, 1), 0).await;
        match inserted {
            Ok(true) if number < 2 => transaction.commit().await.unwrap(),
            Err(Error::Quota(Exceeded { quota: Quota::IdempotencyKeys, most: 2 })) if number == 2 => {}
            other => panic!("{number}: {other:?}"),
        }
    }
    is_exact(&store).await;
    store.close().await;
    drop(store);

    let less = Quotas { connections_per_project: 1, tags_per_project: 1, bytes_per_organization: 1, ..QUOTAS };
    let store = self::store(&directory, less).await;
    let shorter = ConnectionRow { tags: tags(&["a"]), ..first };
    assert!(change(&store, &shorter).await.unwrap());
    let mut transaction = begin(&store).await.unwrap();
    assert!(connections::delete(&mut transaction, &sales, &shorter.id, Some(2)).await.unwrap().is_some());
    transaction.commit().await.unwrap();
    is_exact(&store).await;
}
