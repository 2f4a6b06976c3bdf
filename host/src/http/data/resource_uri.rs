//! The `{resource_uri}` of a path: one segment, percent-decoded once and compared whole.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::http::error::ApiError;
use crate::http::openapi::parameter;

/// A resource URI as the client sent it.
#[derive(Debug)]
pub struct ResourceUri(pub String);

impl IntoParams for ResourceUri {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(1024));
        let text = text.examples(["data:acme:sales:orders"]);
        let description = "One path segment; its colons may be percent-encoded";
        vec![parameter(ParameterIn::Path, "resource_uri", Required::True, description, text)]
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ResourceUri {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(resource_uri)) => Ok(Self(resource_uri)),
            Err(_) => {
                Err(ApiError::InvalidRequest("The resource URI in the path is not percent-encoded UTF-8.".into()))
            }
        }
    }
}
