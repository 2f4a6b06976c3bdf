//! The caller and the tenant of a request, from its headers and nothing else.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;

use super::Api;
use super::address::Stranger;
use super::charged::charge;
use super::error::ApiError;
use super::places::Place;
use super::server::Peer;
use crate::auth::{Caller, Permission, Tenant, check_project};
use crate::clock;
use crate::connections;
use crate::fairness::Share;

/// The header that names the project.
pub(super) const PROJECT_HEADER: &str = "X-Project-ID";

/// Who asks, about which tenant. To ask the connections for anything takes a place beside it: [`Admitted`].
#[derive(Debug)]
pub struct Authenticated {
    caller: Caller,
    tenant: Tenant,
}

/// Who asks, with the place that the request has.
#[derive(Debug)]
pub struct Admitted {
    authenticated: Authenticated,
    place: Place,
}

impl Authenticated {
    /// The caller: whom the token names.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The organization for which the request is.
    pub(super) fn organization(&self) -> &String {
        &self.tenant.organization
    }

    /// The tenant's project; none is the whole organization.
    pub(super) fn project(&self) -> Option<&String> {
        self.tenant.project.as_ref()
    }

    /// Whether the caller may do this in the tenant: before the body is read, so that whom it is not allowed does not
    /// have it read.
    pub fn authorize(&self, permission: Permission) -> Result<(), ApiError> {
        Ok(connections::Request { caller: &self.caller, tenant: &self.tenant }.authorize(permission)?)
    }

    /// Takes a place, once nothing is waited for any more.
    pub async fn enter(self, api: &Api) -> Result<Admitted, ApiError> {
        let place = api.places.enter(&self).await?;
        Ok(Admitted { authenticated: self, place })
    }

    /// Takes a place to validate, which counts against a rate of its own.
    pub async fn enter_validation(self, api: &Api) -> Result<Admitted, ApiError> {
        api.places.count_validation(&self)?;
        self.enter(api).await
    }

    /// Takes the place of a connection test, which may wait for a data source.
    pub fn enter_test(self, api: &Api) -> Result<Admitted, ApiError> {
        let place = api.places.enter_test(&self)?;
        Ok(Admitted { authenticated: self, place })
    }
}

impl Admitted {
    /// The caller and the tenant, as the operations on connections take them.
    pub fn request(&self) -> connections::Request<'_> {
        connections::Request { caller: &self.authenticated.caller, tenant: &self.authenticated.tenant }
    }

    /// The caller: whom the token names.
    pub fn caller(&self) -> &Caller {
        &self.authenticated.caller
    }

    /// Who asks and for which tenant, without the place in what runs at once.
    pub(super) fn authenticated(&self) -> &Authenticated {
        &self.authenticated
    }

    /// Gives the place back, to wait for something.
    pub fn leave(self) -> Authenticated {
        drop(self.place);
        self.authenticated
    }
}

impl FromRequestParts<Arc<Api>> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)?.ok_or(ApiError::NoToken)?;
        let caller = api.verifier.verify(token, clock::timestamp()).map_err(|refusal| {
            tracing::info!(reason = %refusal, "a token was refused");
            ApiError::InvalidToken(refusal)
        })?;
        let span = tracing::Span::current();
        span.record("principal", &caller.principal);
        span.record("organization", &caller.organization);
        // From here on the request counts for its organization.
        if let Some(payer) = parts.extensions.get::<Payer>() {
            payer.becomes(&caller.organization);
        }
        api.places.count(&parts.method, &caller.organization, &caller.principal)?;
        let tenant = tenant(&parts.headers, &caller)?;
        Ok(Self { caller, tenant })
    }
}

/// A request without a body to wait for has its place from the start.
impl FromRequestParts<Arc<Api>> for Admitted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        Authenticated::from_request_parts(parts, api).await?.enter(api).await
    }
}

/// Whom a request counts for: the address that it comes from, until its token is known, and then its organization. In the
/// extensions of the request, and of its answer where the address is a proxy's word.
#[derive(Debug, Clone)]
pub(super) struct Payer(Arc<Mutex<Known>>);

#[derive(Debug)]
enum Known {
    Address(#[expect(dead_code, reason = "held for its drop")] Share<Stranger>),
    Organization(String),
}

impl Payer {
    fn becomes(&self, organization: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Known::Organization(organization.to_owned());
    }

    /// The organization, if the token was a good one.
    pub(super) fn organization(&self) -> Option<String> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Known::Address(_) => None,
            Known::Organization(organization) => Some(organization.clone()),
        }
    }
}

/// Counts every request for whom it has to, and a large answer until its client has taken it.
pub(super) async fn count(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Result<Response, ApiError> {
    // A request that came over no socket has no address.
    let Some(Peer(peer)) = request.extensions().get().copied() else { return Ok(next.run(request).await) };
    let client = api.trusted_proxies.client(peer.ip(), request.headers());
    let share = api.places.stranger(Stranger::from(client))?;
    let payer = Payer(Arc::new(Mutex::new(Known::Address(share))));
    request.extensions_mut().insert(payer.clone());
    let mut response = next.run(request).await;
    if let Some(organization) = payer.organization() {
        response = charge(&api, &organization, response)?;
    }
    if api.trusted_proxies.contains(peer.ip()) {
        // Nobody else counts the connections behind a proxy.
        response.extensions_mut().insert(payer);
    }
    Ok(response)
}

/// The token of the one header Authorization with the scheme Bearer (RFC 6750, section 2.1), after one space or several
/// (RFC 9110, section 11.4).
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let credentials = single(headers, "Authorization")?.and_then(|value| value.split_once(' '));
    let of_bearer = credentials.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Ok(of_bearer.map(|(_, token)| token.trim_start_matches(' ')))
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
    let project = single(headers, PROJECT_HEADER)?;
    if let Some(Err(error)) = project.map(check_project) {
        return Err(ApiError::InvalidRequest(format!("{PROJECT_HEADER}: {error}.").into()));
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
            (&[("authorization", "Bearer  abc")], Some("abc")),
            (&[("authorization", "BEARER    abc")], Some("abc")),
            (&[("authorization", "Basic abc")], None),
            (&[("authorization", "abc")], None),
            (&[("cookie", "authorization=Bearer abc")], None),
            (&[], None),
        ] {
            assert_eq!(bearer(&headers(list)).unwrap(), token, "{list:?}");
        }
        let twice = headers(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]);
        assert!(matches!(bearer(&twice), Err(ApiError::InvalidRequest(_))));
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
