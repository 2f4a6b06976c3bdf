//! `POST /assets/connectors/versions`: uploads a component.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderName};
use futures_util::StreamExt as _;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType};
use utoipa::{PartialSchema, ToSchema};

use super::record::ConnectorVersion;
use crate::http::authentication::Authenticated;
use crate::http::body::{Arrival, broke_off, check_coding, media_type};
use crate::http::error::{ApiError, refusals};
use crate::http::openapi::Location;
use crate::http::{Api, TAG_STREAMS};
use crate::rollout::{Incoming, Rollout};

/// The schema of a component's bytes.
#[derive(Debug)]
pub enum Component {}

impl PartialSchema for Component {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(SchemaType::AnyValue).content_media_type("application/wasm").into()
    }
}

impl ToSchema for Component {}

/// Uploads a connector version
///
/// The body is the component. It is admitted and compiled, tried against the stored connections, and waits in the state
/// `SHADOW`; nothing is served by it yet. One that is refused is 422 with every reason. Uploading the same bytes again changes
/// nothing.
#[utoipa::path(post, path = "/assets/connectors/versions", tag = TAG_STREAMS,
    request_body(content = inline(Component), content_type = "application/wasm", description = "The component"),
    responses(
        (status = 201, description = "The version", body = ConnectorVersion,
            headers(("Location" = inline(Location), description = "The path of the version"))),
        refusals::Any, refusals::OfBody, refusals::OfConnector,
    ))]
pub async fn upload_connector_version(
    authenticated: Authenticated,
    State(api): State<Arc<Api>>,
    request: Request,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<ConnectorVersion>), ApiError> {
    Rollout::authorize(authenticated.caller())?;
    if media_type(request.headers()) != "application/wasm" {
        return Err(ApiError::UnsupportedMediaType("application/wasm"));
    }
    check_coding(request.headers())?;
    let mut incoming = api.rollout.receive().await?;
    let received = receive(request, &mut incoming, api.rollout.max_component_bytes());
    api.stop.bound(received).await?;
    let admitted = authenticated.enter(&api).await?;
    let record = api.rollout.upload(admitted.caller().into(), incoming).await?;
    let location = format!("/assets/connectors/versions/{}", record.digest);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(record.into())))
}

/// Writes the body to disk as it comes.
async fn receive(request: Request, incoming: &mut Incoming, most: u64) -> Result<(), ApiError> {
    let body = request.into_body();
    // One that announces too much is refused before it is read.
    if axum::body::HttpBody::size_hint(&body).lower() > most {
        return Err(ApiError::PayloadTooLarge(usize::try_from(most).unwrap_or(usize::MAX)));
    }
    let mut arrival = Arrival::begin();
    let mut stream = body.into_data_stream();
    while let Some(bytes) = arrival.bound(stream.next()).await? {
        let bytes = bytes.map_err(|_| broke_off())?;
        arrival.count(bytes.len());
        incoming.write(&bytes).await?;
    }
    Ok(())
}
