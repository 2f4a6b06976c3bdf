//! Writing what somebody has changed of a connection.

use super::{Error, owner};
use crate::store;
use crate::store::connections::{self, ConnectionRow};

/// Writes `after`, which was made from `before`; false when the connection has changed since that was read.
///
/// A test that was recorded meanwhile is no change: whoever tests again and again keeps nobody from changing. What it says
/// of the status stays if the change `keeps_status`.
pub(super) async fn write(
    change: &mut store::Change,
    before: &ConnectionRow,
    mut after: ConnectionRow,
    keeps_status: bool,
) -> Result<bool, Error> {
    let owner = owner(before);
    let Some(now) = connections::find(change, &owner, &before.resource_uri).await? else { return Ok(false) };
    let as_tested_since = ConnectionRow {
        status: now.status,
        status_reason: now.status_reason.clone(),
        last_tested_at: now.last_tested_at,
        test_revision: now.test_revision,
        // Given out for this change, or for one that came to nothing.
        secret_sequence: now.secret_sequence,
        ..before.clone()
    };
    if as_tested_since != now {
        return Ok(false);
    }
    after.test_revision = now.test_revision;
    if keeps_status {
        (after.status, after.status_reason) = (now.status, now.status_reason);
    }
    Ok(connections::update(change, &owner, &after).await?)
}
