//! How SQLite goes about the lists: by an index, and in its order wherever that is said here.

use super::*;
use crate::store::Turn;
use crate::store::tests::{Directory, tenant};

/// The lines of `explain query plan`.
async fn plan(connection: &mut Connection, mut statement: Statement) -> String {
    statement.text = format!("explain query plan {}", statement.text);
    let rows = statement.fetch(connection).await.unwrap();
    rows.iter().map(|row| row.try_get::<String, _>("detail").unwrap() + "\n").collect()
}

#[tokio::test]
async fn a_list_goes_by_an_index_and_reads_only_the_rows_of_its_page() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let mut reader = store.reader(Turn::Host).await.unwrap();
    let (x, xy) = (["x".to_owned()], ["x".to_owned(), "y".to_owned()]);
    let all = Selection { limit: 20, ..Selection::default() };
    let by = |column, descending| Selection { sort: vec![(column, descending)], ..all.clone() };
    let newest = "connections USING COVERING INDEX connections_by_creation (organization=? AND project=?)";
    let by_name = "connections USING COVERING INDEX connections_by_name (organization=? AND project=?)";
    let tagged = "tagged USING COVERING INDEX connection_tags_by_creation (organization=? AND project=? AND tag=?)";
    // Whether it is in order too: else all that is chosen is sorted, but nothing else of it is read.
    for (selection, index, ordered) in [
        (all.clone(), newest, true),
        (by(Column::CreatedAt, true), newest, true),
        (by(Column::CreatedAt, false), newest, true),
        (by(Column::Name, true), by_name, true),
        (by(Column::Name, false), by_name, true),
        (by(Column::UpdatedAt, true), newest, false),
        (by(Column::Status, true), newest, false),
        (by(Column::ConnectionType, true), newest, false),
        (Selection { status: Some(Status::Active), ..all.clone() }, newest, true),
        (Selection { connection_type: Some("postgres"), ..all.clone() }, newest, true),
        (Selection { created_by: Some("user:a"), status: Some(Status::Error), ..all.clone() }, newest, true),
        (Selection { tags: &x, ..all.clone() }, tagged, true),
        (Selection { tags: &xy, status: Some(Status::Active), ..all.clone() }, tagged, true),
        (Selection { tags: &xy, ..by(Column::Name, false) }, tagged, false),
    ] {
        for tenant in [tenant("acme", Some("sales")), tenant("acme", None)] {
            let plan = plan(&mut reader, page(&tenant, &selection)).await;
            assert_eq!(plan.matches(index).count(), projects(&tenant).len(), "{selection:?}\n{plan}");
            assert_eq!(!plan.contains("TEMP B-TREE"), ordered, "{selection:?}\n{plan}");
            if ordered {
                goes_on_by_the_index(&mut reader, &tenant, &selection, index).await;
            }
            // The page itself is scanned, nothing else.
            assert_eq!(plan.replace("SCAN page", "").matches("SCAN").count(), 0, "{selection:?}\n{plan}");
        }
    }
}

/// A page behind a position is found in the index, so that none is far away.
async fn goes_on_by_the_index(connection: &mut Connection, tenant: &Tenant, selection: &Selection<'_>, index: &str) {
    let (column, descending) = selection.order()[0];
    let key = if column.is_number() { Key::Number(7) } else { Key::Text("n".to_owned()) };
    let position = Position { key: vec![key], id: "i".to_owned() };
    let plan = plan(connection, page(tenant, &Selection { after: Some(&position), ..selection.clone() })).await;
    let behind =
        format!("{} AND {}{}?)", index.trim_end_matches(')'), column.name(), if descending { "<" } else { ">" });
    assert_eq!(plan.matches(&behind).count(), projects(tenant).len(), "{behind} {selection:?}\n{plan}");
    assert!(!plan.contains("TEMP B-TREE"), "{selection:?}\n{plan}");
}

#[tokio::test]
async fn a_total_is_known_or_counted_in_an_index() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let mut reader = store.reader(Turn::Host).await.unwrap();
    let (x, xy) = (["x".to_owned()], ["x".to_owned(), "y".to_owned()]);
    let all = Selection::default();
    for (selection, index) in [
        (all.clone(), "project_usage USING INDEX sqlite_autoindex_project_usage_1 (organization=? AND project=?)"),
        (
            Selection { tags: &x, ..all.clone() },
            "project_tags USING INDEX sqlite_autoindex_project_tags_1 (organization=? AND project=? AND tag=?)",
        ),
        (Selection { tags: &xy, ..all.clone() }, "tagged USING COVERING INDEX connection_tags_by_creation"),
        (Selection { status: Some(Status::Active), ..all.clone() }, "USING COVERING INDEX connections_by_creation"),
        (Selection { created_by: Some("user:a"), ..all.clone() }, "USING COVERING INDEX connections_by_creation"),
    ] {
        let plan = plan(&mut reader, count(&tenant("acme", Some("sales")), &selection)).await;
        assert!(plan.contains(index) && !plan.contains("SCAN"), "{selection:?}\n{plan}");
    }
}
