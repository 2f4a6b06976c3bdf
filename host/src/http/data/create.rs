//! `POST /assets/data`: registers a connection.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, LOCATION};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::candidate::{self, Configuration, Credential, SentCredentials};
use super::record::{ConnectionRecord, Tagged};
use crate::auth::Permission;
use crate::connections::{Candidate, Idempotency, NewConnection};
use crate::finding::Finding;
use crate::http::authentication::{Admitted, Authenticated};
use crate::http::body::Unread;
use crate::http::error::{ApiError, refusals};
use crate::http::openapi::Location;
use crate::http::preconditions::{EntityTag, IdempotencyKey};
use crate::http::{Api, TAG_DATA};

/// A connection to register. Exactly one of `database_config`, `storage_config` and `filesystem_config` is required: the
/// one that the connection type names as its `config_member`. A member that is null is as one that is not there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRequest {
    /// For people; the resource URI is made from it.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$", example = "Orders")]
    name: String,
    /// For people; the only control characters are tabs and line ends.
    #[schema(max_length = 1000, pattern = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$")]
    description: Option<String>,
    /// For filters.
    #[schema(max_items = 50, value_type = Option<Vec<Tag>>)]
    tags: Option<Vec<String>>,
    /// The connection's name for ever, instead of one made from `name`: `data:<organization>:<project>:<slug>`.
    #[schema(min_length = 1, max_length = 1024)]
    resource_uri: Option<String>,
    /// One of `GET /assets/data/types`.
    #[schema(min_length = 1, max_length = 64, example = "postgres")]
    connection_type: String,
    /// By the connection type's `config_schema`.
    #[schema(value_type = Option<Configuration>)]
    database_config: Option<Map<String, Value>>,
    /// By the connection type's `config_schema`.
    #[schema(value_type = Option<Configuration>)]
    storage_config: Option<Map<String, Value>>,
    /// By the connection type's `config_schema`.
    #[schema(value_type = Option<Configuration>)]
    filesystem_config: Option<Map<String, Value>>,
    /// By the `credential_schema` of the authentication method.
    #[schema(value_type = Option<SentCredentials>)]
    credentials: Option<BTreeMap<String, Option<Credential>>>,
}

/// A word for filters, without a comma.
#[derive(Debug, ToSchema)]
#[schema(min_length = 1, max_length = 64, pattern = r"^[^,\u0000-\u001f\u007f-\u009f]*$")]
#[expect(dead_code, reason = "the schema of an element of `tags`")]
pub struct Tag(String);

impl TryFrom<CreateRequest> for NewConnection {
    type Error = Vec<Finding>;

    fn try_from(request: CreateRequest) -> Result<Self, Vec<Finding>> {
        let configs = [request.database_config, request.storage_config, request.filesystem_config];
        let (config_member, config) = candidate::one_config(configs)?;
        let credentials = candidate::credentials(request.credentials);
        Ok(Self {
            candidate: Candidate { connection_type: request.connection_type, config_member, config, credentials },
            name: request.name,
            description: request.description.unwrap_or_default(),
            tags: request.tags.unwrap_or_default(),
            resource_uri: request.resource_uri,
            idempotency: None,
        })
    }
}

/// Registers a connection
///
/// It is not tested: its status is `PENDING` until the first test. With the header `Idempotency-Key` (1 to 255 visible
/// ASCII characters) a repetition within 24 hours gives the same connection instead of a second one.
#[utoipa::path(post, path = "/assets/data", tag = TAG_DATA, params(IdempotencyKey),
    request_body(content = CreateRequest, example = json!({
        "name": "Orders",
        "description": "The orders of the shop",
        "tags": ["shop"],
        "connection_type": "postgres",
        "database_config": {
            "host": "db.example.com", "port": 5432, "database": "shop", "db_schema": "sales", "ssl_mode": "verify-full",
        },
        "credentials": { "username": "reader", "password": "not-this-one" },
    })),
    responses(
        (status = 201, description = "The record", body = ConnectionRecord, headers(
            ("Location" = inline(Location), description = "The record's path"),
            ("ETag" = inline(EntityTag), description = "The record's revision"),
        )),
        refusals::Any, refusals::OfBody, refusals::OfState, refusals::OfConnector,
    ))]
