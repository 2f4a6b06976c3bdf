//! The one extractor of request bodies: bounded in size and time, JSON without ambiguity, checked against the published
//! schema with every finding at once, then converted.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::Api;
use super::error::ApiError;
use super::schemas::Schemas;
use crate::connectors::contract::Finding;
use crate::json;

/// The largest body, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A body that is JSON, and what its schema finds wrong with it.
#[derive(Debug)]
pub struct Body<T> {
    /// What was sent.
    pub value: Value,
    /// What the schema of `T` finds.
    pub findings: Vec<Finding>,
    kind: PhantomData<fn() -> T>,
}

impl<T: ToSchema + DeserializeOwned> Body<T> {
    /// Checks a value against the published schema.
    pub fn check(schemas: &Schemas, value: Value) -> Self {
        let findings = schemas.check(&T::name(), &value);
        Self { value, findings, kind: PhantomData }
    }

    /// The body as its type. Only for one that the schema finds nothing wrong with.
    pub fn convert(&self) -> Result<T, ApiError> {
        if !self.findings.is_empty() {
            return Err(ApiError::Validation(self.findings.clone()));
        }
        T::deserialize(&self.value).map_err(|_| {
            // Serde's own words may repeat a value.
            let message = "The body does not have the form that /openapi.json describes.";
            ApiError::Validation(vec![Finding::error("invalid", "", message)])
        })
    }
}

impl<T: ToSchema + DeserializeOwned> FromRequest<Arc<Api>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, ApiError> {
        if !is_json(&media_type(request.headers())) {
            return Err(ApiError::UnsupportedMediaType("JSON, with the header Content-Type: application/json"));
        }
        let text = read(request).await?;
        let value = json::parse(&text)
            .map_err(|error| ApiError::InvalidRequest(format!("The body is refused: {error}.").into()))?;
        Ok(Self::check(&api.schemas, value))
    }
}

/// Reads the whole body within its bounds.
async fn read(request: Request) -> Result<axum::body::Bytes, ApiError> {
    let body = request.into_body();
    // One that announces too much is refused before it is read.
    if axum::body::HttpBody::size_hint(&body).lower() > MAX_BODY_BYTES as u64 {
        return Err(ApiError::PayloadTooLarge(MAX_BODY_BYTES));
    }
    match tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, MAX_BODY_BYTES)).await {
        Err(_) => Err(ApiError::RequestTimeout),
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_length_limit(&error) => Err(ApiError::PayloadTooLarge(MAX_BODY_BYTES)),
        Ok(Err(_)) => Err(ApiError::InvalidRequest("The body broke off.".into())),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = inner.source();
    }
    false
}

/// The media type of a body, in lower case; parameters such as the charset change nothing (RFC 8259, section 11).
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// `application/json` or `application/…+json`.
fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_media_types_are_read() {
        for (content_type, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/json", false),
            ("application/jsonp", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
            assert_eq!(is_json(&media_type(&headers)), json, "{content_type}");
        }
    }
}
