//! The one source of chance: keys, nonces and ids. What has to be the same every time, such as the random bytes of a
//! connector's call, has a seed and does not come from here.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use uuid::Uuid;

/// Fills all of these bytes by a generator that is fit for keys. An error leaves them of no use.
#[expect(clippy::disallowed_methods, reason = "the one place for keys and nonces")]
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), Unspecified> {
    rand::fill(bytes)
}

/// An id that nobody guesses and that says nothing of what it names (UUID version 4).
#[expect(clippy::disallowed_methods, reason = "the one place for ids")]
pub(crate) fn id() -> Uuid {
    Uuid::new_v4()
}

/// An id that sorts by the millisecond at which it was made, by the system's clock (UUID version 7).
#[expect(clippy::disallowed_methods, reason = "the one place for ids")]
pub(crate) fn ordered_id() -> Uuid {
    Uuid::now_v7()
}
