//! The codes of errors, each with its status.

use axum::http::StatusCode;
use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::http::vocabulary;

/// What an error is to a program. A code is given out for ever, and always with the same status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// A header or the form of the request is wrong.
    InvalidRequest,
    /// No token, or not a good one.
    InvalidToken,
    /// The caller's roles do not allow it.
    InsufficientPermissions,
    /// Absent, or not the caller's to know.
    ResourceNotFound,
    /// The path is there, the method is not.
    MethodNotAllowed,
    /// The body did not arrive in time.
    RequestTimeout,
    /// One with that name is there.
    ResourceAlreadyExists,
    /// The connection is disabled.
    ConnectionDisabled,
    /// No connector version waits for the tenant, or another one.
    ConnectorUpgradeChanged,
    /// The state of a connector version does not allow it.
    ConnectorState,
    /// Stored connections would fail with a connector version.
    ConnectorShadowFailed,
    /// A connector version serves connections.
    ConnectorServing,
    /// No version of the connector was active before.
    ConnectorNothingBefore,
    /// The resource has changed since the caller read it.
    PreconditionFailed,
    /// The body is too large.
    PayloadTooLarge,
    /// The body is of another kind than the operation takes.
    UnsupportedMediaType,
    /// The input is wrong.
    ValidationError,
    /// Stored credentials have to be sent again.
    CredentialsRequired,
    /// A component is not admitted.
    ConnectorRefused,
    /// The list takes more reading than a list may.
    ListTooLong,
    /// A share or a rate of the caller's is used up.
    RateLimitExceeded,
    /// The tenant has as much as it may have.
    QuotaExceeded,
    /// A row of the metadata is not as the host has written it.
    RecordDamaged,
    /// A bug of the host's.
    InternalError,
    /// The connector did not do its part.
    ConnectorFailed,
    /// The connector took more memory than it may.
    ConnectorLimitMemory,
    /// The connector took more table elements than it may.
    ConnectorLimitTableElements,
    /// The connector took more handles than it may.
    ConnectorLimitHandles,
    /// The connector took more stack than it may.
    ConnectorLimitStack,
    /// The connector's answer was larger than it may be.
    ConnectorLimitAnswerBytes,
    /// Something that the host needs does not answer, or has no room.
    ServiceUnavailable,
    /// The connector has failed too often, and rests.
    ConnectorSuspended,
    /// The connector computed for longer than it may.
    ConnectorLimitCpuTime,
    /// The connector's call lasted longer than it may.
    ConnectorLimitWallTime,
}

impl ErrorCode {
    /// All codes, by status.
    pub const ALL: [Self; 34] = [
        Self::InvalidRequest,
        Self::InvalidToken,
        Self::InsufficientPermissions,
        Self::ResourceNotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::ResourceAlreadyExists,
        Self::ConnectionDisabled,
        Self::ConnectorUpgradeChanged,
        Self::ConnectorState,
        Self::ConnectorShadowFailed,
        Self::ConnectorServing,
        Self::ConnectorNothingBefore,
        Self::PreconditionFailed,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::ValidationError,
        Self::CredentialsRequired,
        Self::ConnectorRefused,
        Self::ListTooLong,
        Self::RateLimitExceeded,
        Self::QuotaExceeded,
        Self::RecordDamaged,
        Self::InternalError,
        Self::ConnectorFailed,
        Self::ConnectorLimitMemory,
        Self::ConnectorLimitTableElements,
        Self::ConnectorLimitHandles,
        Self::ConnectorLimitStack,
        Self::ConnectorLimitAnswerBytes,
        Self::ServiceUnavailable,
        Self::ConnectorSuspended,
        Self::ConnectorLimitCpuTime,
        Self::ConnectorLimitWallTime,
    ];

