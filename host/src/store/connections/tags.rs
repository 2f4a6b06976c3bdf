//! The tags of connections, and how many connections of a project have each.

use std::collections::BTreeSet;

use sqlx::AssertSqlSafe;

use super::{ConnectionRow, owner};
use crate::auth::Tenant;
use crate::store::{Error, Transaction, project};

/// Each tag once.
pub(super) fn different(tags: &[String]) -> BTreeSet<&str> {
    tags.iter().map(String::as_str).collect()
}

/// Those of a connection.
pub(super) async fn of(transaction: &mut Transaction, connection: &str) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar("select tag from connection_tags where connection = $1")
        .bind(connection)
        .fetch_all(&mut **transaction)
        .await?)
}

/// Gives a connection these tags, none of which it has; how many of them its project has not had.
pub(super) async fn add(
    transaction: &mut Transaction,
    row: &ConnectionRow,
    tags: &BTreeSet<&str>,
) -> Result<i64, Error> {
    if tags.is_empty() {
        return Ok(0);
    }
    let tuples = tuples(tags, 5, |tag| format!("($1, $2, $3, $4, {tag})"));
    let insert = format!(
        "insert into connection_tags (connection, organization, project, created_at, tag) values {}",
        tuples.join(", ")
    );
    let mut query = sqlx::query(AssertSqlSafe(insert))
        .bind(&row.id)
        .bind(&row.organization)
        .bind(&row.project)
        .bind(row.created_at);
    for tag in tags {
        query = query.bind(*tag);
    }
    query.execute(&mut **transaction).await?;
    let tuples = self::tuples(tags, 3, |tag| format!("($1, $2, {tag}, 1)"));
    let count = format!(
        "insert into project_tags (organization, project, tag, connections) values {}
         on conflict (organization, project, tag) do update set connections = project_tags.connections + 1
         returning connections",
        tuples.join(", ")
    );
    how_many(transaction, count, &owner(row), tags, 1).await
}

/// Takes these tags from a tenant's count, because a connection that had them has them no more; how many its project has
/// no more, as a negative number.
pub(super) async fn forget(
    transaction: &mut Transaction,
    tenant: &Tenant,
    tags: &BTreeSet<&str>,
) -> Result<i64, Error> {
    if tags.is_empty() {
        return Ok(0);
    }
    let places = tuples(tags, 3, |tag| tag).join(", ");
    let count = format!(
        "update project_tags set connections = connections - 1
         where organization = $1 and project = $2 and tag in ({places}) returning connections"
    );
    let gone = how_many(transaction, count, tenant, tags, 0).await?;
    if gone > 0 {
        let delete = format!(
            "delete from project_tags where organization = $1 and project = $2 and tag in ({places})
             and connections = 0 returning connections"
        );
        how_many(transaction, delete, tenant, tags, 0).await?;
    }
    Ok(-gone)
}

/// Gives a connection the tags of its row instead of these; how many more different ones its project has then.
pub(super) async fn replace(
    transaction: &mut Transaction,
    row: &ConnectionRow,
    before: &[String],
) -> Result<i64, Error> {
    let (before, after) = (different(before), different(&row.tags));
    let lost: BTreeSet<&str> = before.difference(&after).copied().collect();
    let won: BTreeSet<&str> = after.difference(&before).copied().collect();
    if !lost.is_empty() {
        let places = tuples(&lost, 2, |tag| tag).join(", ");
        let delete = format!("delete from connection_tags where connection = $1 and tag in ({places})");
        let mut query = sqlx::query(AssertSqlSafe(delete)).bind(&row.id);
        for tag in &lost {
            query = query.bind(*tag);
        }
        query.execute(&mut **transaction).await?;
    }
    Ok(forget(transaction, &owner(row), &lost).await? + add(transaction, row, &won).await?)
}

/// Runs a statement on a tenant's tags, and counts the rows that come back with this number of connections.
async fn how_many(
    transaction: &mut Transaction,
    statement: String,
    tenant: &Tenant,
    tags: &BTreeSet<&str>,
    connections: i64,
) -> Result<i64, Error> {
    let mut query =
        sqlx::query_scalar::<_, i64>(AssertSqlSafe(statement)).bind(&tenant.organization).bind(project(tenant));
    for tag in tags {
        query = query.bind(*tag);
    }
    let counts = query.fetch_all(&mut **transaction).await?;
    Ok(counts.into_iter().filter(|count| *count == connections).map(|_| 1).sum())
}

/// A text for each tag, made from its placeholder; the first one has this number.
fn tuples(tags: &BTreeSet<&str>, first: usize, text: impl Fn(String) -> String) -> Vec<String> {
    (first..first + tags.len()).map(|number| text(format!("${number}"))).collect()
}
