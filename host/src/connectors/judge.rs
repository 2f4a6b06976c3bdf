//! Judges: whether a connector's answer is one, and whether it leads where the tenant's own words lead. Pure: what is judged
//! is data, and nothing here calls a connector.
//!
//! It knows the contract's model, what a descriptor is, and which parameters drivers take.

mod answer;
mod astray;
mod authentication;
mod binding;
mod descriptor;
mod echo;
mod endpoint;
mod reach;

pub(super) use answer::{check_advice, check_refusal, check_statement, check_verdict};
pub use astray::{Astray, Wrong};
pub use binding::{Binding, Target};
pub(super) use descriptor::{Case, Refusal};
pub(super) use echo::too_long;
pub use reach::{Approvals, Origin};
pub(super) use reach::{Own, When, check_reach, fill};
