//! What is the same for everybody for as long as the program runs: its pages and documents. Each has an entity tag and is
//! compressed once, so that a browser asks again for next to nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use aws_lc_rs::digest;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, InvalidHeaderValue,
    VARY,
};
use axum::response::{IntoResponse, Response};
use tokio::sync::Mutex;

use super::compression::{accepts_gzip, gzip};
use super::error::ApiError;
use super::preconditions::has_one_of;
use crate::hex;

/// It may be kept, and is asked for again with its tag: a new version of the program may have another one.
const POLICY: HeaderValue = HeaderValue::from_static("no-cache");

/// A page or document, plain and compressed.
#[derive(Debug, Clone)]
pub(super) struct Asset {
    content_type: HeaderValue,
    plain: Representation,
    /// None where it is not smaller.
    gzip: Option<Representation>,
}

/// One of its codings, with a strong entity tag of its own (RFC 9110, section 8.8.3.3).
#[derive(Debug, Clone)]
struct Representation {
    bytes: Bytes,
    etag: HeaderValue,
}

impl Asset {
    /// Bytes of this media type. Compressing a megabyte takes some tens of milliseconds.
    pub(super) fn new(content_type: &str, bytes: impl Into<Cow<'static, [u8]>>) -> io::Result<Self> {
        let bytes = match bytes.into() {
            // What is part of the program is not copied: strangers may ask for it as often as they like.
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let content_type = HeaderValue::from_str(content_type).map_err(io::Error::other)?;
        let compressed = gzip(&bytes)?;
        let gzip = (compressed.len() < bytes.len()).then(|| Representation::new(compressed.into(), "-gzip"));
        let gzip = gzip.transpose().map_err(io::Error::other)?;
        Ok(Self { content_type, plain: Representation::new(bytes, "").map_err(io::Error::other)?, gzip })
    }

    /// The answer to a request with these headers.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Result<Response, ApiError> {
        let gzip = self.gzip.as_ref().filter(|_| accepts_gzip(headers));
        let Representation { bytes, etag } = gzip.unwrap_or(&self.plain);
        let common = [(ETAG, etag.clone()), (CACHE_CONTROL, POLICY), (VARY, HeaderValue::from(ACCEPT_ENCODING))];
        if has_one_of(headers, etag)? {
            return Ok((StatusCode::NOT_MODIFIED, common).into_response());
        }
        let mut response = (common, [(CONTENT_TYPE, self.content_type.clone())], bytes.clone()).into_response();
        if gzip.is_some() {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Ok(response)
    }
}

/// A file as it is found: its media type, and its bytes.
pub(super) type Found = (Cow<'static, str>, Cow<'static, [u8]>);

/// The files below a path, each compressed when it is first asked for.
#[derive(Debug)]
pub(super) struct Files {
    /// The file of this name; none where there is no such file.
    find: fn(&str) -> Option<Result<Found, ApiError>>,
    /// Only what there is, so that nobody can make it grow.
    assets: Mutex<BTreeMap<String, Asset>>,
}

impl Files {
    pub(super) fn new(find: fn(&str) -> Option<Result<Found, ApiError>>) -> Self {
        Self { find, assets: Mutex::default() }
    }

    /// The answer to a request for the file of this name.
    pub(super) async fn answer(&self, name: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
        if let Some(asset) = self.assets.lock().await.get(name) {
            return asset.answer(headers);
        }
        // Nobody waits for those who ask for what there is not.
        let (media_type, bytes) = (self.find)(name).ok_or(ApiError::NoSuchPath)??;
        let mut assets = self.assets.lock().await;
        if !assets.contains_key(name) {
            // The largest takes some time to compress, and whoever asks for it meanwhile waits for that.
            let made = tokio::task::spawn_blocking(move || Asset::new(&media_type, bytes)).await;
            let made = made.map_err(|error| ApiError::internal(&error))?;
            assets.insert(name.to_owned(), made.map_err(|error| ApiError::internal(&error))?);
        }
        assets.get(name).ok_or(ApiError::NoSuchPath)?.answer(headers)
    }
}

impl Representation {
    fn new(bytes: Bytes, mark: &str) -> Result<Self, InvalidHeaderValue> {
        let digest = digest::digest(&digest::SHA256, &bytes);
        let etag = HeaderValue::from_str(&format!("\"{}{mark}\"", hex::encode(&digest.as_ref()[..16])))?;
        Ok(Self { bytes, etag })
    }
}
