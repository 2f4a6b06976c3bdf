//! The `{resource_uri}` of a path: one segment, percent-decoded once and compared whole.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::http::error::ApiError;

/// A resource URI as the client sent it.
#[derive(Debug)]
pub struct ResourceUri(pub String);

impl<S: Send + Sync> FromRequestParts<S> for ResourceUri {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(resource_uri)) => Ok(Self(resource_uri)),
            Err(_) => Err(ApiError::InvalidRequest("The resource URI in the path is not percent-encoded UTF-8.".into())),
        }
    }
}