    /// The code in the body, such as `VALIDATION_ERROR`.
    pub fn name(self) -> &'static str {
        self.facts().1
    }

    /// The status of every answer with this code.
    pub fn status(self) -> StatusCode {
        self.facts().0
    }

    /// Status and name, in one place.
    fn facts(self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "INVALID_REQUEST"),
            Self::InvalidToken => (StatusCode::UNAUTHORIZED, "INVALID_TOKEN"),
            Self::InsufficientPermissions => (StatusCode::FORBIDDEN, "INSUFFICIENT_PERMISSIONS"),
            Self::ResourceNotFound => (StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            Self::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT"),
            Self::ResourceAlreadyExists => (StatusCode::CONFLICT, "RESOURCE_ALREADY_EXISTS"),
            Self::ConnectionDisabled => (StatusCode::CONFLICT, "CONNECTION_DISABLED"),
            Self::ConnectorUpgradeChanged => (StatusCode::CONFLICT, "CONNECTOR_UPGRADE_CHANGED"),
            Self::ConnectorState => (StatusCode::CONFLICT, "CONNECTOR_STATE"),
            Self::ConnectorShadowFailed => (StatusCode::CONFLICT, "CONNECTOR_SHADOW_FAILED"),
            Self::ConnectorServing => (StatusCode::CONFLICT, "CONNECTOR_SERVING"),
            Self::ConnectorNothingBefore => (StatusCode::CONFLICT, "CONNECTOR_NOTHING_BEFORE"),
            Self::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, "PRECONDITION_FAILED"),
            Self::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"),
            Self::ValidationError => (StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION_ERROR"),
            Self::CredentialsRequired => (StatusCode::UNPROCESSABLE_ENTITY, "CREDENTIALS_REQUIRED"),
            Self::ConnectorRefused => (StatusCode::UNPROCESSABLE_ENTITY, "CONNECTOR_REFUSED"),
            Self::ListTooLong => (StatusCode::UNPROCESSABLE_ENTITY, "LIST_TOO_LONG"),
            Self::RateLimitExceeded => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED"),
            Self::QuotaExceeded => (StatusCode::TOO_MANY_REQUESTS, "QUOTA_EXCEEDED"),
            Self::RecordDamaged => (StatusCode::INTERNAL_SERVER_ERROR, "RECORD_DAMAGED"),
            Self::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
            Self::ConnectorFailed => (StatusCode::BAD_GATEWAY, "CONNECTOR_FAILED"),
            Self::ConnectorLimitMemory => (StatusCode::BAD_GATEWAY, "CONNECTOR_LIMIT_MEMORY"),
            Self::ConnectorLimitTableElements => (StatusCode::BAD_GATEWAY, "CONNECTOR_LIMIT_TABLE_ELEMENTS"),
            Self::ConnectorLimitHandles => (StatusCode::BAD_GATEWAY, "CONNECTOR_LIMIT_HANDLES"),
            Self::ConnectorLimitStack => (StatusCode::BAD_GATEWAY, "CONNECTOR_LIMIT_STACK"),
            Self::ConnectorLimitAnswerBytes => (StatusCode::BAD_GATEWAY, "CONNECTOR_LIMIT_ANSWER_BYTES"),
            Self::ServiceUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE"),
            Self::ConnectorSuspended => (StatusCode::SERVICE_UNAVAILABLE, "CONNECTOR_SUSPENDED"),
            Self::ConnectorLimitCpuTime => (StatusCode::GATEWAY_TIMEOUT, "CONNECTOR_LIMIT_CPU_TIME"),
            Self::ConnectorLimitWallTime => (StatusCode::GATEWAY_TIMEOUT, "CONNECTOR_LIMIT_WALL_TIME"),
        }
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        vocabulary::one_of("What an error is to a program; always with the same status.", Self::ALL.map(Self::name))
    }
}

impl ToSchema for ErrorCode {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::explanation::{self, Kind};

    #[test]
    fn every_code_is_explained_with_its_status() {
        let explained = explanation::all().filter_map(|explanation| match explanation.kind {
            Kind::Error(status) => Some((status, explanation.code)),
            Kind::Finding | Kind::Reason | Kind::Fault(_) => None,
        });
        let explained: BTreeSet<_> = explained.collect();
        assert_eq!(explained, ErrorCode::ALL.map(|code| (code.status().as_u16(), code.name())).into());
    }
}
