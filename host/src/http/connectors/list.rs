//! `GET /assets/connectors/versions`: every connector version.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::record::ConnectorVersion;
use crate::http::authentication::Admitted;
use crate::http::error::{ApiError, refusals};
use crate::http::{Api, TAG_CONNECTORS};
use crate::rollout::Rollout;

/// The connector versions.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectorVersions {
    /// The newest first.
    data: Vec<ConnectorVersion>,
}

/// Lists the connector versions
///
/// Of every type: the active one, those that wait, and those that were active or refused. Of the ones that serve nothing,
/// ten of each type are kept.
#[utoipa::path(get, path = "/assets/connectors/versions", tag = TAG_CONNECTORS, responses(
    (status = 200, description = "The versions", body = ConnectorVersions),
    refusals::Any,
))]
pub async fn list_connector_versions(
    admitted: Admitted,
    State(api): State<Arc<Api>>,
) -> Result<Json<ConnectorVersions>, ApiError> {
    Rollout::authorize(admitted.caller())?;
    let data = api.rollout.list().await?.into_iter().map(Into::into).collect();
    Ok(Json(ConnectorVersions { data }))
}
