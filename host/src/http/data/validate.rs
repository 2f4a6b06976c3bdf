//! `POST /assets/data/validate`: what there is to say of a connection without dialling it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::candidate::{self, Configuration};
use crate::auth::Permission;
use crate::connections::Outline;
use crate::descriptor::{Endpoint, TlsMode};
use crate::finding::Finding;
use crate::http::authentication::Authenticated;
use crate::http::body::Unread;
use crate::http::error::{ApiError, WireFinding, refusals};
use crate::http::{Api, TAG_DATA};
use crate::sessions::Validation;

/// What to look at: the body of `verify` with the names of the credentials instead of their values. Exactly one of
/// `database_config`, `storage_config` and `filesystem_config` is required: the one that the connection type names as its
/// `config_member`. A member that is null is as one that is not there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidateRequest {
    /// One of `GET /assets/data/types`.
    #[schema(min_length = 1, max_length = 64, example = "postgres")]
    connection_type: String,
    /// By the connection type's `config_schema`.
    #[schema(value_type = Option<Configuration>)]
    database_config: Option<Map<String, Value>>,
    /// By the connection type's `config_schema`.
    #[schema(value_type = Option<Configuration>)]
    storage_config: Option<Map<String, Value>>,
    /// By the connection type's `config_schema`.
    #[schema(value_type = Option<Configuration>)]
    filesystem_config: Option<Map<String, Value>>,
    /// The names of the credentials that will be sent.
    #[schema(max_items = 100, example = json!(["username", "password"]))]
    credentials_set: Option<Vec<String>>,
}

/// What there is to say of a connection before anything is dialled.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValidationResult {
    /// Everything at once. Registering is refused by errors alone.
    findings: Vec<WireFinding>,
    /// The configuration as it would be stored, with its defaults; null when a finding is an error.
    #[schema(value_type = Option<Configuration>)]
    normalised: Option<Value>,
    /// Where the connection would lead, in the order of trying; empty when a finding is an error.
    endpoints: Vec<ValidatedEndpoint>,
    /// The least strict TLS mode among the endpoints; null without any.
    #[schema(value_type = Option<TlsMode>)]
    tls_mode: Option<&'static str>,
}

/// A place where a connection would lead.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValidatedEndpoint {
    /// What the endpoint is for, such as `data`.
    #[schema(example = "data")]
    endpoint_role: String,
    /// The endpoint's host, as the connector named it.
    #[schema(example = "db.example.com")]
    host: String,
    /// The endpoint's port.
    #[schema(example = 5432)]
    port: u16,
    /// How the endpoint would be protected.
    #[schema(value_type = TlsMode)]
    tls_mode: &'static str,
}

impl TryFrom<ValidateRequest> for Outline {
    type Error = Vec<Finding>;

    fn try_from(request: ValidateRequest) -> Result<Self, Vec<Finding>> {
        let configs = [request.database_config, request.storage_config, request.filesystem_config];
        let (config_member, config) = candidate::one_config(configs)?;
        let credentials_set = request.credentials_set.unwrap_or_default();
        let connection_type = request.connection_type;
        Ok(Self { connection_type, config_member, config, credentials_set })
    }
}

impl From<Validation> for ValidationResult {
    fn from(Validation { findings, normalised, endpoints }: Validation) -> Self {
        let least = endpoints.iter().map(|endpoint| endpoint.tls.mode).min();
        Self {
            findings: findings.iter().map(WireFinding::from).collect(),
            normalised,
            endpoints: endpoints.into_iter().map(ValidatedEndpoint::from).collect(),
            tls_mode: least.map(TlsMode::name),
        }
    }
}

impl From<Endpoint> for ValidatedEndpoint {
    fn from(Endpoint { role, host, port, tls }: Endpoint) -> Self {
        Self { endpoint_role: role, host, port, tls_mode: tls.mode.name() }
    }
}

/// Looks at a connection without dialling it
///
/// Nothing is stored, looked up or dialled, and no credential is taken: for a form, while it is filled in. What is wrong with the
/// configuration is in the answer, in the words of the 422 of `verify`, and so is what a test would stumble over, as warnings.
#[utoipa::path(post, path = "/assets/data/validate", tag = TAG_DATA,
    request_body(content = ValidateRequest, example = json!({
        "connection_type": "postgres",
        "database_config": {
            "host": "db.example.com", "port": 5432, "database": "shop", "db_schema": "sales", "ssl_mode": "verify-full",
        },
        "credentials_set": ["username", "password"],
    })), responses(
    (status = 200, description = "What there is to say", body = ValidationResult),
    refusals::Any, refusals::OfBody, refusals::OfConnector,
))]
pub async fn validate_connection(
    authenticated: Authenticated,
    State(api): State<Arc<Api>>,
    body: Unread<ValidateRequest>,
) -> Result<Json<ValidationResult>, ApiError> {
    authenticated.authorize(Permission::Create)?;
    let mut body = body.read(&api, &authenticated).await?;
    let admitted = authenticated.enter_validation(&api).await?;
    if !body.findings.is_empty() {
        let findings = candidate::merge(body.findings, candidate::config_findings(&body.value, true));
        return Err(ApiError::Validation(findings));
    }
    let outline = body.convert()?.try_into().map_err(ApiError::Validation)?;
    Ok(Json(api.sessions.validate(admitted.request(), outline).await?.into()))
}
