//! Answers by gzip (RFC 9110, section 8.4.1.3) for clients that take it.
//!
//! What is compressed beside the words of a stranger gives itself away by its length (BREACH). Here it has nothing to give
//! away: no answer that is compressed carries a credential or a token, and a browser sends no token by itself, so that no page of a stranger
//! can ask in a user's name.

use std::io::{self, Write as _};
use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, VARY,
};
use axum::middleware::Next;
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::Api;
use super::authentication::Payer;
use super::body::SMALL_BYTES;
use super::error::ApiError;

/// Less than this fits into one packet as it is, in bytes.
const LEAST_BYTES: usize = 1024;

/// Compresses what an organization is answered. What is for everybody comes compressed ([`Asset`](super::asset::Asset)).
pub(super) async fn compress(State(api): State<Arc<Api>>, request: Request, next: Next) -> Result<Response, ApiError> {
    let accepted = accepts_gzip(request.headers());
    let payer = request.extensions().get::<Payer>().cloned();
    let mut response = next.run(request).await;
    let Some(organization) = payer.and_then(|payer| payer.organization()) else { return Ok(response) };
    let Some(size) = compressible(&response) else { return Ok(response) };
    response.headers_mut().append(VARY, HeaderValue::from(ACCEPT_ENCODING));
    if !accepted {
        return Ok(response);
    }
    response.headers_mut().remove(CONTENT_LENGTH);
    let (mut parts, body) = response.into_parts();
    let plain = to_bytes(body, size).await.map_err(|error| ApiError::internal(&error))?;
    let compressed = if size <= SMALL_BYTES {
        gzip(&plain).ok()
    } else {
        // Where there is no turn in time, the answer goes out as it is.
        let plain = plain.clone();
        api.places.work(&organization, move || gzip(&plain).map_err(|error| ApiError::internal(&error))).await.ok()
    };
    let bytes = compressed.map_or(plain, |compressed| {
        parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        Bytes::from(compressed)
    });
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// The size of an answer that is worth it: JSON that is there as a whole. A record is sent as it is, since its entity tag is
/// what `If-Match` repeats, and another coding would need another tag (RFC 9110, section 8.8.3.3).
fn compressible(response: &Response) -> Option<usize> {
    let headers = response.headers();
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|value| value == "application/json");
    if !is_json || headers.contains_key(ETAG) || headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    let size = response.body().size_hint().exact()?;
    usize::try_from(size).ok().filter(|size| *size >= LEAST_BYTES)
}

/// Compresses, fast rather than well.
pub(super) fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Whether a client takes gzip (RFC 9110, section 12.5.3): by name, or by `*` where it is not named, and not with weight 0.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut by_star = false;
    for element in values.flat_map(|value| value.split(',')) {
        let (coding, parameters) = element.split_once(';').unwrap_or((element, ""));
        let weight = parameters.trim().to_ascii_lowercase();
        let weight = weight.strip_prefix("q=").map_or(Some(1.0), |weight| weight.parse::<f32>().ok());
        let is_taken = weight.is_some_and(|weight| weight > 0.0);
        match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return is_taken,
            "*" => by_star = is_taken,
            _ => {}
        }
    }
    by_star
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_who_takes_it() {
        for (values, accepted) in [
            (&["gzip"][..], true),
            (&["GZip;Q=0.5"], true),
            (&["deflate, gzip;q=1.0, *;q=0.5"], true),
            (&["br", "x-gzip"], true),
            (&["*"], true),
            (&["gzip;q=0"], false),
            (&["gzip; q=0.000, *"], false),
            (&["*, gzip;q=0"], false),
            (&["*;q=0"], false),
            (&["gzip;q=much"], false),
            (&["identity"], false),
            (&["gzipped"], false),
            (&[""], false),
            (&[], false),
        ] {
            let headers = values.iter().map(|value| (ACCEPT_ENCODING, HeaderValue::from_static(value)));
            let headers = headers.fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            });
            assert_eq!(accepts_gzip(&headers), accepted, "{values:?}");
        }
    }
}
