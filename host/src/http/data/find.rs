//! `GET /assets/data/{resource_uri}`: one connection.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};

use super::record::{ConnectionRecord, Tagged};
use super::resource_uri::ResourceUri;
use crate::http::authentication::Admitted;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::preconditions::{Preconditions, etag};
use crate::http::{Api, TAG_DATA};

/// Finds a connection
#[utoipa::path(get, path = "/assets/data/{resource_uri}", tag = TAG_DATA,
    params(
        ("resource_uri" = String, Path, description = "One path segment; its colons may be percent-encoded"),
        ("If-None-Match" = Option<String>, Header, description = "Entity tags that the client has already"),
    ),
    responses(
        (status = 200, description = "The record", body = ConnectionRecord,
            headers(("ETag" = String, description = "The record's revision"))),
        (status = 304, description = "The client has this revision"),
        (status = "default", description = "Any error", body = ErrorBody),
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
