//! `POST /assets/data/{resource_uri}/upgrade`: agrees to a connector version.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::record::{ConnectionRecord, Tagged};
use super::resource_uri::ResourceUri;
use crate::http::authentication::Authenticated;
use crate::http::body::Unread;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::preconditions::Preconditions;
use crate::http::{Api, TAG_DATA};

/// What is agreed to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpgradeRequest {
    /// The digest in the record's `connector_upgrade`: one agrees to what one has seen.
    #[schema(min_length = 1, max_length = 71)]
    digest: String,
}

/// Agrees to a connector version
///
/// For a connection whose `connector_upgrade` is not null: the new version takes it over with its credentials, to where
/// `connector_upgrade.differences` says. It is `PENDING` afterwards. Needs the permission create.
#[utoipa::path(post, path = "/assets/data/{resource_uri}/upgrade", tag = TAG_DATA,
    params(
        ("resource_uri" = String, Path, description = "One path segment; its colons may be percent-encoded"),
        ("If-Match" = Option<String>, Header, description = "Entity tags of which the record must have one"),
    ),
    request_body = UpgradeRequest,
    responses(
        (status = 200, description = "The record", body = ConnectionRecord,
            headers(("ETag" = String, description = "The record's revision"))),
        (status = "default", description = "Any error", body = ErrorBody),
    ))]
pub async fn upgrade_connection(
    authenticated: Authenticated,
    State(api): State<Arc<Api>>,
    ResourceUri(resource_uri): ResourceUri,
    preconditions: Preconditions,
    body: Unread<UpgradeRequest>,
) -> Result<Tagged, ApiError> {
    let admitted = authenticated.enter(&api).await?;
    let connection = api.connections.find_to_change(admitted.request(), &resource_uri).await?;
    let authenticated = admitted.leave();
    let request = body.read(&api, &authenticated).await?.convert()?;
    let admitted = authenticated.enter(&api).await?;
    let revision = preconditions.check(&connection)?;
    let connection = api.connections.upgrade(admitted.request(), &resource_uri, revision, &request.digest).await?;
    Ok(connection.into())
}
