//! The one body of every answer that is not a success.

use serde::Serialize;
use utoipa::ToSchema;

use super::ErrorCode;
use crate::explanation;
use crate::finding::{Finding, Severity};
use crate::http::connectors::digest::Digest;
use crate::http::connectors::record::{RefusalReason, ShadowReport};

/// What the body says beside the status and the ids. Travels in the response's extensions.
#[derive(Debug, Clone)]
pub(in crate::http) struct ErrorFacts {
    pub(super) code: ErrorCode,
    pub(super) message: String,
    pub(super) details: Option<ErrorDetails>,
}

impl ErrorFacts {
    /// The body of an answer with this error.
    pub(in crate::http) fn body(self, request_id: &str, trace_id: &str) -> ErrorBody {
        ErrorBody {
            error: ErrorContent {
                code: self.code,
                message: self.message,
                status: self.code.status().as_u16(),
                details: self.details,
                help: explanation::help(self.code.name()),
                request_id: request_id.to_owned(),
                trace_id: trace_id.to_owned(),
            },
        }
    }
}

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    error: ErrorContent,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorContent {
    /// Stable, for programs, such as `VALIDATION_ERROR`.
    code: ErrorCode,
    /// For people; may change.
    message: String,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// More about the error, by its code; null where there is no more.
    details: Option<ErrorDetails>,
    /// The path of a page about the code.
    #[schema(pattern = "^/docs/codes/[A-Z_]+$", example = "/docs/codes/VALIDATION_ERROR")]
    help: String,
    /// Names this request in the host's log; also in the header `X-Request-ID`.
    #[schema(pattern = "^req-[0-9a-f-]{36}$", example = "req-6f1c1f9e-8d0c-4b62-9f5e-0a4f4ad2f0b7")]
    request_id: String,
    /// The W3C trace id: from the request's `traceparent`, else a new one.
    #[schema(pattern = "^[0-9a-f]{32}$", example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    trace_id: String,
}

/// More about an error, for programs. Which members are there depends on the error's code.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ErrorDetails {
    /// `VALIDATION_ERROR`: everything that is wrong.
    #[schema(title = "ErrorFindings")]
    Findings {
        /// What is wrong, each with its place.
        findings: Vec<WireFinding>,
    },
    /// `CREDENTIALS_REQUIRED`.
    #[schema(title = "ErrorCredentials")]
    Credentials {
        /// The names of those to send again.
        credentials: Vec<String>,
    },
    /// `INSUFFICIENT_PERMISSIONS`.
    #[schema(title = "ErrorPermission")]
    Permission {
        /// What is missing.
        permission: &'static str,
        /// The header that names the project, where the token has no role in it at all; else null.
        header: Option<&'static str>,
        /// The project that the header names; null for the whole organization.
        project: Option<String>,
    },
    /// `CONNECTOR_REFUSED`.
    #[schema(title = "ErrorRefusal")]
    Refused {
        /// The digest of the connector version.
        #[schema(value_type = Digest)]
        digest: String,
        /// Why it is refused.
        reasons: Vec<RefusalReason>,
    },
    /// `CONNECTOR_SHADOW_FAILED`.
    #[schema(title = "ErrorShadow")]
    Shadow {
        /// What the version makes of the stored connections.
        shadow: Box<ShadowReport>,
    },
    /// `QUOTA_EXCEEDED`.
    #[schema(title = "ErrorQuota")]
    Quota {
        /// Of what there is as much as there may be.
        quota: &'static str,
        /// How much that is.
        value: i64,
        /// The operator's setting.
        setting: &'static str,
    },
    /// `CONNECTOR_LIMIT_…`.
    #[schema(title = "ErrorLimit")]
    Limit {
        /// The connector and its version.
        connector: String,
        /// The limit.
        limit: &'static str,
        /// How much that is, in the unit of the setting.
        value: u64,
        /// The operator's setting.
        setting: &'static str,
    },
}

/// One thing to say about a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct WireFinding {
    /// How much the finding weighs.
    #[schema(value_type = Severity)]
    severity: &'static str,
    /// Where: a JSON pointer (RFC 6901) into the body, empty for the whole of it; `?NAME` for a query parameter.
    #[schema(example = "/database_config/port")]
    pointer: String,
    /// Stable, for programs. No enum, since connectors have codes of their own.
    #[schema(example = "out_of_range")]
    code: String,
    /// What it is, in a sentence. It never repeats the value.
    message: String,
    /// What to do about it.
    hint: Option<String>,
}

impl From<&Finding> for WireFinding {
    fn from(finding: &Finding) -> Self {
        let Finding { severity, code, pointer, message, hint } = finding.clone();
        Self { severity: severity.name(), pointer, code, message, hint }
    }
}
