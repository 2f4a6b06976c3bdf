//! `POST /assets/data/{resource_uri}/upgrade`: agrees to a connector version.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::record::{ConnectionRecord, Tagged};
use super::resource_uri::ResourceUri;
use crate::http::authentication::Authenticated;
use crate::http::body::Unread;
use crate::http::connectors::digest::Digest;
use crate::http::error::{ApiError, refusals};
use crate::http::preconditions::{EntityTag, Preconditions};
use crate::http::{Api, TAG_DATA};

/// What is agreed to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpgradeRequest {
    /// The digest in the record's `connector_upgrade`: one agrees to what one has seen.
    #[schema(value_type = Digest)]
    digest: String,
}

/// Agrees to a connector version
///
/// For a connection whose `connector_upgrade` is not null: the new version takes it over with its credentials, to where
/// `connector_upgrade.differences` says. It is `PENDING` afterwards. Needs the permission create.
#[utoipa::path(post, path = "/assets/data/{resource_uri}/upgrade", tag = TAG_DATA,
    params(ResourceUri, Preconditions),
    request_body(content = UpgradeRequest, example = json!({
        "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    })),
    responses(
        (status = 200, description = "The record", body = ConnectionRecord,
            headers(("ETag" = inline(EntityTag), description = "The record's revision"))),
        refusals::Any, refusals::OfResource, refusals::OfBody, refusals::OfCondition, refusals::OfState, refusals::OfConnector,
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
