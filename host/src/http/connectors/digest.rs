//! The `{digest}` of a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::digest::is_digest;
use crate::http::error::ApiError;

/// A well-formed digest as the client sent it.
#[derive(Debug)]
pub struct Digest(pub String);

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
