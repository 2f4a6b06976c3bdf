//! The one look at the clock.

/// Microseconds since 1970, UTC.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
