//! A call of a connector: who asks, how it is made, and how it can fail.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::Store;

use super::contract::{Failure, Nonsense, Purpose};
use super::guest::{self, Exceeded, Runtime, State};
use super::judge::{Astray, Refusal};

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
    /// A limit was exceeded.
    #[error("the connector {connector} exceeded a limit: {exceeded}")]
    Limit {
        /// Name and version.
        connector: String,
        /// Which limit, with its value.
        exceeded: Exceeded,
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
        reason: Nonsense,
    },
    /// It describes a connection to somewhere else than the tenant said.
    #[error("the connector {connector} tried to lead the connection astray: {reason}")]
    Astray {
        /// Name and version.
        connector: String,
        /// What it tried.
        reason: Astray,
    },
    /// It failed this organization too often in a short time, and is not called for it for a while.
    #[error("the connector {connector} failed several times in a row and rests for {} s", retry_after.as_secs())]
    Suspended {
        /// Name and version.
        connector: String,
        /// When it is tried again.
        retry_after: Duration,
    },
    /// Too many calls wait.
    #[error("too many connector calls are waiting; try again in a moment")]
    Busy,
}

impl CallError {
    /// A word for it in metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Limit { exceeded, .. } => exceeded.limit.name(),
            Self::Trap { .. } => "trap",
            Self::Nonsense { .. } => "nonsense",
            Self::Astray { .. } => "astray",
            Self::Suspended { .. } => "suspended",
            Self::Busy => "busy",
        }
    }

    /// Whether it counts against the connector.
    pub(super) fn is_of_connector(&self) -> bool {
        matches!(self, Self::Limit { .. } | Self::Trap { .. } | Self::Nonsense { .. } | Self::Astray { .. })
    }
}

/// One call of this connector on the calling thread, in a store of its own. A failure is logged, with what the caller is not
/// told.
pub(super) fn make<T>(
    runtime: &Runtime,
    connector: &Arc<str>,
    work: impl FnOnce(&mut Store<State>) -> Result<T, Failure>,
) -> Result<T, CallError> {
    runtime.call(connector, |store| work(store).map_err(|failure| explain(failure, connector, store)))
}

fn explain(failure: Failure, connector: &Arc<str>, store: &Store<State>) -> CallError {
    let label = connector.to_string();
    let error = match failure {
        Failure::Nonsense(reason) => return refused(connector, reason.into()),
        Failure::Guest(error) => error,
    };
    if let Some(exceeded) = guest::exceeded(&error, store) {
        tracing::warn!(connector = label, limit = %exceeded, "a connector exceeded a limit");
        return CallError::Limit { connector: label, exceeded };
    }
    tracing::warn!(connector = label, error = format!("{error:#}"), "a connector trapped");
    CallError::Trap { connector: label }
}

/// The failure of a connector whose answer is refused; it is logged.
pub(super) fn refused(connector: &Arc<str>, refusal: Refusal) -> CallError {
    let connector = connector.to_string();
    match refusal {
        Refusal::Nonsense(nonsense) => {
            let reason = nonsense.to_string();
            tracing::warn!(connector, reason, "a connector's answer breaks the contract");
            CallError::Nonsense { connector, reason: nonsense }
        }
        Refusal::Astray(astray) => {
            let reason = astray.to_string();
            tracing::error!(connector, reason, "a connector tried to lead a connection astray");
            CallError::Astray { connector, reason: astray }
        }
    }
}
