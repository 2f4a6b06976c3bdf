//! Digests of connector versions: their schema, and the `{digest}` of a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::digest::is_digest;
use crate::http::error::ApiError;
use crate::http::openapi::parameter;

/// A well-formed digest as the client sent it.
#[derive(Debug)]
pub struct Digest(pub String);

impl PartialSchema for Digest {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("SHA-256 of a component's bytes, which names the connector version."))
            .pattern(Some("^sha256:[0-9a-f]{64}$"))
            .examples(["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
            .into()
    }
}

impl ToSchema for Digest {}

impl IntoParams for Digest {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "The digest of the connector version";
        vec![parameter(ParameterIn::Path, "digest", Required::True, description, Self::schema())]
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Digest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let digest = Path::<String>::from_request_parts(parts, state).await.map(|Path(digest)| digest);
        digest.ok().filter(|digest| is_digest(digest)).map(Self).ok_or_else(|| {
            let message = "The digest in the path is not sha256: and 64 hex digits in lower case.";
            ApiError::InvalidRequest(message.into())
        })
    }
}
