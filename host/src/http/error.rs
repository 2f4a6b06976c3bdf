//! The one error of the HTTP edge: every refusal and failure becomes one documented body with one status and code.

mod body;
mod code;
mod origin;
pub(super) mod refusals;

use std::borrow::Cow;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::authentication::PROJECT_HEADER;
use super::connectors::record::ShadowReport;
use crate::auth::Permission;
use crate::auth::token::Refusal;
use crate::connections;
use crate::connectors::admission::Reason;
use crate::connectors::{CallError, Limit};
use crate::finding::{self, Finding};
use crate::rollout::{Shadow, State};
use crate::stranger::shown;
use crate::{random, store};
use body::ErrorDetails;
pub(super) use body::ErrorFacts;
pub use body::{ErrorBody, WireFinding};
pub use code::ErrorCode;

/// How long a caller waits before trying again, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Why a request was refused or failed. `Display` is the body's message.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A header or the form of the request is wrong.
    #[error("{0}")]
    InvalidRequest(Cow<'static, str>),
    /// No token.
    #[error("The request needs a bearer token in the header Authorization.")]
    NoToken,
    /// Not a good token. Why is told only of one that was good before.
    #[error("The bearer token {}; get a new one and send that.", if .0.is_expired() { "has expired" } else { "is not valid here" })]
    InvalidToken(Refusal),
    /// The caller's roles do not allow it.
    #[error("Your roles do not allow this; it needs the permission `{}`.", .0.name())]
    InsufficientPermissions(Permission),
    /// The caller has no role where the request is.
    #[error("{}", no_role(project.as_deref()))]
    NoRole {
        /// What it needs.
        permission: Permission,
        /// The project that the header names, if it is there.
        project: Option<String>,
    },
    /// The token is for another organization than the header `X-Org-Id`.
    #[error("The token is for another organization than X-Org-Id names.")]
    OtherOrganization,
    /// Absent, or not the caller's to know.
    #[error("There is no such {0}, or it is not yours to see.")]
    NotFound(&'static str),
    /// No such path.
    #[error("There is no such path; /openapi.json lists those there are.")]
    NoSuchPath,
    /// The path is there, the method is not.
    #[error("This path does not have this method; the header Allow names those it has.")]
    MethodNotAllowed,
    /// The body did not arrive in time.
    #[error("The request's body did not arrive in time.")]
    RequestTimeout,
    /// One is there that a project would see beside it under the same slug: its resource URI.
    #[error("The connection {0} has this slug already; choose another name, or send a resource_uri with another slug.")]
    AlreadyExists(String),
    /// The connection is disabled.
    #[error("The connection is disabled; somebody with the permission `operate` can enable it.")]
    ConnectionDisabled,
    /// `If-Match` does not hold.
    #[error("The connection has changed since you read it; read it again and repeat the change.")]
    PreconditionFailed,
    /// `If-None-Match` does not hold.
    #[error("The connection is as If-None-Match says that it must not be; nothing was changed.")]
    PreconditionMet,
    /// The body is too large.
    #[error("The request's body is larger than {0} bytes.")]
    PayloadTooLarge(usize),
    /// The body is of another media type; which it must be.
    #[error("The request's body must be {0}, and the header Content-Type say so.")]
    UnsupportedMediaType(&'static str),
    /// The body is compressed.
    #[error("The request's body must not be compressed; send it as it is, without the header Content-Encoding.")]
    UnsupportedCoding,
    /// The input is wrong: every finding.
    #[error("{}", summary(.0))]
    Validation(Vec<Finding>),
    /// The change would send stored credentials somewhere else.
    #[error("The change leads these credentials to another target; send them again: {}.", .0.join(", "))]
    CredentialsRequired(Vec<String>),
    /// Stored credentials cannot be used.
    #[error("{why}; {}.", connections::send_again(credentials))]
    CredentialsWithheld {
        /// Why.
        why: connections::Withheld,
        /// The names of those that are set.
        credentials: Vec<String>,
    },
    /// No version waits for the tenant, or another one.
    #[error("No connector version of this digest waits for your agreement; read the connection again.")]
    NoUpgrade,
    /// A component is not admitted.
    #[error("The component is refused: {}", reasons_summary(reasons))]
    ConnectorRefused {
        /// The digest of the connector version.
        digest: String,
        /// Every reason.
        reasons: Vec<Reason>,
    },
    /// The state of a connector version does not allow it.
    #[error("The connector version is {}: {wanted}.", state.name())]
    ConnectorState {
        /// The state.
        state: State,
        /// What can be done.
        wanted: &'static str,
    },
    /// Connections would fail with a connector version.
    #[error("{} stored connections would fail with this version; see details.shadow.", .0.failing)]
    ShadowFailed(Box<Shadow>),
    /// A connector version cannot go while it serves connections.
    #[error("The connector version serves {0} connections; it can be deleted when another one serves them.")]
    ConnectorServing(u64),
    /// There is nothing to go back to.
    #[error("No version of this connector was active before this one.")]
    NothingBefore,
    /// The connector did not do its part.
    #[error("The request could not be answered: {}", of_connector(.0))]
    Connector(CallError),
    /// A share or a rate of the caller's is used up.
    #[error("{message}")]
    RateLimited {
        /// Whose limit it is, and of what.
        message: String,
        /// When to come back.
        retry_after: Duration,
    },
    /// The tenant has as much as it may have: no waiting helps.
    #[error("Your {}: {}. The operator's setting is {}.", .0, .0.quota.remedy(), .0.quota.setting())]
    QuotaExceeded(store::Exceeded),
    /// The list reads more than it may.
    #[error(
        "This list takes more reading than a list may: narrow it by tags, connection_type, status or created_by, ask for \
         an earlier page, or search for a shorter text."
    )]
    ListTooLong,
    /// The host has no more of something; when to come back.
    #[error("The host is busy; try again in a moment.")]
    Busy(Duration),
    /// Something that the host needs does not answer.
    #[error("{0}")]
    Unavailable(Cow<'static, str>),
    /// What is stored is damaged.
    #[error("{}: something else than this program has written there. {}.", .0, remedy(.0.record))]
    RecordDamaged(store::Damaged),
    /// Our bug, already logged.
    #[error("Something went wrong in the host; its log has more under the request id.")]
    Internal,
}

impl ApiError {
    /// Logs a failure that should not happen, with its chain, and says only that it did.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "a request failed");
        Self::Internal
    }

    /// Logs that something which the host needs does not answer, and says that it does not.
    fn unavailable(what: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "the {what} is not available");
        Self::Unavailable(format!("The {what} is not available; try again in a moment.").into())
    }

    /// An address has as many connections as it may.
    pub(super) fn too_many_connections() -> Self {
        let message = "There are too many connections from your address; close some of them.".to_owned();
        Self::RateLimited { message, retry_after: Duration::from_secs(1) }
    }

    /// The code, which has the status.
    fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidRequest(_) => ErrorCode::InvalidRequest,
            Self::NoToken | Self::InvalidToken(_) => ErrorCode::InvalidToken,
            Self::InsufficientPermissions(_) | Self::NoRole { .. } | Self::OtherOrganization => {
                ErrorCode::InsufficientPermissions
            }
            Self::NotFound(_) | Self::NoSuchPath => ErrorCode::ResourceNotFound,
            Self::MethodNotAllowed => ErrorCode::MethodNotAllowed,
            Self::RequestTimeout => ErrorCode::RequestTimeout,
            Self::AlreadyExists(_) => ErrorCode::ResourceAlreadyExists,
            Self::ConnectionDisabled => ErrorCode::ConnectionDisabled,
            Self::PreconditionFailed | Self::PreconditionMet => ErrorCode::PreconditionFailed,
            Self::PayloadTooLarge(_) => ErrorCode::PayloadTooLarge,
            Self::UnsupportedMediaType(_) | Self::UnsupportedCoding => ErrorCode::UnsupportedMediaType,
            Self::Validation(_) => ErrorCode::ValidationError,
            Self::CredentialsRequired(_) | Self::CredentialsWithheld { .. } => ErrorCode::CredentialsRequired,
            Self::NoUpgrade => ErrorCode::ConnectorUpgradeChanged,
            Self::ConnectorRefused { .. } => ErrorCode::ConnectorRefused,
            Self::ConnectorState { .. } => ErrorCode::ConnectorState,
            Self::ShadowFailed(_) => ErrorCode::ConnectorShadowFailed,
            Self::ConnectorServing(_) => ErrorCode::ConnectorServing,
            Self::NothingBefore => ErrorCode::ConnectorNothingBefore,
            Self::Connector(CallError::Limit { exceeded, .. }) => of_limit(exceeded.limit),
            Self::Connector(CallError::Trap { .. } | CallError::Nonsense { .. } | CallError::Astray { .. }) => {
                ErrorCode::ConnectorFailed
            }
            Self::Connector(CallError::Suspended { .. }) => ErrorCode::ConnectorSuspended,
            Self::RateLimited { .. } => ErrorCode::RateLimitExceeded,
            Self::QuotaExceeded(_) => ErrorCode::QuotaExceeded,
            Self::ListTooLong => ErrorCode::ListTooLong,
            Self::Connector(CallError::Busy) | Self::Busy(_) | Self::Unavailable(_) => ErrorCode::ServiceUnavailable,
            Self::RecordDamaged(_) => ErrorCode::RecordDamaged,
            Self::Internal => ErrorCode::InternalError,
        }
    }

    /// The body outside HTTP, with ids of its own.
    pub fn into_body(self) -> ErrorBody {
        self.facts().body(&format!("req-{}", random::id()), &random::id().simple().to_string())
    }

    /// When to try again; none when that would not help.
    fn retry_after(&self) -> Option<HeaderValue> {
        match self {
            Self::Busy(retry_after)
            | Self::Connector(CallError::Suspended { retry_after, .. })
            | Self::RateLimited { retry_after, .. } => Some(whole_seconds(*retry_after)),
            Self::QuotaExceeded(_) => None,
            _ => {
                let may_pass = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS];
                may_pass.contains(&self.code().status()).then_some(RETRY_AFTER)
            }
        }
    }

    /// The header that says to a program what would be accepted.
    fn advice(&self) -> Option<(HeaderName, HeaderValue)> {
        let advice = match self {
            // Without a token there is nothing to say of one (RFC 6750, section 3.1).
            Self::NoToken => (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Self::InvalidToken(_) => {
                let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{self}\"");
                (header::WWW_AUTHENTICATE, HeaderValue::from_str(&challenge).ok()?)
            }
            Self::UnsupportedMediaType(media_type) => (header::ACCEPT, HeaderValue::from_static(media_type)),
            Self::UnsupportedCoding => (header::ACCEPT_ENCODING, HeaderValue::from_static("identity")),
            _ => return None,
        };
        Some(advice)
    }

    fn facts(&self) -> ErrorFacts {
        ErrorFacts { code: self.code(), message: self.to_string(), details: self.details() }
    }

    fn details(&self) -> Option<ErrorDetails> {
        Some(match self {
            Self::Validation(findings) => {
                ErrorDetails::Findings { findings: findings.iter().map(WireFinding::from).collect() }
            }
            Self::CredentialsRequired(credentials) | Self::CredentialsWithheld { credentials, .. } => {
                ErrorDetails::Credentials { credentials: credentials.clone() }
            }
            Self::InsufficientPermissions(permission) => {
                ErrorDetails::Permission { permission: permission.name(), header: None, project: None }
            }
            Self::NoRole { permission, project } => ErrorDetails::Permission {
                permission: permission.name(),
                header: Some(PROJECT_HEADER),
                project: project.clone(),
            },
            Self::ConnectorRefused { digest, reasons } => ErrorDetails::Refused {
                digest: digest.clone(),
                reasons: reasons.iter().cloned().map(Into::into).collect(),
            },
            Self::QuotaExceeded(store::Exceeded { quota, most }) => {
                ErrorDetails::Quota { quota: quota.name(), value: *most, setting: quota.setting() }
            }
            Self::ShadowFailed(shadow) => {
                ErrorDetails::Shadow { shadow: Box::new(ShadowReport::from(Shadow::clone(shadow))) }
            }
            Self::Connector(CallError::Limit { connector, exceeded }) => ErrorDetails::Limit {
                connector: connector.clone(),
                limit: exceeded.limit.name(),
                value: u64::try_from(exceeded.value).unwrap_or(u64::MAX),
                setting: exceeded.limit.setting(),
            },
            _ => return None,
        })
    }
}

