//! `POST /assets/connectors/versions/{digest}/rollback`: puts an active version back.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::digest::Digest;
use super::record::ConnectorVersion;
use crate::connectors::admission::Reason;
use crate::http::authentication::Admitted;
use crate::http::error::{ApiError, refusals};
use crate::http::{Api, TAG_CONNECTORS};
use crate::rollout::Rollout;

/// Rolls a connector version back
///
/// The version that was active before it is active again, and connections that nobody has changed since are as they were.
/// One that the earlier version does not accept stays. Takes no body.
#[utoipa::path(post, path = "/assets/connectors/versions/{digest}/rollback", tag = TAG_CONNECTORS,
    params(Digest),
    responses(
        (status = 200, description = "The version that was rolled back", body = ConnectorVersion),
        refusals::Any, refusals::OfResource, refusals::OfState, refusals::OfConnector,
    ))]
pub async fn roll_back_connector_version(
    admitted: Admitted,
    State(api): State<Arc<Api>>,
    Digest(digest): Digest,
) -> Result<Json<ConnectorVersion>, ApiError> {
    Rollout::authorize(admitted.caller())?;
    let message = format!("{} rolled it back", admitted.caller().principal);
    let reason = Reason::new("rolled_back", message, "Activate it to have it serve again.");
    Ok(Json(api.rollout.roll_back(admitted.caller().into(), &digest, reason).await?.into()))
}
