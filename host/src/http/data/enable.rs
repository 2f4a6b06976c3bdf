//! `POST /assets/data/{resource_uri}/enable`: allows the use of a connection again.

use std::sync::Arc;

use axum::extract::State;

use super::record::{ConnectionRecord, Tagged};
use super::resource_uri::ResourceUri;
use crate::http::authentication::Admitted;
use crate::http::error::{ApiError, refusals};
use crate::http::preconditions::{EntityTag, Preconditions};
use crate::http::{Api, TAG_DATA};

/// Enables a connection
///
/// Lifts what disable did. Needs the permission operate.
#[utoipa::path(post, path = "/assets/data/{resource_uri}/enable", tag = TAG_DATA,
    params(ResourceUri, Preconditions),
    responses(
        (status = 200, description = "The record", body = ConnectionRecord,
            headers(("ETag" = inline(EntityTag), description = "The record's revision"))),
        refusals::Any, refusals::OfResource, refusals::OfCondition,
    ))]
pub async fn enable_connection(
    admitted: Admitted,
    State(api): State<Arc<Api>>,
    ResourceUri(resource_uri): ResourceUri,
    preconditions: Preconditions,
) -> Result<Tagged, ApiError> {
    let revision = api.revision(&admitted, &resource_uri, &preconditions).await?;
    let connection = api.connections.set_disabled(admitted.request(), &resource_uri, revision, false).await?;
    Ok(connection.into())
}