pub async fn create_connection(
    authenticated: Authenticated,
    State(api): State<Arc<Api>>,
    OriginalUri(collection): OriginalUri,
    IdempotencyKey(key): IdempotencyKey,
    body: Unread<CreateRequest>,
) -> Result<Response, ApiError> {
    authenticated.authorize(Permission::Create)?;
    let mut body = body.read(&api, &authenticated).await?;
    let admitted = authenticated.enter(&api).await?;
    if !body.findings.is_empty() {
        let more = name_findings(&api, &admitted, &body.value);
        let more = more.into_iter().chain(candidate::config_findings(&body.value, true)).collect();
        let findings = candidate::merge(body.findings, more);
        return Err(api.reject(&admitted, findings, candidate::usable(&body.value)).await);
    }
    let idempotency = key.map(|key| Idempotency { key, digest: digest_of(&body.value) });
    let mut new = NewConnection::try_from(body.convert()?).map_err(ApiError::Validation)?;
    new.idempotency = idempotency;
    let registered = api.connections.register(admitted.request(), new).await?;
    let location = HeaderValue::from_str(&location(collection.path(), &registered.0.resource_uri))
        .map_err(|error| ApiError::internal(&error))?;
    Ok((StatusCode::CREATED, [(LOCATION, location)], Tagged::from(registered)).into_response())
}

/// What is wrong with the names in a body that its schema rejects, as far as their texts are there.
fn name_findings(api: &Api, admitted: &Admitted, body: &Value) -> Vec<Finding> {
    let text = |member: &str| body.get(member).and_then(Value::as_str);
    let (name, resource_uri) = (text("name"), text("resource_uri"));
    let tags = body.get("tags").and_then(Value::as_array).into_iter().flatten();
    // Each stays in its place.
    let tags: Vec<_> = tags.map(|tag| tag.as_str().unwrap_or_default().to_owned()).collect();
    let mut findings = api.connections.check_names(admitted.request(), name, &tags);
    if name.or(resource_uri).is_some() {
        let name = name.unwrap_or_default();
        findings.extend(api.connections.check_resource_uri(admitted.request(), name, resource_uri));
    }
    findings
}

/// SHA-256 of the body, whatever the order of its members and its white space were.
fn digest_of(body: &Value) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    add_sorted(&mut context, body);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

/// Adds a value's text with the members of objects in order. The body is not copied for it, since it may be large.
fn add_sorted(context: &mut digest::Context, value: &Value) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            context.update(b"{");
            for (index, (name, value)) in members.into_iter().enumerate() {
                context.update(if index > 0 { b"," } else { b"" });
                context.update(Value::from(name.as_str()).to_string().as_bytes());
                context.update(b":");
                add_sorted(context, value);
            }
            context.update(b"}");
        }
        Value::Array(elements) => {
            context.update(b"[");
            for (index, element) in elements.iter().enumerate() {
                context.update(if index > 0 { b"," } else { b"" });
                add_sorted(context, element);
            }
            context.update(b"]");
        }
        scalar => context.update(scalar.to_string().as_bytes()),
    }
}

/// The record's path below the collection's, which may stand behind a gateway's prefix; the resource URI is one segment
/// (RFC 3986, section 3.3).
fn location(collection: &str, resource_uri: &str) -> String {
    use std::fmt::Write as _;
    resource_uri.bytes().fold(format!("{}/", collection.trim_end_matches('/')), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_of_what_the_body_says() {
        let of = |text: &str| digest_of(&crate::json::parse(text.as_bytes()).unwrap());
        let body = of(r#"{"name":"a","tags":["x","y"],"c":{"p":1,"q":2}}"#);
        assert_eq!(of(r#"{ "c": {"q": 2, "p": 1}, "tags": ["x", "y"], "name": "\u0061" }"#), body);
        assert_ne!(of(r#"{"name":"a","tags":["y","x"],"c":{"p":1,"q":2}}"#), body);
        assert_ne!(of(r#"{"name":"b","tags":["x","y"],"c":{"p":1,"q":2}}"#), body);
        let mut sorted = crate::json::parse(br#"{"b":[1,{"z":"\u00e9\"","y":null}],"a":{},"c":[]}"#).unwrap();
        let ours = digest_of(&sorted);
        sorted.sort_all_objects();
        let of_text = digest::digest(&digest::SHA256, sorted.to_string().as_bytes());
        assert_eq!(ours, of_text.as_ref(), "of the text that it would be written as");
    }

    #[test]
    fn a_location_is_one_segment() {
        assert_eq!(location("/assets/data", "data:acme:sales:orders"), "/assets/data/data:acme:sales:orders");
        assert_eq!(
            location("/api/assets/data", "data:acme:süd ost:a?#"),
            "/api/assets/data/data:acme:s%C3%BCd%20ost:a%3F%23"
        );
    }
}
