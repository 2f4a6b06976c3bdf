//! `GET /assets/data/{resource_uri}`: one connection.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};

use super::record::{ConnectionRecord, Tagged};
use super::resource_uri::ResourceUri;
use crate::http::authentication::Admitted;
use crate::http::error::{ApiError, refusals};
use crate::http::preconditions::{EntityTag, Preconditions, etag};
use crate::http::{Api, TAG_DATA};

/// Finds a connection
#[utoipa::path(get, path = "/assets/data/{resource_uri}", tag = TAG_DATA,
    params(ResourceUri, Preconditions),
    responses(
        (status = 200, description = "The record", body = ConnectionRecord,
            headers(("ETag" = inline(EntityTag), description = "The record's revision"))),
        (status = 304, description = "The client has this revision",
            headers(("ETag" = inline(EntityTag), description = "The record's revision"))),
        refusals::Any, refusals::OfResource, refusals::OfCondition,
    ))]
pub async fn find_connection(
    admitted: Admitted,
    State(api): State<Arc<Api>>,
    ResourceUri(resource_uri): ResourceUri,
    preconditions: Preconditions,
) -> Result<Response, ApiError> {
    let connection = api.connections.find(admitted.request(), &resource_uri).await?;
    if preconditions.has(&connection)? {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag(&connection))]).into_response());
    }
    Ok(Tagged::from(connection).into_response())
}
