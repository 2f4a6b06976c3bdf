//! `DELETE /assets/connectors/versions/{digest}`: deletes a connector version.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::digest::Digest;
use crate::http::authentication::Admitted;
use crate::http::error::{ApiError, refusals};
use crate::http::{Api, TAG_CONNECTORS};
use crate::rollout::Rollout;

/// Deletes a connector version
///
/// With its bytes. One that is active or serves connections stays.
#[utoipa::path(delete, path = "/assets/connectors/versions/{digest}", tag = TAG_CONNECTORS,
    params(Digest),
    responses(
        (status = 204, description = "It is gone"),
        refusals::Any, refusals::OfResource, refusals::OfState,
    ))]
pub async fn delete_connector_version(
    admitted: Admitted,
    State(api): State<Arc<Api>>,
    Digest(digest): Digest,
) -> Result<StatusCode, ApiError> {
    Rollout::authorize(admitted.caller())?;
    api.rollout.delete(admitted.caller().into(), &digest).await?;
    Ok(StatusCode::NO_CONTENT)
}
