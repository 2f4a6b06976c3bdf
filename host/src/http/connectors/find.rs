//! `GET /assets/connectors/versions/{digest}`: one connector version.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::digest::Digest;
use super::record::ConnectorVersion;
use crate::http::authentication::Admitted;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::{Api, TAG_CONNECTORS};
use crate::rollout::Rollout;

/// Shows a connector version
#[utoipa::path(get, path = "/assets/connectors/versions/{digest}", tag = TAG_CONNECTORS,
    params(("digest" = String, Path, description = "`sha256:` and 64 hex digits")),
    responses(
        (status = 200, description = "The version", body = ConnectorVersion),
        (status = "default", description = "Any error", body = ErrorBody),
    ))]
pub async fn find_connector_version(
    admitted: Admitted,
    State(api): State<Arc<Api>>,
    Digest(digest): Digest,
) -> Result<Json<ConnectorVersion>, ApiError> {
    Rollout::authorize(admitted.caller())?;
    Ok(Json(api.rollout.find(&digest).await?.into()))
}