/// A time to wait, rounded up: who comes back then does not come too early.
fn whole_seconds(time: Duration) -> HeaderValue {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1).into()
}

fn of_limit(limit: Limit) -> ErrorCode {
    match limit {
        Limit::CpuTime => ErrorCode::ConnectorLimitCpuTime,
        Limit::WallTime => ErrorCode::ConnectorLimitWallTime,
        Limit::Memory => ErrorCode::ConnectorLimitMemory,
        Limit::TableElements => ErrorCode::ConnectorLimitTableElements,
        Limit::Handles => ErrorCode::ConnectorLimitHandles,
        Limit::Stack => ErrorCode::ConnectorLimitStack,
        Limit::Answer => ErrorCode::ConnectorLimitAnswerBytes,
    }
}

/// What a connector did not do, and who can do something about it.
fn of_connector(error: &CallError) -> String {
    match error {
        CallError::Busy | CallError::Suspended { .. } => format!("{error}."),
        _ => format!(
            "{error}. That is no fault of yours: tell whoever runs this installation, who finds more in its log."
        ),
    }
}

/// What to do about a damaged record.
fn remedy(record: store::Record) -> &'static str {
    match record {
        store::Record::Connection => {
            "Restore the metadata from a backup, or delete the connection and register it again"
        }
        store::Record::ConnectorVersion => "Restore the metadata from a backup",
    }
}

