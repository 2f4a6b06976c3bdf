//! The page at `/console/`: its files are part of this program, come from no other host, and are what they were when it was
//! built.

pub mod codes;

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::Uri;
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue};
use axum::response::{Redirect, Response};
use axum::routing::get;

use super::Api;
use super::asset::{Files, Found};
use super::error::ApiError;

/// The page's own scripts and styles, requests to this host, and nothing else. What it takes from others is text: only the
/// library that makes its templates may make HTML.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; \
     base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html",
);

/// Every file of the page: its name below `/console/`, its media type, and its bytes.
static FILES: [(&str, &str, &[u8]); 25] = [
    ("", HTML, include_bytes!("../../console/index.html")),
    ("console.css", CSS, include_bytes!("../../console/console.css")),
    ("favicon.svg", SVG, include_bytes!("../../console/favicon.svg")),
    ("api.js", SCRIPT, include_bytes!("../../console/api.js")),
    ("app.js", SCRIPT, include_bytes!("../../console/app.js")),
    ("codes.js", SCRIPT, include_bytes!("../../console/codes.js")),
    ("connection.js", SCRIPT, include_bytes!("../../console/connection.js")),
    ("controls.js", SCRIPT, include_bytes!("../../console/controls.js")),
    ("dsn.js", SCRIPT, include_bytes!("../../console/dsn.js")),
    ("fields.js", SCRIPT, include_bytes!("../../console/fields.js")),
    ("findings.js", SCRIPT, include_bytes!("../../console/findings.js")),
    ("form.js", SCRIPT, include_bytes!("../../console/form.js")),
    ("json.js", SCRIPT, include_bytes!("../../console/json.js")),
    ("model.js", SCRIPT, include_bytes!("../../console/model.js")),
    ("pem.js", SCRIPT, include_bytes!("../../console/pem.js")),
    ("registered.js", SCRIPT, include_bytes!("../../console/registered.js")),
    ("schema.js", SCRIPT, include_bytes!("../../console/schema.js")),
    ("sections.js", SCRIPT, include_bytes!("../../console/sections.js")),
    ("setup.js", SCRIPT, include_bytes!("../../console/setup.js")),
    ("signin.js", SCRIPT, include_bytes!("../../console/signin.js")),
    ("stages.js", SCRIPT, include_bytes!("../../console/stages.js")),
    ("types.js", SCRIPT, include_bytes!("../../console/types.js")),
    ("validation.js", SCRIPT, include_bytes!("../../console/validation.js")),
    ("words.js", SCRIPT, include_bytes!("../../console/words.js")),
    ("vendor/lit-html.js", SCRIPT, include_bytes!("../../console/vendor/lit-html.js")),
];

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// `GET /console/` and the files below it.
pub(super) fn routes() -> Router<Arc<Api>> {
    let files = Arc::new(Files::new(file));
    let index = Arc::clone(&files);
    Router::new()
        .route("/console", get(to_page))
        .route("/console/", get(move |headers: HeaderMap| async move { answer(&index, "", &headers).await }))
        .route(
            "/console/{*file}",
            get(move |Path(path): Path<String>, headers: HeaderMap| async move { answer(&files, &path, &headers).await }),
        )
}

/// With the slash, below which the page's own links are.
async fn to_page(uri: Uri) -> Redirect {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("/console/{query}"))
}

async fn answer(files: &Files, path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let mut response = files.answer(path, headers).await?;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
    response.headers_mut().insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    Ok(response)
}

/// The file of this name; none where there is no such file.
fn file(name: &str) -> Option<Result<Found, ApiError>> {
    let file = FILES.iter().find(|(path, ..)| *path == name);
    file.map(|&(_, media_type, bytes)| Ok((media_type.into(), bytes.into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest;

    #[test]
    fn every_file_of_the_page_is_served() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/console");
        let mut served: Vec<&str> =
            FILES.iter().map(|(path, ..)| if path.is_empty() { "index.html" } else { path }).collect();
        served.sort_unstable();
        let mut there = Vec::new();
        for below in ["", "vendor/"] {
            for entry in std::fs::read_dir(format!("{directory}/{below}")).unwrap() {
                let name = format!("{below}{}", entry.unwrap().file_name().into_string().unwrap());
                // What is for people and for the check of types.
                if !["vendor", "value.d.ts", "vendor/lit-html.LICENSE", "vendor/README.md"].contains(&name.as_str()) {
                    there.push(name);
                }
            }
        }
        there.sort_unstable();
        assert_eq!(served, there);
    }

    #[test]
    fn the_vendored_library_is_the_published_one() {
        let readme = include_str!("../../console/vendor/README.md");
        let vendored = include_bytes!("../../console/vendor/lit-html.js");
        assert!(readme.contains(digest::of(vendored).trim_start_matches("sha256:")), "its digest is another one");
        assert!(include_str!("../../console/vendor/lit-html.LICENSE").starts_with("BSD 3-Clause License"));
    }
}
