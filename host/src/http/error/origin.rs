//! What each part's error is to a caller.

use std::time::Duration;

use super::ApiError;
use crate::fairness::Refused;
use crate::{connections, rollout, secrets, store};

impl From<connections::Error> for ApiError {
    fn from(error: connections::Error) -> Self {
        use connections::Error;
        match error {
            Error::NotFound => Self::NotFound("connection"),
            Error::Forbidden(permission) => Self::InsufficientPermissions(permission),
            Error::NoRole { permission, project } => Self::NoRole { permission, project },
            Error::AlreadyExists(resource_uri) => Self::AlreadyExists(resource_uri),
            Error::Invalid(findings) => Self::Validation(findings),
            Error::CredentialsRequired(fields) => Self::CredentialsRequired(fields),
            Error::Withheld { why, credentials } => Self::CredentialsWithheld { why, credentials },
            Error::RevisionMismatch(_) => Self::PreconditionFailed,
            Error::Contended => Self::Unavailable("Others keep changing the connection; try again in a moment.".into()),
            Error::Disabled => Self::ConnectionDisabled,
            Error::NoUpgrade => Self::NoUpgrade,
            Error::ListTooLong => Self::ListTooLong,
            Error::Store(error) => error.into(),
            Error::Secrets(secrets::Error::Refused(refused)) => refused.into(),
            Error::Secrets(error @ secrets::Error::Unavailable(_)) => Self::unavailable("secret store", &error),
            Error::Secrets(error) => Self::internal(&error),
            // Logged where it happened, with what the caller is not told.
            Error::Connector(error) => Self::Connector(error),
        }
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Refused(refused) => refused.into(),
            store::Error::Quota(exceeded) => Self::QuotaExceeded(exceeded),
            error @ (store::Error::Unavailable(_) | store::Error::TooLong) => {
                Self::unavailable("metadata store", &error)
            }
            store::Error::DamagedRow(damaged) => {
                tracing::error!(error = &damaged as &dyn std::error::Error, "a request failed");
                Self::RecordDamaged(damaged)
            }
            error => Self::internal(&error),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Key => Self::RateLimited {
                message: "There are too many requests of your organization that read or write at once; try again in a \
                          moment."
                    .to_owned(),
                retry_after: Duration::from_secs(1),
            },
            Refused::All => Self::Busy(Duration::from_secs(1)),
        }
    }
}

impl From<rollout::Error> for ApiError {
    fn from(error: rollout::Error) -> Self {
        use rollout::Error;
        match error {
            Error::Forbidden(permission) => Self::InsufficientPermissions(permission),
            Error::NotFound => Self::NotFound("connector version"),
            Error::TooLarge(most) => Self::PayloadTooLarge(usize::try_from(most).unwrap_or(usize::MAX)),
            Error::Refused { digest, reasons } => Self::ConnectorRefused { digest, reasons },
            Error::State { state, wanted } => Self::ConnectorState { state, wanted },
            Error::ShadowFailed(shadow) => Self::ShadowFailed(shadow),
            Error::NothingBefore => Self::NothingBefore,
            Error::Serving(count) => Self::ConnectorServing(count),
            Error::Contended => Self::Unavailable("Others change the same versions; try again in a moment.".into()),
            Error::TooManyUploads => {
                Self::Unavailable("Other uploads are being admitted; try again when they are.".into())
            }
            Error::Connector(error) => Self::Connector(error),
            Error::Store(error) => error.into(),
            Error::Library(error) => Self::unavailable("library of connectors", &error),
            error @ (Error::Directory(_) | Error::BrokenOff(_)) => Self::internal(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn a_lost_race_is_retryable_and_a_condition_that_does_not_hold_is_not() {
        let answer = |error: connections::Error| {
            let response = ApiError::from(error).into_response();
            (response.status().as_u16(), response.headers().contains_key(header::RETRY_AFTER))
        };
        assert_eq!(answer(connections::Error::Contended), (503, true));
        assert_eq!(answer(connections::Error::RevisionMismatch(2)), (412, false));
    }

    #[test]
    fn credentials_whose_names_are_lost_are_all_to_be_sent() {
        let message = |names: &[&str]| {
            let credentials = names.iter().map(|name| (*name).to_owned()).collect();
            ApiError::from(connections::Error::Withheld { why: connections::Withheld::Altered, credentials })
                .to_string()
        };
        assert!(message(&[]).ends_with("; send all its credentials again."), "{}", message(&[]));
        assert!(message(&["a", "b"]).ends_with("; send these credentials again: a, b."), "{}", message(&["a", "b"]));
    }
}
