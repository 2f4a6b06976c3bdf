//! The page at `/docs`: Swagger UI, served from this program and asking no other host for anything.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use utoipa_swagger_ui::Config;

use super::error::ApiError;

/// The page's own scripts and styles, requests to this host, and nothing else. Swagger UI sets styles inline and draws
/// its icons from `data:`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// `GET /docs/` and the files below it.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    // No validator badge: it would ask a host of Swagger's with the document's address.
    let config = Arc::new(Config::from("/openapi.json").validator_url("none").persist_authorization(false));
    let index = Arc::clone(&config);
    Router::new()
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/", get(move || async move { file("", index) }))
        .route("/docs/{*file}", get(move |Path(path): Path<String>| async move { file(&path, config) }))
}

fn file(path: &str, config: Arc<Config<'static>>) -> Response {
    match utoipa_swagger_ui::serve(path, config) {
        Ok(Some(file)) => {
            // What is part of the program is not copied: strangers may ask for it as often as they like.
            let bytes = match file.bytes {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            };
            ([(CONTENT_TYPE, file.content_type.as_str()), (CONTENT_SECURITY_POLICY, POLICY)], bytes).into_response()
        }
        Ok(None) => ApiError::NoSuchPath.into_response(),
        Err(error) => {
            tracing::error!(%error, "the documentation page cannot be made");
            ApiError::Internal.into_response()
        }
    }
}
