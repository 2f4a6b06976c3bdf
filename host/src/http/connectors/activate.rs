//! `POST /assets/connectors/versions/{digest}/activate`: makes a version the active one of its type.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::digest::Digest;
use super::record::ConnectorVersion;
use crate::http::authentication::Authenticated;
use crate::http::body::Unread;
use crate::http::error::{ApiError, refusals};
use crate::http::{Api, TAG_CONNECTORS};
use crate::rollout::{Activation, Rollout};

/// How to activate a version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivateRequest {
    /// Only tries it against the stored connections: `shadow` in the answer says what would become of them.
    dry_run: Option<bool>,
    /// Activates it although stored connections would fail with it; those stay with the version that serves them.
    hold_failing: Option<bool>,
}

/// Activates a connector version
///
/// It is tried against every stored connection of its type first. If one that works would fail with it, nothing changes
/// (409, `CONNECTOR_SHADOW_FAILED`). Else it takes over all connections at once but those that it would lead elsewhere; they
/// stay with the version that serves them until their tenant agrees. Requests that are running end with the version that
/// they began with. Activating the active version changes nothing.
#[utoipa::path(post, path = "/assets/connectors/versions/{digest}/activate", tag = TAG_CONNECTORS,
    params(Digest),
    request_body(content = ActivateRequest, example = json!({ "dry_run": true })),
    responses(
        (status = 200, description = "The version", body = ConnectorVersion),
        refusals::Any, refusals::OfResource, refusals::OfBody, refusals::OfState, refusals::OfConnector,
    ))]
pub async fn activate_connector_version(
    authenticated: Authenticated,
    State(api): State<Arc<Api>>,
    Digest(digest): Digest,
    body: Unread<ActivateRequest>,
) -> Result<Json<ConnectorVersion>, ApiError> {
    Rollout::authorize(authenticated.caller())?;
    let ActivateRequest { dry_run, hold_failing } = body.read(&api, &authenticated).await?.convert()?;
    let (dry_run, hold_failing) = (dry_run.unwrap_or(false), hold_failing.unwrap_or(false));
    let activation = Activation { dry_run, hold_failing };
    let admitted = authenticated.enter(&api).await?;
    let record = api.rollout.activate(admitted.caller().into(), &digest, activation).await?;
    Ok(Json(record.into()))
}