/// What to do about a request in a project, or in the whole organization, where the token has no role. Which projects
/// there are is not looked at.
fn no_role(project: Option<&str>) -> String {
    match project {
        Some(project) => format!(
            "Your token has no role in the project {}, which the header {PROJECT_HEADER} names; name a project in which it \
             has one.",
            shown(project)
        ),
        None => format!(
            "Without the header {PROJECT_HEADER} a request is about the whole organization, in which your token has no \
             role; name your project in that header."
        ),
    }
}

/// One sentence for all reasons.
fn reasons_summary(reasons: &[Reason]) -> String {
    match reasons {
        [reason] => format!("{}. {}", reason.message, reason.remedy),
        [first, more @ ..] => format!("{}, and {} more. See details.reasons.", first.message, more.len()),
        [] => String::new(),
    }
}

/// One sentence for all findings.
fn summary(findings: &[Finding]) -> String {
    let summary = finding::summary(findings).unwrap_or_default();
    if findings.len() > 1 { format!("{summary} See details.findings.") } else { summary }
}

impl IntoResponse for ApiError {
    /// The status and the headers; `correlation` writes the body, since it knows the request's ids.
    fn into_response(self) -> Response {
        let status = self.code().status();
        let mut response = status.into_response();
        if let Some(retry_after) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, retry_after);
        }
        if let Some((name, value)) = self.advice() {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(self.facts());
        response
    }
}
