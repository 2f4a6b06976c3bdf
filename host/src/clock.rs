//! The one look at the clock.

use jiff::Timestamp;

/// The moment that the system's clock shows.
#[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
pub fn timestamp() -> Timestamp {
    Timestamp::now()
}

/// The moment that the system's clock shows, as a row has it: microseconds since 1970, UTC.
pub(crate) fn now() -> i64 {
    timestamp().as_microsecond()
}
