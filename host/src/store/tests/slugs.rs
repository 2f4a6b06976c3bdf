//! Slugs: unique among what a project sees, and those of before they were.

use super::*;
use crate::sqlite::Party;

async fn holder(store: &Store, tenant: &Tenant, slug: &str) -> Option<String> {
    connections::with_slug(&mut store.reader(TURN).await.unwrap(), tenant, slug).await.unwrap()
}

#[tokio::test]
async fn a_slug_is_taken_where_a_project_would_see_it_twice() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let (sales, hr, organization) = (tenant("acme", Some("sales")), tenant("acme", Some("hr")), tenant("acme", None));
    assert!(insert(&store, &row("acme", "sales", "own")).await && insert(&store, &row("acme", "", "shared")).await);
    let (own, shared) = (Some("data:acme:sales:own".to_owned()), Some("data:acme::shared".to_owned()));
    assert_eq!(holder(&store, &sales, "own").await, own);
    assert_eq!(holder(&store, &organization, "own").await, own, "sales would see both");
    assert_eq!(holder(&store, &hr, "own").await, None, "nobody sees both");
    for tenant in [&sales, &hr, &organization] {
        assert_eq!(holder(&store, tenant, "shared").await, shared);
        assert_eq!(holder(&store, tenant, "SHARED").await, None);
    }
    assert_eq!(holder(&store, &tenant("other", Some("sales")), "own").await, None);
    assert_eq!(holder(&store, &tenant("other", None), "shared").await, None);
}

#[tokio::test]
async fn connections_of_before_have_the_slug_of_their_name_unless_a_project_saw_it_twice() {
    let directory = Directory::new();
    std::fs::create_dir(&directory.0).unwrap();
    let file = sqlite::File::open(&directory.0.join("metadata.db")).await.unwrap();
    file.migrate(&MIGRATIONS[..7]).await.unwrap();
    let before = file.pool((1, 1), ("query_only", "off"));
    let mut connection = before.take(&Party::Host, Duration::MAX).await.unwrap();
    for (number, (organization, project, slug)) in [
        ("acme", "", "shop"),
        ("acme", "sales", "shop"),
        ("acme", "proj:hr", "shop"),
        ("acme", "proj:hr", "größe"),
        ("acme", "sales", "books"),
        ("acme", "it", "books"),
        ("other", "sales", "shop"),
    ]
    .into_iter()
    .enumerate()
    {
        sqlx::query(
            "insert into connections (id, organization, project, resource_uri, name, description, search_text, tags,
                 connection_type, config_member, auth_method, config_sent, config, credentials_set, bindings,
                 secret_sequence, status, written_by, connector_digest, created_by, updated_by, created_at, updated_at,
                 revision, test_revision)
             values ($1, $2, $3, $4, 'n', '', '', '[]', 'postgres', 'm', 'basic', '{}', '{}', '{}', '[]', 1, 'PENDING',
                 '1', 'd', 'user:a', 'user:a', 5, 6, 1, 0)",
        )
        .bind(format!("01927b5c-0000-7000-8000-00000000000{number}"))
        .bind(organization)
        .bind(project)
        .bind(format!("data:{organization}:{project}:{slug}"))
        .execute(&mut connection)
        .await
        .unwrap();
    }
    drop(connection);
    before.close().await;
    file.close().await;
    let store = directory.open().await.unwrap();
    let mut slugs = Vec::new();
    for (organization, project, resource_uri) in [
        ("acme", None, "data:acme::shop"),
        ("acme", Some("sales"), "data:acme:sales:shop"),
        ("acme", Some("proj:hr"), "data:acme:proj:hr:shop"),
        ("acme", Some("proj:hr"), "data:acme:proj:hr:größe"),
        ("acme", Some("sales"), "data:acme:sales:books"),
        ("acme", Some("it"), "data:acme:it:books"),
        ("other", Some("sales"), "data:other:sales:shop"),
    ] {
        slugs.push(find(&store, &tenant(organization, project), resource_uri).await.unwrap().slug);
    }
    let expected = ["shop", "shop-000000000001", "shop-000000000002", "größe", "books", "books", "shop"];
    assert_eq!(slugs, expected);
}
