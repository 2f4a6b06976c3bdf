//! The caller and the tenant of a request, from its headers and nothing else.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, HeaderMap};
use axum::http::request::Parts;
use jiff::Timestamp;

use super::Api;
use super::error::ApiError;
use crate::auth::{Caller, Tenant, check_project};
use crate::connections;

/// Who asks, about which tenant.
#[derive(Debug)]
pub struct Authenticated {
    caller: Caller,
    tenant: Tenant,
}

impl Authenticated {
    /// As the connections want it.
    pub fn request(&self) -> connections::Request<'_> {
        connections::Request { caller: &self.caller, tenant: &self.tenant }
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl FromRequestParts<Arc<Api>> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let refuse = |reason: &str| {
            tracing::info!(reason, "a token was refused");
            ApiError::InvalidToken
        };
        let token = bearer(&parts.headers).ok_or_else(|| refuse("there is none"))?;
        let caller = api.verifier.verify(token, Timestamp::now()).map_err(|refusal| refuse(&refusal.to_string()))?;
        let span = tracing::Span::current();
        span.record("principal", &caller.principal);
        span.record("organization", &caller.organization);
        let tenant = tenant(&parts.headers, &caller)?;
        Ok(Self { caller, tenant })
    }
}

/// The token of the one header Authorization with the scheme Bearer (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = single(headers, AUTHORIZATION.as_str()).ok()??.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The token's organization, and the project that `X-Project-ID` names.
fn tenant(headers: &HeaderMap, caller: &Caller) -> Result<Tenant, ApiError> {
    if let Some(organization) = single(headers, "X-Org-Id")?
        && organization != caller.organization
    {
        return Err(ApiError::OtherOrganization);
    }
    if headers.contains_key("X-On-Behalf-Of") {
        let message = "X-On-Behalf-Of is not supported yet; call with a token of the user's own.";
        return Err(ApiError::InvalidRequest(message.into()));
    }
    let project = single(headers, "X-Project-ID")?;
    if let Some(Err(error)) = project.map(check_project) {
        return Err(ApiError::InvalidRequest(format!("X-Project-ID: {error}.").into()));
    }
    Ok(Tenant { organization: caller.organization.clone(), project: project.map(str::to_owned) })
}

/// The value of a header that may occur once. Bytes beyond ASCII are taken for UTF-8.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, ApiError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(ApiError::InvalidRequest(format!("The header {name} occurs twice.").into()));
    }
    value
        .map(|value| std::str::from_utf8(value.as_bytes()))
        .transpose()
        .map_err(|_| ApiError::InvalidRequest(format!("The header {name} is not UTF-8.").into()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::auth::{Grant, Role};

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap()))
            .fold(HeaderMap::new(), |mut headers, (name, value): (axum::http::HeaderName, _)| {
                headers.append(name, value);
                headers
            })
    }

    fn caller() -> Caller {
        Caller {
            principal: "user:alice".to_owned(),
            organization: "acme".to_owned(),
            grants: vec![Grant { project: None, role: Role::Viewer }],
        }
    }

    #[test]
    fn the_token_comes_from_one_bearer_header_only() {
        for (list, token) in [
            (&[("authorization", "Bearer abc")][..], Some("abc")),
            (&[("authorization", "bearer abc")], Some("abc")),
            (&[("authorization", "Bearer  abc")], Some(" abc")),
            (&[("authorization", "Basic abc")], None),
            (&[("authorization", "abc")], None),
            (&[("authorization", "Bearer a"), ("authorization", "Bearer b")], None),
            (&[("cookie", "authorization=Bearer abc")], None),
            (&[], None),
        ] {
            assert_eq!(bearer(&headers(list)), token, "{list:?}");
        }
    }

    #[test]
    fn the_project_comes_from_its_header_and_the_organization_from_the_token() {
        let project = |list: &[(&'static str, &str)]| tenant(&headers(list), &caller()).map(|tenant| tenant.project);
        assert_eq!(project(&[]).unwrap(), None);
        assert_eq!(project(&[("x-project-id", "proj:sales")]).unwrap().as_deref(), Some("proj:sales"));
        assert_eq!(project(&[("x-project-id", "süd"), ("x-org-id", "acme")]).unwrap().as_deref(), Some("süd"));
        for bad in ["", "a/b", "a%2Fb", "a\tb"] {
            assert!(matches!(project(&[("x-project-id", bad)]), Err(ApiError::InvalidRequest(_))), "{bad:?}");
        }
        let twice = [("x-project-id", "a"), ("x-project-id", "b")];
        assert!(matches!(project(&twice), Err(ApiError::InvalidRequest(_))));
        assert!(matches!(project(&[("x-org-id", "other")]), Err(ApiError::OtherOrganization)));
        assert!(matches!(project(&[("x-on-behalf-of", "user:bob")]), Err(ApiError::InvalidRequest(_))));
    }
}
