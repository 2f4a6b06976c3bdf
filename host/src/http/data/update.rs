//! `PUT /assets/data/{resource_uri}`: changes a connection.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::candidate::{self, Configuration, Credential, SentCredentials};
use super::create::Tag;
use super::read_only;
use super::record::{ConnectionRecord, Tagged};
use super::resource_uri::ResourceUri;
use crate::connections::{Candidate, Change, Connection};
use crate::finding::Finding;
use crate::http::authentication::Authenticated;
use crate::http::body::Unread;
use crate::http::error::{ApiError, refusals};
use crate::http::preconditions::{EntityTag, Preconditions};
use crate::http::{Api, TAG_DATA};
use crate::secrets::Secret;

/// A change: a member that is absent or null keeps its value. A whole record may be sent back, changed: of its other members,
/// those that are as they were say nothing, and a changed one is 422 `read_only_member`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRequest {
    /// For people. The resource URI stays.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$")]
    name: Option<String>,
    /// For people.
    #[schema(max_length = 1000, pattern = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$")]
    description: Option<String>,
    /// For filters; replaced whole.
    #[schema(value_type = Option<Vec<Tag>>, max_items = 50)]
    tags: Option<Vec<String>>,
    /// Cannot change; must be the connection's when sent.
    #[schema(min_length = 1, max_length = 64)]
    connection_type: Option<String>,
    /// Replaced whole.
    #[schema(value_type = Option<Configuration>)]
    database_config: Option<Map<String, Value>>,
    /// Replaced whole.
    #[schema(value_type = Option<Configuration>)]
    storage_config: Option<Map<String, Value>>,
    /// Replaced whole.
    #[schema(value_type = Option<Configuration>)]
    filesystem_config: Option<Map<String, Value>>,
    /// Per credential: absent keeps, a value sets, null clears.
    #[schema(value_type = Option<SentCredentials>)]
    credentials: Option<BTreeMap<String, Option<Credential>>>,
}

impl TryFrom<UpdateRequest> for Change {
    type Error = Vec<Finding>;

    fn try_from(request: UpdateRequest) -> Result<Self, Vec<Finding>> {
        let configs = [request.database_config, request.storage_config, request.filesystem_config];
        Ok(Self {
            name: request.name,
            description: request.description,
            tags: request.tags,
            connection_type: request.connection_type,
            config: candidate::at_most_one_config(configs)?,
            credentials: request
                .credentials
                .into_iter()
                .flatten()
                .map(|(name, value)| (name, value.map(Into::into)))
                .collect(),
        })
    }
}

/// What can be tried of a body that its schema rejects: the stored credentials that it keeps stand for themselves.
fn usable(body: &Value, connection: &Connection) -> Option<Candidate> {
    let mut candidate = candidate::usable_with_type(body, &connection.connection_type)?;
    for (name, set) in &connection.credentials_set {
        let sent = body.get("credentials").is_some_and(|credentials| credentials.get(name).is_some());
        if *set && !sent {
            candidate.credentials.set(name.clone(), Secret::new("?"));
        }
    }
    Some(candidate)
}

/// Changes a connection
///
/// A member that is absent or null keeps its value, and the configuration is replaced whole. A change of where a stored credential
/// would be sent needs that credential again: else 422 `CREDENTIALS_REQUIRED` names it.
#[utoipa::path(put, path = "/assets/data/{resource_uri}", tag = TAG_DATA,
    request_body(content = UpdateRequest, example = json!({ "description": "Orders and customers", "tags": ["shop"] })),
    params(ResourceUri, Preconditions),
    responses(
        (status = 200, description = "The record", body = ConnectionRecord,
            headers(("ETag" = inline(EntityTag), description = "The record's revision"))),
        refusals::Any, refusals::OfResource, refusals::OfBody, refusals::OfCondition, refusals::OfState, refusals::OfConnector,
    ))]
pub async fn update_connection(
    authenticated: Authenticated,
    State(api): State<Arc<Api>>,
    ResourceUri(resource_uri): ResourceUri,
    preconditions: Preconditions,
    body: Unread<UpdateRequest>,
) -> Result<Tagged, ApiError> {
    let admitted = authenticated.enter(&api).await?;
    let connection = api.connections.find_to_change(admitted.request(), &resource_uri).await?;
    let authenticated = admitted.leave();
    let record = serde_json::to_value(ConnectionRecord::from(connection.clone()));
    let record = record.map_err(|error| ApiError::internal(&error))?;
    let take = move |change: &mut Value| read_only::take(change, &record);
    let (mut body, read_only) = body.read_without(&api, &authenticated, take).await?;
    let admitted = authenticated.enter(&api).await?;
    if body.findings.is_empty() && !read_only.is_empty() {
        // Whoever has not seen the last change is told so, and not what that has changed.
        preconditions.check(&connection)?;
    }
    body.findings.extend(read_only);
    if !body.findings.is_empty() {
        let findings = candidate::merge(body.findings, candidate::config_findings(&body.value, false));
        return Err(api.reject(&admitted, findings, usable(&body.value, &connection)).await);
    }
    let change = body.convert()?.try_into().map_err(ApiError::Validation)?;
    let revision = preconditions.check(&connection)?;
    let changed = api.connections.change(admitted.request(), &resource_uri, revision, change).await?;
    Ok(changed.into())
}
