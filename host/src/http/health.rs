//! `GET /health/live` and `GET /health/ready`: for probes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, ErrorBody};
use super::{Api, TAG_HEALTH};

/// That all is well.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `live` or `ready`.
    #[schema(example = "ready")]
    status: &'static str,
}

/// Checks that the process answers
#[utoipa::path(get, path = "/health/live", tag = TAG_HEALTH, security(()), responses(
    (status = 200, description = "It answers", body = Health),
))]
pub async fn check_liveness() -> Json<Health> {
    Json(Health { status: "live" })
}

/// Checks that requests can be served
///
/// The metadata store and the secret store answer, and a connector is loaded.
#[utoipa::path(get, path = "/health/ready", tag = TAG_HEALTH, security(()), responses(
    (status = 200, description = "Requests can be served", body = Health),
    (status = 503, description = "What is missing", body = ErrorBody),
))]
pub async fn check_readiness(State(api): State<Arc<Api>>) -> Result<Json<Health>, ApiError> {
    let mut missing = Vec::new();
    if let Err(error) = api.store.health().await {
        tracing::error!(error = &error as &dyn std::error::Error, "the metadata store is not ready");
        missing.push("the metadata store does not answer");
    }
    if let Err(error) = api.secrets.health().await {
        tracing::error!(error = &error as &dyn std::error::Error, "the secret store is not ready");
        missing.push("the secret store does not answer");
    }
    if api.connectors.list().is_empty() {
        missing.push("no connector is loaded");
    }
    if missing.is_empty() {
        Ok(Json(Health { status: "ready" }))
    } else {
        Err(ApiError::Unavailable(format!("Not ready: {}.", missing.join(", ")).into()))
    }
}
