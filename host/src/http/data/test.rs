//! `POST /assets/data/{resource_uri}/test`: tests a connection with its stored credentials.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::report::TestResult;
use super::resource_uri::ResourceUri;
use crate::http::authentication::Authenticated;
use crate::http::error::{ApiError, refusals};
use crate::http::{Api, TAG_DATA};

/// Tests a connection
///
/// As verify, with the stored credentials; the outcome becomes the connection's status. Takes no body.
#[utoipa::path(post, path = "/assets/data/{resource_uri}/test", tag = TAG_DATA,
    params(ResourceUri),
    responses(
        (status = 200, description = "Whether the connection works", body = TestResult),
        refusals::Any, refusals::OfResource, refusals::OfState, refusals::OfConnector,
    ))]
pub async fn test_connection(
    authenticated: Authenticated,
    State(api): State<Arc<Api>>,
    ResourceUri(resource_uri): ResourceUri,
) -> Result<Json<TestResult>, ApiError> {
    let admitted = authenticated.enter_test(&api)?;
    let report = api.sessions.test(admitted.request(), &resource_uri).await?;
    Ok(Json(report.into()))
}
