//! Pages of other origins that may call the API from a browser (CORS, as the Fetch standard has it): those that the operator
//! names, and by default none.
//!
//! A page sends its token itself, in a header. Credentials that a browser would add are never allowed.

use std::time::Duration;

use axum::http::Method;
use axum::http::header::{
    ACCEPT, ALLOW, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, LOCATION,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::origin::Origin;

/// How long a browser may keep what it was told: as long as any of them does.
const MAX_AGE: Duration = Duration::from_hours(2);

/// What lets the pages of these origins call the API, and answers what their browsers ask before; none where there are none.
pub(super) fn layer(origins: &[Origin]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let named = HeaderName::from_static;
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(
            origins.iter().filter_map(|origin| HeaderValue::from_str(&origin.to_string()).ok()),
        ))
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            ACCEPT,
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            IF_NONE_MATCH,
            named("idempotency-key"),
            named("traceparent"),
            named("x-org-id"),
            named("x-project-id"),
            named("x-request-id"),
        ])
        .expose_headers([ALLOW, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE, named("x-request-id")])
        .max_age(MAX_AGE);
    Some(layer)
}
