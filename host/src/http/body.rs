//! Request bodies: bounded in size, values and time, charged to their organization, JSON without ambiguity, checked
//! against the published schema with every finding at once, then converted.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use http_body_util::{BodyExt as _, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

use super::Api;
use super::authentication::Authenticated;
use super::error::ApiError;
use super::places::BodyMemory;
use super::schemas::Schemas;
use crate::finding::Finding;
use crate::json;

/// The largest body, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Larger bodies are worked on away from the threads that serve, in bytes. It takes about 100 µs to parse and check this
/// much.
pub(super) const SMALL_BYTES: usize = 16 * 1024;

/// The room for a body grows by so many bytes.
const STEP_BYTES: usize = 64 * 1024;

/// What a value takes in memory beside its text: 72 bytes for a `serde_json::Value`, of which an array of one element has
/// room for four.
const VALUE_BYTES: usize = 4 * 72;

/// What the least body is charged for, so that an organization has no number of bodies under way that never come: a
/// connection of its own is held for each.
const LEAST_CHARGE: usize = 64 * 1024;

/// How long a body may take to arrive: this, and for each so many bytes of it a second more. A network that is slower than
/// that cannot be told from an attack.
const ARRIVAL: Duration = Duration::from_secs(10);
const BYTES_A_SECOND: usize = 64 * 1024;

/// A body that nobody has read yet: the caller's rights come first.
#[derive(Debug)]
pub struct Unread<T> {
    request: Request,
    kind: PhantomData<fn() -> T>,
}

/// A body that is JSON, and what its schema finds wrong with it.
#[derive(Debug)]
pub struct Body<T> {
    /// The body as it was sent, once it is known to be JSON.
    pub value: Value,
    /// What the schema of `T` finds.
    pub findings: Vec<Finding>,
    kind: PhantomData<fn() -> T>,
    /// Charged until the request has been answered; none where nobody else could miss it.
    _memory: Option<BodyMemory>,
}

impl<T> FromRequest<Arc<Api>> for Unread<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Arc<Api>) -> Result<Self, ApiError> {
        if !is_json(&media_type(request.headers())) {
            return Err(ApiError::UnsupportedMediaType("application/json"));
        }
        check_coding(request.headers())?;
        Ok(Self { request, kind: PhantomData })
    }
}

impl<T: ToSchema + DeserializeOwned + 'static> Unread<T> {
    /// Reads and checks it for this caller, who holds no place meanwhile.
    pub async fn read(self, api: &Arc<Api>, who: &Authenticated) -> Result<Body<T>, ApiError> {
        Ok(self.read_without(api, who, |_| ()).await?.0)
    }

    /// As [`read`](Self::read), of a body out of which something is taken before it is checked, and what came of that.
    pub async fn read_without<R: Send + 'static>(
        self,
        api: &Arc<Api>,
        who: &Authenticated,
        take: impl FnOnce(&mut Value) -> R + Send + 'static,
    ) -> Result<(Body<T>, R), ApiError> {
        let mut memory = api.places.memory(who, LEAST_CHARGE)?;
        let text = api.stop.bound(receive(self.request.into_body(), &mut memory)).await?;
        // The value stands beside its text until it is complete.
        memory.grow(text.len() + most_values(&text).min(api.max_body_values) * VALUE_BYTES)?;
        if text.len() <= SMALL_BYTES {
            return parse(api, &text, memory, take);
        }
        let for_parsing = Arc::clone(api);
        api.places.work(who.organization(), move || parse(&for_parsing, &text, memory, take)).await
    }
}

impl<T: ToSchema + DeserializeOwned> Body<T> {
    /// Checks a value against the published schema.
    pub fn check(schemas: &Schemas, value: Value) -> Self {
        let findings = schemas.check(&T::name(), &value);
        Self { value, findings, kind: PhantomData, _memory: None }
    }

