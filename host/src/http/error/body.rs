//! The one body of every answer that is not a success.

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::explanation;
use crate::finding::{Finding, Severity};

/// What the body says beside the status and the ids. Travels in the response's extensions.
#[derive(Debug, Clone)]
pub(in crate::http) struct ErrorFacts {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) details: Value,
}

impl ErrorFacts {
    /// The body of an answer with this error.
    pub(in crate::http) fn body(self, status: StatusCode, request_id: &str, trace_id: &str) -> ErrorBody {
        ErrorBody {
            error: ErrorContent {
                code: self.code.to_owned(),
                message: self.message,
                status: status.as_u16(),
                details: self.details,
                help: explanation::help(self.code),
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
    #[schema(example = "VALIDATION_ERROR")]
    code: String,
    /// For people; may change.
    message: String,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// For `VALIDATION_ERROR`: `findings`, a list of {severity, pointer, code, message, hint}. For `CREDENTIALS_REQUIRED`:
    /// `credentials`, the names. For `INSUFFICIENT_PERMISSIONS`: `permission`, and where the token has no role in the project at all,
    /// `project` (null for the whole organization) and the `header` that names it. For `CONNECTOR_LIMIT_…`: `connector`,
    /// `limit`, its `value` in the unit of the setting, and the `setting`. For `CONNECTOR_REFUSED`: `digest` and
    /// `reasons`, a list of {code, message, remedy}. For `CONNECTOR_SHADOW_FAILED`: `shadow`. For `QUOTA_EXCEEDED`: the
    /// `quota`, its `value`, and the operator's `setting`. Else null.
    #[schema(value_type = Option<Object>)]
    details: Value,
    /// The path of a page about the code.
    #[schema(example = "/docs/codes/VALIDATION_ERROR")]
    help: String,
    /// Names this request in the host's log; also in the header `X-Request-ID`.
    #[schema(example = "req-6f1c1f9e-8d0c-4b62-9f5e-0a4f4ad2f0b7")]
    request_id: String,
    /// The W3C trace id: from the request's `traceparent`, else a new one.
    #[schema(example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    trace_id: String,
}

/// One thing that is wrong with a request.
#[derive(Debug, Serialize)]
pub struct WireFinding<'a> {
    severity: &'static str,
    pointer: &'a str,
    code: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
}

impl<'a> From<&'a Finding> for WireFinding<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            severity: match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            pointer: &finding.pointer,
            code: &finding.code,
            message: &finding.message,
            hint: finding.hint.as_deref(),
        }
    }
}
