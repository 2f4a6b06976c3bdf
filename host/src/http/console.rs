//! The page at `/console/`: its files are part of this program, come from no other host, and are what they were when it was
//! built.

pub mod codes;

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::Api;
use super::error::ApiError;
use super::preconditions::has_one_of;
use crate::digest;

/// The page's own scripts and styles, requests to this host, and nothing else. What it takes from others is text: only the
/// library that makes its templates may make HTML.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; \
     base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html",
);

/// Every file of the page.
static FILES: [File; 25] = [
    File::new("", HTML, include_bytes!("../../console/index.html")),
    File::new("console.css", CSS, include_bytes!("../../console/console.css")),
    File::new("favicon.svg", SVG, include_bytes!("../../console/favicon.svg")),
    File::new("api.js", SCRIPT, include_bytes!("../../console/api.js")),
    File::new("app.js", SCRIPT, include_bytes!("../../console/app.js")),
    File::new("codes.js", SCRIPT, include_bytes!("../../console/codes.js")),
    File::new("connection.js", SCRIPT, include_bytes!("../../console/connection.js")),
    File::new("controls.js", SCRIPT, include_bytes!("../../console/controls.js")),
    File::new("dsn.js", SCRIPT, include_bytes!("../../console/dsn.js")),
    File::new("fields.js", SCRIPT, include_bytes!("../../console/fields.js")),
    File::new("findings.js", SCRIPT, include_bytes!("../../console/findings.js")),
    File::new("form.js", SCRIPT, include_bytes!("../../console/form.js")),
    File::new("json.js", SCRIPT, include_bytes!("../../console/json.js")),
    File::new("model.js", SCRIPT, include_bytes!("../../console/model.js")),
    File::new("pem.js", SCRIPT, include_bytes!("../../console/pem.js")),
    File::new("registered.js", SCRIPT, include_bytes!("../../console/registered.js")),
    File::new("schema.js", SCRIPT, include_bytes!("../../console/schema.js")),
    File::new("sections.js", SCRIPT, include_bytes!("../../console/sections.js")),
    File::new("setup.js", SCRIPT, include_bytes!("../../console/setup.js")),
    File::new("signin.js", SCRIPT, include_bytes!("../../console/signin.js")),
    File::new("stages.js", SCRIPT, include_bytes!("../../console/stages.js")),
    File::new("types.js", SCRIPT, include_bytes!("../../console/types.js")),
    File::new("validation.js", SCRIPT, include_bytes!("../../console/validation.js")),
    File::new("words.js", SCRIPT, include_bytes!("../../console/words.js")),
    File::new("vendor/lit-html.js", SCRIPT, include_bytes!("../../console/vendor/lit-html.js")),
];

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const CSS: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");
const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");

/// A file of the page.
struct File {
    /// Below `/console/`.
    path: &'static str,
    media_type: HeaderValue,
    bytes: &'static [u8],
    /// Made at the first request.
    compressed: OnceLock<Bytes>,
    tag: OnceLock<String>,
}

impl File {
    const fn new(path: &'static str, media_type: HeaderValue, bytes: &'static [u8]) -> Self {
        Self { path, media_type, bytes, compressed: OnceLock::new(), tag: OnceLock::new() }
    }

    /// Of the bytes that are sent: each encoding has its own (RFC 9110, section 8.8.3.3).
    fn tag(&self, is_compressed: bool) -> String {
        let tag =
            self.tag.get_or_init(|| digest::of(self.bytes).trim_start_matches("sha256:").chars().take(32).collect());
        if is_compressed { format!("{tag}-gzip") } else { tag.clone() }
    }

    /// Strangers may ask for it as often as they like, so that this is done once.
    fn compressed(&self) -> Bytes {
        let compress = || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            // Writing to memory cannot fail; what is sent as it is is right as well.
            match encoder.write_all(self.bytes).and_then(|()| encoder.finish()) {
                Ok(compressed) => Bytes::from(compressed),
                Err(error) => {
                    tracing::error!(%error, "a file of the console cannot be compressed");
                    Bytes::new()
                }
            }
        };
        self.compressed.get_or_init(compress).clone()
    }

    fn answer(&self, headers: &HeaderMap) -> Result<Response, ApiError> {
        let compressed = Some(self.compressed()).filter(|bytes| !bytes.is_empty() && takes_gzip(headers));
        let etag = HeaderValue::from_str(&format!("\"{}\"", self.tag(compressed.is_some())));
        let etag = etag.map_err(|error| ApiError::internal(&error))?;
        let mut response = if has_one_of(headers, &etag)? {
            StatusCode::NOT_MODIFIED.into_response()
        } else if let Some(bytes) = compressed {
            let mut response = bytes.into_response();
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        } else {
            Bytes::from_static(self.bytes).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, etag);
        let fixed: [(HeaderName, HeaderValue); 5] = [
            (header::CONTENT_TYPE, self.media_type.clone()),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            // Asked for anew each time, and answered 304.
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (header::VARY, HeaderValue::from_static("Accept-Encoding")),
            (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        ];
        for (name, value) in fixed {
            headers.insert(name, value);
        }
        Ok(response)
    }
}

/// Whether an answer may be compressed by gzip (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().trim_start_matches("q=").parse::<f32>().unwrap_or(1.0);
        ["gzip", "x-gzip", "*"].contains(&name.trim().to_ascii_lowercase().as_str()) && weight > 0.0
    })
}

/// `GET /console/` and the files below it.
pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/console", get(to_page))
        .route("/console/", get(|headers| file(Path(String::new()), headers)))
        .route("/console/{*file}", get(file))
}

/// With the slash, below which the page's own links are.
async fn to_page(uri: Uri) -> Redirect {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("/console/{query}"))
}

async fn file(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let file = FILES.iter().find(|file| file.path == path).ok_or(ApiError::NoSuchPath)?;
    file.answer(&headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_compressed_for_who_takes_that() {
        for (value, takes) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0, br", false),
            ("br", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]);
            assert_eq!(takes_gzip(&headers), takes, "{value}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn every_file_of_the_page_is_served() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/console");
        let mut served: Vec<&str> =
            FILES.iter().map(|file| if file.path.is_empty() { "index.html" } else { file.path }).collect();
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
