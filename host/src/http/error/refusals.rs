//! The refusals of the document: each status is described once, as a component that the operations refer to, and an
//! operation names the groups that it can answer.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::IntoResponses;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

use super::ErrorCode;

/// Makes each group a type, which an operation's description can name.
macro_rules! groups {
    ($($(#[$doc:meta])* $name:ident: $statuses:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(in crate::http) enum $name {}

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                references(&$statuses)
            }
        }
    )*};
}

groups! {
    /// What every operation of a tenant may be refused with: its headers, its caller, its rates, and what the host needs.
    Any: [400, 401, 403, 429, 500, 503];
    /// What an operation may be refused with that reads a body.
    OfBody: [408, 413, 415, 422];
    /// What an operation may be refused with whose query parameters can be wrong.
    OfQuery: [422];
    /// What an operation may be refused with that is about one resource.
    OfResource: [404];
    /// What an operation may be refused with that takes a condition.
    OfCondition: [412];
    /// What an operation may be refused with that the state of things can forbid.
    OfState: [409];
    /// What an operation may be refused with that asks a connector.
    OfConnector: [422, 502, 504];
}

fn references(statuses: &[u16]) -> BTreeMap<String, RefOr<Response>> {
    let known = statuses.iter().filter_map(|status| StatusCode::from_u16(*status).ok());
    known.map(|status| (status.as_str().to_owned(), Ref::from_response_name(component(status)).into())).collect()
}

/// The name of a status's component, such as `NotFound`.
fn component(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or_default().replace(' ', "")
}

/// The components that operations refer to.
pub(in crate::http) fn components() -> BTreeMap<String, Response> {
    let mut names: BTreeMap<StatusCode, Vec<&'static str>> = BTreeMap::new();
    for code in ErrorCode::ALL {
        names.entry(code.status()).or_default().push(code.name());
    }
    names.into_iter().map(|(status, names)| (component(status), response(status, &names))).collect()
}

fn response(status: StatusCode, names: &[&str]) -> Response {
    let response = ResponseBuilder::new()
        .description(format!("With one of these codes: {}", names.join(", ")))
        .content("application/json", Content::new(Some(Ref::from_schema_name("ErrorBody"))))
        .header("X-Request-ID", request_id());
    match status {
        StatusCode::UNAUTHORIZED => response.header("WWW-Authenticate", challenge()),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            response.header("Retry-After", retry_after())
        }
        _ => response,
    }
    .build()
}

/// The header that names a request in the log.
pub(in crate::http) fn request_id() -> Header {
    text("Names the request in the host's log", "^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
}

fn challenge() -> Header {
    text("How to authenticate (RFC 6750, section 3)", "^Bearer")
}

fn retry_after() -> Header {
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    let description = "After how many seconds to try again; not with `QUOTA_EXCEEDED`, where waiting does not help";
    HeaderBuilder::new().schema(Some(seconds)).description(Some(description)).build()
}

fn text(description: &str, pattern: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_is_of_statuses_that_some_code_has() {
        let components = components();
        let groups = [
            Any::responses(),
            OfBody::responses(),
            OfQuery::responses(),
            OfResource::responses(),
            OfCondition::responses(),
            OfState::responses(),
            OfConnector::responses(),
        ];
        let mut named = Vec::new();
        for (status, reference) in groups.into_iter().flatten() {
            let RefOr::Ref(reference) = reference else { panic!("{status} is described in place") };
            let name = reference.ref_location.trim_start_matches("#/components/responses/").to_owned();
            assert!(components.contains_key(&name), "{status}: there is no {name}");
            named.push(name);
        }
        for name in components.keys().filter(|name| *name != "MethodNotAllowed") {
            assert!(named.contains(name), "no operation answers {name}");
        }
    }
}
