//! The header Host (RFC 9112, section 3.2): once, and well-formed. What does not say so may be understood otherwise by a
//! proxy in front.

use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::error::ApiError;

/// Refuses a request that does not say once and well which host it is for.
pub(super) async fn check(request: Request, next: Next) -> Response {
    match refusal(request.version(), request.headers()) {
        None => next.run(request).await,
        Some(why) => ApiError::InvalidRequest(why.into()).into_response(),
    }
}

fn refusal(version: Version, headers: &HeaderMap) -> Option<&'static str> {
    let mut values = headers.get_all(HOST).iter();
    match (values.next(), values.next()) {
        // HTTP/1.0 had no such header.
        (None, _) => (version >= Version::HTTP_11).then_some("The header Host is missing."),
        (Some(_), Some(_)) => Some("The header Host occurs twice."),
        (Some(value), None) => {
            let is_host = value.is_empty()
                || Authority::try_from(value.as_bytes()).is_ok_and(|authority| {
                    let (host, all) = (authority.host(), authority.as_str());
                    let port = all.strip_prefix(host).map(|rest| rest.strip_prefix(':').unwrap_or(rest));
                    !host.is_empty() && port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
                });
            (!is_host).then_some("The header Host must be a host, with a port if need be.")
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_host_is_named_once_and_well() {
        for (version, values, refused) in [
            (Version::HTTP_11, &["db.example.com"][..], false),
            (Version::HTTP_11, &["127.0.0.1:8002"], false),
            (Version::HTTP_11, &["[::1]:8002"], false),
            (Version::HTTP_11, &["a:"], false),
            (Version::HTTP_11, &[""], false),
            (Version::HTTP_10, &[], false),
            (Version::HTTP_11, &[], true),
            (Version::HTTP_11, &["a", "a"], true),
            (Version::HTTP_10, &["a", "b"], true),
            (Version::HTTP_11, &["user@a"], true),
            (Version::HTTP_11, &["a/b"], true),
            (Version::HTTP_11, &["a b"], true),
            (Version::HTTP_11, &["a, b"], true),
            (Version::HTTP_11, &["a:b"], true),
            (Version::HTTP_11, &["http://a"], true),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HOST, HeaderValue::from_static(value));
            }
            assert_eq!(refusal(version, &headers).is_some(), refused, "{version:?} {values:?}");
        }
    }
}