    /// The body as its type, which takes the value away. Only for one that the schema finds nothing wrong with.
    pub fn convert(&mut self) -> Result<T, ApiError> {
        if !self.findings.is_empty() {
            return Err(ApiError::Validation(std::mem::take(&mut self.findings)));
        }
        T::deserialize(self.value.take()).map_err(|_| {
            // Serde's own words may repeat a value.
            let message = "The body does not have the form that /openapi.json describes.";
            ApiError::Validation(vec![Finding::error("invalid", "", message)])
        })
    }
}

fn parse<T: ToSchema + DeserializeOwned, R>(
    api: &Api,
    text: &[u8],
    memory: BodyMemory,
    take: impl FnOnce(&mut Value) -> R,
) -> Result<(Body<T>, R), ApiError> {
    let mut value = json::parse_bounded(text, api.max_body_values)
        .map_err(|error| ApiError::InvalidRequest(format!("The body is refused: {error}.").into()))?;
    let taken = take(&mut value);
    Ok((Body { _memory: Some(memory), ..Body::check(&api.schemas, value) }, taken))
}

/// How many values a text has at the most: before each but the first one stands one of these, outside of texts.
fn most_values(text: &[u8]) -> usize {
    1 + text.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{' | b':')).count()
}

/// Receives the whole body within its bounds, and charges it as it comes.
async fn receive(body: axum::body::Body, memory: &mut BodyMemory) -> Result<Vec<u8>, ApiError> {
    // One that announces too much is refused before it is read.
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(ApiError::PayloadTooLarge(MAX_BODY_BYTES));
    }
    let mut arrival = Arrival::begin();
    let mut body = Limited::new(body, MAX_BODY_BYTES);
    let mut text = Vec::new();
    while let Some(frame) = arrival.bound(body.frame()).await? {
        let frame = frame.map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                ApiError::PayloadTooLarge(MAX_BODY_BYTES)
            } else {
                broke_off()
            }
        })?;
        // Trailers say nothing here.
        let bytes = frame.into_data().unwrap_or_else(|_| Bytes::new());
        arrival.count(bytes.len());
        let room = text.capacity() - text.len();
        if bytes.len() > room {
            // In steps: to double it would take up to as much again for nothing.
            let step = bytes.len().max(STEP_BYTES);
            memory.grow(step)?;
            text.reserve_exact(step);
        }
        text.extend_from_slice(&bytes);
    }
    Ok(text)
}

/// What a body that did not come to its end is.
pub(super) fn broke_off() -> ApiError {
    ApiError::InvalidRequest("The body broke off.".into())
}

/// Until when a body has to arrive, which is the later the more of it is there.
#[derive(Debug)]
pub(super) struct Arrival {
    begun: Instant,
    bytes: usize,
}

impl Arrival {
    /// A body whose request is there.
    pub(super) fn begin() -> Self {
        Self { begun: Instant::now(), bytes: 0 }
    }

    /// Counts bytes that have come.
    pub(super) fn count(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Waits for the next piece no longer than it may take.
    pub(super) async fn bound<T>(&self, next: impl Future<Output = T>) -> Result<T, ApiError> {
        let end = self.begun + ARRIVAL + Duration::from_secs((self.bytes / BYTES_A_SECOND) as u64);
        timeout_at(end, next).await.map_err(|_| ApiError::RequestTimeout)
    }
}

/// The media type of a body, in lower case; parameters such as the charset change nothing (RFC 8259, section 11).
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Refuses a body that is compressed: what is small need not be, and what is large is a bomb.
pub(super) fn check_coding(headers: &HeaderMap) -> Result<(), ApiError> {
    let codings =
        headers.get_all(CONTENT_ENCODING).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let is_identity = |coding: &[u8]| {
        let coding = coding.trim_ascii();
        coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
    };
    if codings.into_iter().all(is_identity) { Ok(()) } else { Err(ApiError::UnsupportedCoding) }
}

/// `application/json` or `application/…+json`.
fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

#[cfg(test)]
mod fuzz;
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
