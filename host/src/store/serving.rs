//! Which connector version serves which connection. A row names its version, so that a request that has read one is
//! served by that version from start to end, whatever is activated meanwhile.
//!
//! These functions are about the connections of all tenants: only the rollout of a connector calls them.

use sqlx::AnyConnection;

use super::Error;
use super::connections::{ConnectionRow, UpgradeRow};

/// The state of a connection that a decision about it was made for.
pub type Revision = (String, i64);

/// How many connections each version serves, by digest.
pub async fn counts(connection: &mut AnyConnection) -> Result<Vec<(String, i64)>, Error> {
    Ok(sqlx::query_as("select connector_digest, count(*) from connections group by connector_digest")
        .fetch_all(connection)
        .await?)
}

/// Id and revision of every connection of a type that another version than this one serves. With `back`, those that
/// this one would get back as they were are left out.
pub async fn revisions(
    connection: &mut AnyConnection,
    type_name: &str,
    digest: &str,
    back: bool,
) -> Result<Vec<Revision>, Error> {
    Ok(sqlx::query_as(
        "select id, revision from connections where connection_type = $1 and connector_digest <> $2
             and ($3 = 0 or coalesce(before_digest, '') <> $2)
         order by id",
    )
    .bind(type_name)
    .bind(digest)
    .bind(i64::from(back))
    .fetch_all(connection)
    .await?)
}

/// Finds one by its id.
pub async fn find(connection: &mut AnyConnection, id: &str) -> Result<Option<ConnectionRow>, Error> {
    sqlx::query("select * from connection_records where id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await?
        .as_ref()
        .map(ConnectionRow::try_from)
        .transpose()
}

/// Leaves a connection with the version that serves it, and says what waits for its tenant.
pub async fn hold(connection: &mut AnyConnection, id: &str, upgrade: &UpgradeRow) -> Result<(), Error> {
    sqlx::query(
        "update connections set upgrade_digest = $2, upgrade = $3, test_revision = test_revision + 1 where id = $1",
    )
    .bind(id)
    .bind(&upgrade.digest)
    .bind(&upgrade.upgrade)
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a connection to this version, with a configuration that it has written.
pub async fn rewrite(
    connection: &mut AnyConnection,
    id: &str,
    digest: &str,
    config: &str,
    written_by: &str,
) -> Result<(), Error> {
    sqlx::query(
        "update connections set before_digest = connector_digest, before_config = config,
             before_written_by = written_by, connector_digest = $2, config = $3, written_by = $4, upgrade_digest = null,
             upgrade = null, test_revision = test_revision + 1
         where id = $1",
    )
    .bind(id)
    .bind(digest)
    .bind(config)
    .bind(written_by)
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives all connections of a type to this version but those that wait for their tenant because of it.
pub async fn take_over(connection: &mut AnyConnection, type_name: &str, digest: &str) -> Result<(), Error> {
    sqlx::query(
        "update connections set before_digest = connector_digest, before_config = config,
             before_written_by = written_by, connector_digest = $2, upgrade_digest = null, upgrade = null,
             test_revision = test_revision + 1
         where connection_type = $1 and connector_digest <> $2 and coalesce(upgrade_digest, '') <> $2",
    )
    .bind(type_name)
    .bind(digest)
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives connections back to this version as they were, where nobody has changed them since.
pub async fn give_back(connection: &mut AnyConnection, type_name: &str, digest: &str) -> Result<(), Error> {
    sqlx::query(
        "update connections set connector_digest = before_digest, config = before_config,
             written_by = before_written_by, before_digest = null, before_config = null, before_written_by = null,
             upgrade_digest = null, upgrade = null, test_revision = test_revision + 1
         where connection_type = $1 and before_digest = $2 and connector_digest <> $2",
    )
    .bind(type_name)
    .bind(digest)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets that connections wait for this version.
pub async fn withdraw(connection: &mut AnyConnection, digest: &str) -> Result<(), Error> {
    sqlx::query(
        "update connections set upgrade_digest = null, upgrade = null, test_revision = test_revision + 1
         where upgrade_digest = $1",
    )
    .bind(digest)
    .execute(connection)
    .await?;
    Ok(())
}
