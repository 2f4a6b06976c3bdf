//! Rows of the audit trail. An organization's rows of one outcome are a trail of their own: numbered without a gap, and
//! bounded, so that tests, which are many, push out no changes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Connection, Error, Store, Turn};
use crate::audit::{Event, Outcome};
use crate::clock::now;

/// Rows between two looks at how long a trail is, and rows that one statement deletes: others write in between.
const BATCH: i64 = 256;

/// A trail that may have become too long.
type Trail = (String, Outcome);

/// The trails that may have become too long since they were last trimmed. Clones share one set. What a restart loses is
/// found again after [`BATCH`] rows more.
#[derive(Debug, Clone, Default)]
pub(super) struct Due(Arc<Mutex<BTreeSet<Trail>>>);

/// Inserts a row; its number in its trail. It says the time itself: it is written when the event happens. SQLite has one
/// writer, so that no other row takes the number meanwhile.
pub(super) async fn insert(connection: &mut Connection, event: &Event, outcome: Outcome) -> Result<i64, Error> {
    let numbers: Vec<i64> = sqlx::query_scalar(
        "insert into audit_events (organization, outcome, number, recorded_at, actor, actor_organization, action,
             resource, project)
         select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7, $8 from audit_events
             where organization = $1 and outcome = $2
         returning number",
    )
    .bind(event.resource.organization())
    .bind(outcome.name())
    .bind(now())
    .bind(event.actor.name())
    .bind(event.actor.organization())
    .bind(event.action.name())
    .bind(event.resource.name())
    .bind(event.resource.project())
    // To its end, where it becomes durable if it is a transaction of its own.
    .fetch_all(connection)
    .await?;
    numbers.first().copied().ok_or(Error::Damaged("audit trail"))
}

/// Deletes a batch of a trail's oldest rows beyond so many; how many it was.
async fn trim(connection: &mut Connection, (organization, outcome): &Trail, most: i64) -> Result<i64, Error> {
    let deleted = sqlx::query(
        "delete from audit_events where organization = $1 and outcome = $2 and number in (
             select number from audit_events where organization = $1 and outcome = $2 and number <= (
                 select max(number) from audit_events where organization = $1 and outcome = $2) - $3
             order by number limit $4)",
    )
    .bind(organization)
    .bind(outcome.name())
    .bind(most)
    .bind(BATCH)
    .execute(connection)
    .await?;
    Ok(i64::try_from(deleted.rows_affected()).unwrap_or(i64::MAX))
}

/// A row that is about to be written. Dropped without [`Expected::written`], its trail is looked at: whoever breaks off what
/// he has begun may have a row that nobody has seen the number of.
#[derive(Debug)]
pub(super) struct Expected {
    due: Due,
    /// None once it need not be looked at.
    trail: Option<Trail>,
}

impl Due {
    /// Expects a row about an event.
    pub(super) fn expect(&self, event: &Event, outcome: Outcome) -> Expected {
        Expected { due: self.clone(), trail: Some((event.resource.organization().to_owned(), outcome)) }
    }

    fn take(&self) -> BTreeSet<Trail> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Expected {
    /// Has the trail looked at if the row of this number, which is there now, is the one to do so.
    pub(super) fn written(mut self, number: i64) {
        self.trail = self.trail.take().filter(|_| number % BATCH == 0);
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        if let Some(trail) = self.trail.take() {
            self.due.0.lock().unwrap_or_else(PoisonError::into_inner).insert(trail);
        }
    }
}

impl Store {
    /// Records that a stored secret is let out, durably, and only then awaits what lets it out. If it cannot be recorded,
    /// nothing is let out.
    pub async fn release<T>(&self, event: &Event, out: impl Future<Output = T>) -> Result<T, Error> {
        let mut writer = self.host_writer(Turn::about(event)).await?;
        let expected = self.due.expect(event, Outcome::Released);
        let number = insert(&mut writer, event, Outcome::Released).await?;
        // Nobody waits for a turn while the secret store is asked.
        drop(writer);
        expected.written(number);
        Ok(out.await)
    }

    /// Deletes the oldest rows of the audit trails that have become too long.
    pub async fn trim_audit_trails(&self) -> Result<(), Error> {
        for trail in self.due.take() {
            while trim(&mut self.host_writer(Turn::Host).await?, &trail, self.settings.audit_events).await? == BATCH {}
        }
        Ok(())
    }
}
