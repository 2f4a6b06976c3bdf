//! `POST /assets/data/verify`: tries a connection without storing anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::candidate::{self, Configuration, Credential, SentCredentials};
use super::report::TestResult;
use crate::auth::Permission;
use crate::connections::Candidate;
use crate::finding::Finding;
use crate::http::authentication::Authenticated;
use crate::http::body::Unread;
use crate::http::error::{ApiError, refusals};
use crate::http::{Api, TAG_DATA};

/// What to try. Exactly one of `database_config`, `storage_config` and `filesystem_config` is required: the one that the
/// connection type names as its `config_member`. A member that is null is as one that is not there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
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
    /// By the `credential_schema` of the authentication method.
    #[schema(value_type = Option<SentCredentials>)]
    credentials: Option<BTreeMap<String, Option<Credential>>>,
}

impl TryFrom<VerifyRequest> for Candidate {
    type Error = Vec<Finding>;

    fn try_from(request: VerifyRequest) -> Result<Self, Vec<Finding>> {
        let configs = [request.database_config, request.storage_config, request.filesystem_config];
        let (config_member, config) = candidate::one_config(configs)?;
        let credentials = candidate::credentials(request.credentials);
        Ok(Self { connection_type: request.connection_type, config_member, config, credentials })
    }
}

/// Tries a connection
///
/// Nothing is stored. A source that cannot be reached or refuses is a 200 with `success: false` and the failing stage;
/// a body that its schema or the connector rejects is a 422 with every finding.
#[utoipa::path(post, path = "/assets/data/verify", tag = TAG_DATA,
    request_body(content = VerifyRequest, example = json!({
        "connection_type": "postgres",
        "database_config": {
            "host": "db.example.com", "port": 5432, "database": "shop", "db_schema": "sales", "ssl_mode": "verify-full",
        },
        "credentials": { "username": "reader", "password": "not-this-one" },
    })), responses(
    (status = 200, description = "Whether the connection works", body = TestResult),
    refusals::Any, refusals::OfBody, refusals::OfConnector,
))]
pub async fn verify_connection(
    authenticated: Authenticated,
    State(api): State<Arc<Api>>,
    body: Unread<VerifyRequest>,
) -> Result<Json<TestResult>, ApiError> {
    authenticated.authorize(Permission::Create)?;
    let mut body = body.read(&api, &authenticated).await?;
    if !body.findings.is_empty() {
        let findings = candidate::merge(body.findings, candidate::config_findings(&body.value, true));
        return Err(api.reject(&authenticated.enter(&api).await?, findings, candidate::usable(&body.value)).await);
    }
    let candidate = body.convert()?.try_into().map_err(ApiError::Validation)?;
    let admitted = authenticated.enter_test(&api)?;
    let report = api.sessions.verify(admitted.request(), candidate).await?;
    Ok(Json(report.into()))
}
