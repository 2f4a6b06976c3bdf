//! `POST /assets/data/{resource_uri}/disable`: forbids the use of a connection.

use std::sync::Arc;

use axum::extract::State;

use super::record::{ConnectionRecord, Tagged};
use super::resource_uri::ResourceUri;
use crate::http::authentication::Admitted;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::preconditions::Preconditions;
use crate::http::{Api, TAG_DATA};

/// Disables a connection
///
/// It can be read and deleted, not used. Needs the permission operate.
#[utoipa::path(post, path = "/assets/data/{resource_uri}/disable", tag = TAG_DATA,
    params(
        ("resource_uri" = String, Path, description = "One path segment; its colons may be percent-encoded"),
        ("If-Match" = Option<String>, Header, description = "Entity tags of which the record must have one"),
    ),
    responses(
        (status = 200, description = "The record", body = ConnectionRecord,
            headers(("ETag" = String, description = "The record's revision"))),
        (status = "default", description = "Any error", body = ErrorBody),
    ))]
pub async fn disable_connection(
    admitted: Admitted,
    State(api): State<Arc<Api>>,
    ResourceUri(resource_uri): ResourceUri,
    preconditions: Preconditions,
) -> Result<Tagged, ApiError> {
    let revision = api.revision(&admitted, &resource_uri, &preconditions).await?;
    let connection = api.connections.set_disabled(admitted.request(), &resource_uri, revision, true).await?;
    Ok(connection.into())
}
