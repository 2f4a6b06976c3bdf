//! A call of a connector: who asks, and how it can fail.

use super::contract::Purpose;

/// Who asks, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The organization on whose behalf, for fairness and limits.
    pub organization: &'a str,
    /// What the answer is for.
    pub purpose: Purpose,
}

/// A connector's failure to answer, which is never the user's mistake. `Display` is fit for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// A limit was exceeded; 504 for time, 502 else.
    #[error("the connector {connector} exceeded a limit: {limit}")]
    Limit {
        /// Name and version.
        connector: String,
        /// Which limit, with its value.
        limit: String,
        /// Whether it was a limit of time.
        time: bool,
    },
    /// It trapped.
    #[error("the connector {connector} failed")]
    Trap {
        /// Name and version.
        connector: String,
    },
    /// Its answer breaks the contract.
    #[error("the connector {connector} gave an answer that breaks the contract: {reason}")]
    Nonsense {
        /// Name and version.
        connector: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It describes a connection to somewhere else than the tenant said.
    #[error("the connector {connector} tried to lead the connection astray: {reason}")]
    Astray {
        /// Name and version.
        connector: String,
        /// What it tried.
        reason: String,
    },
    /// Too many calls wait.
    #[error("too many connector calls are waiting; try again in a moment")]
    Busy,
}
