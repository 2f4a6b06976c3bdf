//! The page at `/docs`: Swagger UI, served from this program and asking no other host for anything; and the pages about codes.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue};
use axum::response::{Redirect, Response};
use axum::routing::get;
use utoipa_swagger_ui::Config;

use super::asset::{Files, Found};
use super::codes;
use super::error::ApiError;

/// The page's own scripts and styles, requests to this host, and nothing else. Swagger UI sets styles inline and draws
/// its icons from `data:`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// What the paths of the pages about codes begin with, below `/docs/`.
const CODES: &str = "codes/";

/// `GET /docs/` and the files below it.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let files = Arc::new(Files::new(file));
    let index = Arc::clone(&files);
    Router::new()
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/codes", get(|| async { Redirect::permanent(codes::PATH) }))
        .route("/docs/", get(move |headers: HeaderMap| async move { answer(&index, "index.html", &headers).await }))
        .route(
            "/docs/{*file}",
            get(move |Path(path): Path<String>, headers: HeaderMap| async move { answer(&files, &path, &headers).await }),
        )
}

async fn answer(files: &Files, path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let mut response = files.answer(path, headers).await?;
    let policy = if path.starts_with(CODES) { codes::POLICY } else { POLICY };
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}

/// The file of this name; none where there is no such file.
fn file(path: &str) -> Option<Result<Found, ApiError>> {
    if let Some(name) = path.strip_prefix(CODES) {
        return codes::file(name).map(|(media_type, text)| Ok((media_type.into(), text.into_bytes().into())));
    }
    // No validator badge: it would ask a host of Swagger's with the document's address.
    let config = Config::from("/openapi.json").validator_url("none").persist_authorization(false);
    let file = utoipa_swagger_ui::serve(path, Arc::new(config)).map_err(|error| {
        tracing::error!(%error, "the documentation page cannot be made");
        ApiError::Internal
    });
    file.map(|file| file.map(|file| (file.content_type.into(), file.bytes))).transpose()
}
