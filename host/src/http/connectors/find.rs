//! `GET /assets/connectors/versions/{digest}`: one connector version.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::digest::Digest;
use super::record::ConnectorVersion;
use crate::http::authentication::Admitted;
use crate::http::error::{ApiError, refusals};
use crate::http::{Api, TAG_CONNECTORS};
use crate::rollout::Rollout;

/// Shows a connector version
#[utoipa::path(get, path = "/assets/connectors/versions/{digest}", tag = TAG_CONNECTORS,
    params(Digest),
    responses(
        (status = 200, description = "The version", body = ConnectorVersion),
        refusals::Any, refusals::OfResource,
    ))]
pub async fn find_connector_version(
    admitted: Admitted,
    State(api): State<Arc<Api>>,
    Digest(digest): Digest,
) -> Result<Json<ConnectorVersion>, ApiError> {
    Rollout::authorize(admitted.caller())?;
    Ok(Json(api.rollout.find(&digest).await?.into()))
}
