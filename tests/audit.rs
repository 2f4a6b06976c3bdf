//! The audit trail: who has done what to which resource, and which credentials were let out for what.

mod connections;
mod connectors;

use std::time::Duration;

use test_support::directory::TemporaryDirectory;

use crate::data_directory::with_database;

/// Far longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(30);

/// The rows of an organization, of which the platform's own is empty, in the order in which they came: outcome, actor with
/// its organization, action, resource, project.
pub(crate) fn trail(directory: &TemporaryDirectory, organization: &str) -> Vec<String> {
    let query = "select outcome || ' ' || actor || '@' || actor_organization || ' ' || action || ' ' || resource || ' ' \
         || project from audit_events where organization = $1 order by recorded_at, outcome, number";
    with_database(directory, "metadata.db", async |connection| {
        sqlx::query_scalar(query).bind(organization).fetch_all(connection).await.unwrap()
    })
}
