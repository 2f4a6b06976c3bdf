//! What ties an answer to its request: the request id and the trace id, in the answer's headers, in the body of every
//! error and on each log line; and the one access line.

use std::time::Instant;

use axum::Json;
use axum::extract::{MatchedPath, Request};
use axum::http::header::HeaderMap;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use super::error::{ApiError, ErrorFacts};
use crate::random;

/// The header that carries the request id.
static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Runs a request under new ids. The outermost layer: whatever comes from inside leaves with a documented body.
pub(super) async fn correlate(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = format!("req-{}", random::id());
    let trace_id = trace_id(request.headers()).unwrap_or_else(|| random::id().simple().to_string());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let span = tracing::error_span!(
        "request",
        request_id,
        trace_id,
        client_request_id = request.headers().get(&X_REQUEST_ID).and_then(|value| value.to_str().ok()),
        // Filled in once the caller is known.
        principal = tracing::field::Empty,
        organization = tracing::field::Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    let mut response = with_documented_body(response, &request_id, &trace_id);
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(X_REQUEST_ID.clone(), value);
    }
    span.in_scope(|| {
        let duration_ms = (started.elapsed().as_secs_f64() * 1e6).round() / 1e3;
        tracing::info!(%method, route, status = response.status().as_u16(), duration_ms, "request");
    });
    response
}

/// Gives every error its body: those of our handlers, and those that axum or hyper answered without one.
fn with_documented_body(mut response: Response, request_id: &str, trace_id: &str) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let facts = response.extensions_mut().remove::<ErrorFacts>().or_else(|| {
        let error = match status {
            StatusCode::NOT_FOUND => ApiError::NoSuchPath,
            StatusCode::METHOD_NOT_ALLOWED => ApiError::MethodNotAllowed,
            // An error that already has its own body.
            _ => return None,
        };
        error.into_response().extensions_mut().remove()
    });
    let Some(facts) = facts else { return response };
    let mut answer = (status, Json(facts.body(request_id, trace_id))).into_response();
    for (name, value) in response.headers() {
        if !answer.headers().contains_key(name) && name != "content-length" {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}

/// The trace id of a well-formed `traceparent` (W3C Trace Context, section 3.2).
fn trace_id(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all("traceparent").iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let parts: Vec<&str> = value.to_str().ok()?.split('-').collect();
    let hex =
        |part: &str, length| part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    match parts.as_slice() {
        [version, trace, parent, flags, later @ ..]
            if hex(version, 2)
                && *version != "ff"
                && hex(trace, 32)
                && !zero(trace)
                && hex(parent, 16)
                && !zero(parent)
                && hex(flags, 2)
                && (later.is_empty() || *version != "00") =>
        {
            Some((*trace).to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_trace_id_of_a_well_formed_traceparent_only() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{trace}-00f067aa0ba902b7-01");
        for (value, taken) in [
            (good.clone(), true),
            (good.replacen("00-", "cc-", 1), true),
            (good.replacen("00-", "cc-", 1) + "-later", true),
            (good.clone() + "-later", false),
            (good.replacen("00-", "ff-", 1), false),
            (good.to_uppercase(), false),
            (good.replace(trace, &"0".repeat(32)), false),
            (good.replace("00f067aa0ba902b7", &"0".repeat(16)), false),
            (good.replace(trace, "4bf9"), false),
            (String::new(), false),
            ("00".to_owned(), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", HeaderValue::from_str(&value).unwrap());
            assert_eq!(trace_id(&headers).as_deref(), taken.then_some(trace), "{value}");
        }
        let mut twice = HeaderMap::new();
        twice.append("traceparent", HeaderValue::from_str(&good).unwrap());
        twice.append("traceparent", HeaderValue::from_str(&good).unwrap());
        assert_eq!(trace_id(&twice), None);
    }
}
