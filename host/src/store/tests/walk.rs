//! Walking a list from position to position, while connections come and go.

use super::*;
use crate::store::connections::Position;

/// All pages from the first to the last: the resource URIs of each. Between two pages something happens.
async fn walk(
    store: &Store,
    tenant: &Tenant,
    selection: &Selection<'_>,
    between: impl AsyncFn(usize),
) -> Vec<Vec<String>> {
    let (mut pages, mut after): (Vec<Vec<String>>, Option<Position>) = (Vec::new(), None);
    loop {
        let selection = Selection { after: after.as_ref(), ..selection.clone() };
        let mut reader = store.reader(TURN).await.unwrap();
        let page = connections::list(&mut reader, tenant, &selection).await.unwrap();
        drop(reader);
        assert!(page.rows.len() <= selection.limit as usize);
        pages.push(page.rows.into_iter().map(|row| row.unwrap().resource_uri).collect());
        assert!(pages.len() < 100, "it does not end: {pages:?}");
        match page.end {
            Some(end) => after = Some(end),
            None => return pages,
        }
        between(pages.len()).await;
    }
}

/// Connections of a project and of its organization, in which many have the same in a column.
async fn fill(store: &Store) -> Vec<ConnectionRow> {
    let mut rows = Vec::new();
    for number in 0..30_i64 {
        let project = if number % 3 == 0 { "" } else { "sales" };
        let row = ConnectionRow {
            name: format!("{}", (number * 7) % 11),
            created_at: 1_700_000_000_000_000 + (number * 13) % 5,
            updated_at: 1_700_000_000_000_000 - (number * 17) % 7,
            connection_type: if number % 4 == 0 { "mysql".into() } else { "postgres".into() },
            status: [Status::Pending, Status::Active, Status::Error][usize::try_from(number % 3).unwrap()],
            ..row("acme", project, &format!("s{number}"))
        };
        let row = ConnectionRow { description: row.resource_uri.clone(), ..row };
        assert!(insert(store, &row).await);
        rows.push(row);
    }
    // Neither is ever seen from sales.
    assert!(insert(store, &row("acme", "hr", "hidden")).await && insert(store, &row("other", "sales", "hidden")).await);
    rows
}

/// Every order of one column or two, in every direction.
fn orders() -> Vec<Vec<(Column, bool)>> {
    use Column::{ConnectionType, CreatedAt, Name, Status, UpdatedAt};
    let columns = [Name, CreatedAt, UpdatedAt, Status, ConnectionType];
    let one = columns.into_iter().flat_map(|column| [(column, false), (column, true)]);
    let two = one.clone().flat_map(|first| {
        let second = columns.into_iter().filter(move |second| *second != first.0);
        second.flat_map(move |second| [vec![first, (second, false)], vec![first, (second, true)]])
    });
    one.clone().map(|column| vec![column]).chain(two).chain([Vec::new()]).collect()
}

#[tokio::test]
async fn the_pages_of_a_walk_are_the_list_in_every_order() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    fill(&store).await;
    let (sales, x) = (tenant("acme", Some("sales")), ["a".to_owned(), "b".to_owned()]);
    for sort in orders() {
        let limits = if sort.len() > 1 { &[7][..] } else { &[1, 7, 30] };
        let all = Selection { sort, limit: 100, ..Selection::default() };
        for selection in [
            all.clone(),
            Selection { tags: &x, ..all.clone() },
            Selection { search: Some("ACME"), ..all.clone() },
            Selection { status: Some(Status::Active), connection_type: Some("postgres"), ..all.clone() },
        ] {
            let whole = walk(&store, &sales, &selection, async |_| ()).await.concat();
            assert_eq!(names(&store, &sales, &selection).await.1, whole.len() as u64, "{selection:?}");
            for &limit in limits {
                let pages = walk(&store, &sales, &Selection { limit, ..selection.clone() }, async |_| ()).await;
                assert_eq!(pages.concat(), whole, "{limit} {selection:?}");
                assert_eq!(pages.len(), whole.len().div_ceil(limit as usize).max(1), "{limit} {selection:?}");
            }
        }
    }
    let pages =
        walk(&store, &tenant("acme", None), &Selection { limit: 3, ..Selection::default() }, async |_| ()).await;
    assert_eq!(pages.concat().len(), 10);
}

/// Deletes a connection, if it is there.
async fn remove(store: &Store, row: &ConnectionRow) {
    let mut change = begin(store).await.unwrap();
    connections::delete(&mut change, &connections::owner(row), &row.id, None).await.unwrap();
    change.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_there_all_the_while_is_met_once_whatever_comes_and_goes() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let rows = fill(&store).await;
    let sales = tenant("acme", Some("sales"));
    let new: Vec<ConnectionRow> = (0..8_i64)
        .map(|number| ConnectionRow {
            name: format!("{number}"),
            created_at: 1_700_000_000_000_000 + number % 5,
            ..row("acme", "sales", &format!("new-{number}"))
        })
        .collect();
    for sort in orders() {
        let selection = Selection { sort, limit: 4, ..Selection::default() };
        // What the walk stands at may go, and what comes is before it, behind it, or beside it.
        let between = async |page: usize| {
            if let (Some(gone), Some(new)) = (rows.get(page * 3), new.get(page - 1)) {
                remove(&store, gone).await;
                assert!(insert(&store, new).await);
            }
        };
        let met = walk(&store, &sales, &selection, between).await.concat();
        let stay = rows.iter().enumerate().filter(|(index, _)| *index % 3 != 0 || *index == 0);
        for (_, row) in stay {
            assert_eq!(met.iter().filter(|uri| **uri == row.resource_uri).count(), 1, "{selection:?}");
        }
        let mut once = met.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), met.len(), "met twice: {selection:?}");
        // As it was, for the next order.
        for row in &new {
            remove(&store, row).await;
        }
        for row in rows.iter().skip(3).step_by(3) {
            insert(&store, row).await;
        }
    }
}
