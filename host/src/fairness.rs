//! What all tenants use together is shared so that none of them can take it from the others.
//!
//! [`Shares`] bounds how much is held at once: places, look-ups, readers, bytes. [`Rates`] bounds how often something is
//! begun. Both keep a count for each key, such as an organization or an address. The numbers and their settings are in
//! one table, in `settings/fairness.rs`.

mod rates;
mod shares;

pub use rates::{Rate, Rates};
pub use shares::{Refused, Share, Shares};
