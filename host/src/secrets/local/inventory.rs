//! What is there and what is not, whatever it says.

use sqlx::AssertSqlSafe;

use super::{LocalStore, WORK};
use crate::secrets::{Error, Reference};
use crate::sqlite::{Party, placeholders};

/// How many references one statement looks for: others take turns in between.
const LOOKED_FOR_AT_ONCE: usize = 200;

impl LocalStore {
    /// Which secrets of organizations are there after this one (from the first when none), in the order of their references.
    pub(super) async fn find_references(&self, after: Option<&Reference>, limit: u32) -> Result<Vec<Reference>, Error> {
        let (organization, key, version) =
            after.map_or(("", "", i64::MIN), |it| (&it.organization, &it.key, it.version));
        let mut connection = self.pool.take(&Party::Host, WORK).await?;
        // What belongs to no organization is the installation's own.
        let rows = sqlx::query(
            "select organization, key, version from secrets
             where organization <> '' and (organization, key, version) > ($1, $2, $3)
             order by organization, key, version limit $4",
        )
        .bind(organization)
        .bind(key)
        .bind(version)
        .bind(i64::from(limit))
        .fetch_all(&mut connection)
        .await?;
        Ok(rows.iter().map(Reference::try_from).collect::<Result<_, _>>()?)
    }

    /// Which of these are not there.
    pub(super) async fn find_missing(&self, references: &[Reference]) -> Result<Vec<Reference>, Error> {
        let mut missing = Vec::new();
        for some in references.chunks(LOOKED_FOR_AT_ONCE) {
            let statement = format!(
                "select column1 as organization, column2 as key, cast(column3 as bigint) as version
                 from (values {}) as wanted where not exists (select 1 from secrets
                     where organization = column1 and key = column2 and version = cast(column3 as bigint))",
                placeholders(some.len(), 3)
            );
            let mut query = sqlx::query(AssertSqlSafe(statement));
            for Reference { organization, key, version } in some {
                query = query.bind(organization).bind(key).bind(version);
            }
            let mut connection = self.pool.take(&Party::Host, WORK).await?;
            for row in query.fetch_all(&mut connection).await? {
                missing.push(Reference::try_from(&row)?);
            }
        }
        Ok(missing)
    }
}
