//! `DELETE /assets/data/{resource_uri}`: deletes a connection and its credentials.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::resource_uri::ResourceUri;
use crate::http::authentication::Admitted;
use crate::http::error::{ApiError, refusals};
use crate::http::preconditions::Preconditions;
use crate::http::{Api, TAG_DATA};

/// Deletes a connection
///
/// Its credentials go with it.
#[utoipa::path(delete, path = "/assets/data/{resource_uri}", tag = TAG_DATA,
    params(ResourceUri, Preconditions),
    responses(
        (status = 204, description = "It is gone"),
        refusals::Any, refusals::OfResource, refusals::OfCondition,
    ))]
pub async fn delete_connection(
    admitted: Admitted,
    State(api): State<Arc<Api>>,
    ResourceUri(resource_uri): ResourceUri,
    preconditions: Preconditions,
) -> Result<StatusCode, ApiError> {
    let revision = api.revision(&admitted, &resource_uri, &preconditions).await?;
    api.connections.delete(admitted.request(), &resource_uri, revision).await?;
    Ok(StatusCode::NO_CONTENT)
}
