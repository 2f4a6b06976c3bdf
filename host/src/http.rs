//! HTTP: routes, extractors, the error body, the OpenAPI document. No SQL, no socket of a tenant, no Wasm.
//!
//! One request: [`server`] takes it, `correlation` gives it its ids, [`authentication`] its caller and tenant, [`body`]
//! checks what was sent against the published schema, and an endpoint in [`data`] asks the connections, or the
//! sessions on them.

mod address;
mod asset;
pub mod authentication;
pub mod body;
mod charged;
mod codes;
mod compression;
pub mod connectors;
pub mod console;
mod correlation;
mod cross_origin;
pub mod data;
mod docs;
pub mod error;
pub mod health;
mod host;
pub mod listing;
mod openapi;
mod places;
pub mod preconditions;
mod remainder;
pub mod schemas;
pub mod server;
mod stop;
mod vocabulary;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::token::Verifier;
use crate::connections::{Candidate, Connections};
use crate::connectors::Connectors;
use crate::fairness::Refused;
use crate::finding::Finding;
use crate::origin::Origin;
use crate::rollout::Rollout;
use crate::secrets::SecretStore;
use crate::sessions::Sessions;
use crate::settings::FairnessSettings;
use crate::store::Store;
pub use address::TrustedProxies;
use authentication::Admitted;
pub use console::codes::Codes;
use error::ApiError;
use places::Places;
use preconditions::Preconditions;
use schemas::Schemas;
use server::Reserve;
pub use stop::Stop;

/// The tag of the data connections in the OpenAPI document.
const TAG_DATA: &str = "Data connections";

/// The tag of what manages connector versions in the OpenAPI document.
const TAG_CONNECTORS: &str = "Connectors";

/// The tag of what is no JSON: uploads and event streams.
const TAG_STREAMS: &str = "Streams";

/// The tag of what needs no token.
const TAG_HEALTH: &str = "Health";

/// What the endpoints work with.
#[derive(Debug)]
pub struct Api {
    connections: Arc<Connections>,
    sessions: Arc<Sessions>,
    connectors: Arc<Connectors>,
    rollout: Arc<Rollout>,
    store: Store,
    secrets: Arc<dyn SecretStore>,
    verifier: Verifier,
    schemas: Schemas,
    egress_addresses: Vec<String>,
    places: Places,
    max_body_values: usize,
    trusted_proxies: TrustedProxies,
    stop: Stop,
    readiness: health::Readiness,
}

/// What [`router`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// What is done with connections.
    pub connections: Arc<Connections>,
    /// What opens sessions on connections.
    pub sessions: Arc<Sessions>,
    /// The connectors that are in force.
    pub connectors: Arc<Connectors>,
    /// The life of their versions.
    pub rollout: Arc<Rollout>,
    /// The metadata store, asked for its health only.
    pub store: Store,
    /// The secret store, asked for its health only.
    pub secrets: Arc<dyn SecretStore>,
    /// The check of tokens.
    pub verifier: Verifier,
    /// The addresses that data sources see; empty when nobody said.
    pub egress_addresses: Vec<String>,
    /// Who may have how much.
    pub fairness: FairnessSettings,
    /// Whose word is taken for where a request comes from.
    pub trusted_proxies: TrustedProxies,
    /// The origins whose pages may call.
    pub allowed_origins: Vec<Origin>,
    /// Tells of the host's stop.
    pub stop: Stop,
    /// One-time codes for links to the console; none in production.
    pub codes: Option<Arc<Codes>>,
}

/// The one table of routes. The OpenAPI document is made from it; every path is also served under `/api`, which the
/// document says by its servers.
fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(openapi::description())
        .routes(routes!(data::types::list_connection_types))
        .routes(routes!(data::validate::validate_connection))
        .routes(routes!(data::verify::verify_connection))
        .routes(routes!(data::list::list_connections, data::create::create_connection))
        .routes(routes!(data::find::find_connection, data::update::update_connection, data::delete::delete_connection))
        .routes(routes!(data::test::test_connection))
        .routes(routes!(data::disable::disable_connection))
        .routes(routes!(data::enable::enable_connection))
        .routes(routes!(data::upgrade::upgrade_connection))
        .routes(routes!(connectors::list::list_connector_versions, connectors::upload::upload_connector_version))
        .routes(routes!(connectors::find::find_connector_version, connectors::delete::delete_connector_version))
        .routes(routes!(connectors::activate::activate_connector_version))
        .routes(routes!(connectors::roll_back::roll_back_connector_version))
        .routes(routes!(connectors::events::follow_connector_versions))
}

/// The routes that need no token and no place, so that a probe is answered under load.
fn open_routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(health::check_liveness)).routes(routes!(health::check_readiness))
}

/// The OpenAPI document of all routes.
pub fn document() -> OpenApi {
    let tenants = openapi::with_tenant_headers(routes().into_openapi());
    openapi::completed(tenants.merge_from(open_routes().into_openapi()))
}

/// The router of everything that is served: the API, its documentation and the probes.
pub fn router(parts: Parts) -> Result<Router, schemas::Error> {
    let document = document();
    let (limited, open) = (Router::from(routes()), Router::from(open_routes()));
    let api = Arc::new(Api {
        connections: parts.connections,
        sessions: parts.sessions,
        connectors: parts.connectors,
        rollout: parts.rollout,
        store: parts.store,
        secrets: parts.secrets,
        verifier: parts.verifier,
        schemas: Schemas::compile(&document)?,
        egress_addresses: parts.egress_addresses,
        places: Places::new(&parts.fairness),
        max_body_values: parts.fairness.max_body_values as usize,
        trusted_proxies: parts.trusted_proxies,
        stop: parts.stop,
        readiness: health::Readiness::default(),
    });
    let below_api = |routes: Router<Arc<Api>>| Router::new().nest("/api", routes.clone()).merge(routes);
    let console = parts.codes.iter().map(console::codes::routes).fold(console::routes(), Router::merge);
    let limited = limited.merge(openapi::routes(&document)?).method_not_allowed_fallback(no_such_method);
    let open = open.method_not_allowed_fallback(no_such_method);
    let router = below_api(limited)
        .merge(docs::routes().method_not_allowed_fallback(no_such_method))
        .merge(console.method_not_allowed_fallback(no_such_method))
        .fallback(no_such_path)
        .layer(middleware::from_fn_with_state(Arc::clone(&api), compression::compress))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), authentication::count))
        .layer(middleware::from_fn(without_reserve))
        .merge(below_api(open))
        .with_state(Arc::clone(&api));
    Ok(with_layers(router, &api.stop, &parts.allowed_origins))
}

/// What every request passes, the outermost last.
fn with_layers(router: Router, stop: &Stop, allowed_origins: &[Origin]) -> Router {
    // Inside the others: what it answers by itself is checked as everything is, and has their headers.
    let router = match cross_origin::layer(allowed_origins) {
        Some(layer) => router.layer(layer),
        None => router,
    };
    router
        .layer(middleware::from_fn(host::check))
        .layer(DefaultBodyLimit::max(body::MAX_BODY_BYTES))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| ApiError::Internal.into_response()))
        .layer(header_layer(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header_layer(header::CACHE_CONTROL, "no-store"))
        .layer(header_layer(header::REFERRER_POLICY, "no-referrer"))
        .layer(header_layer(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .layer(middleware::from_fn_with_state(stop.clone(), remainder::discard))
        .layer(middleware::from_fn(correlation::correlate))
}

/// Sets a header on every answer that has not set it itself.
fn header_layer(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// Refuses what comes over a connection that there is for probes only.
async fn without_reserve(request: Request, next: Next) -> Response {
    match request.extensions().get() {
        None => next.run(request).await,
        Some(Reserve(Refused::Key)) => ApiError::too_many_connections().into_response(),
        Some(Reserve(Refused::All)) => ApiError::Busy(Duration::from_secs(1)).into_response(),
    }
}

/// `OPTIONS *` is about the whole server (RFC 9110, section 9.3.7).
async fn no_such_path(method: Method, uri: Uri) -> Result<StatusCode, ApiError> {
    if method == Method::OPTIONS && uri.path() == "*" { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NoSuchPath) }
}

/// What a path can do is in the header Allow, of a refusal and of the answer to OPTIONS.
async fn no_such_method(method: Method) -> Result<StatusCode, ApiError> {
    if method == Method::OPTIONS { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::MethodNotAllowed) }
}

impl Api {
    /// The answer to a body that its schema rejects: the schema's findings, and those of the connector's schemas about
    /// what is usable of the body, all at once. The connector itself never sees such a body.
    async fn reject(&self, admitted: &Admitted, findings: Vec<Finding>, usable: Option<Candidate>) -> ApiError {
        let Some(candidate) = usable else { return ApiError::Validation(findings) };
        match self.connections.check(admitted.request(), candidate).await {
            Ok(more) => ApiError::Validation(data::candidate::merge(findings, more)),
            Err(error) => error.into(),
        }
    }

    /// The revision to insist on, if there is any condition.
    async fn revision(
        &self,
        admitted: &Admitted,
        resource_uri: &str,
        preconditions: &Preconditions,
    ) -> Result<Option<i64>, ApiError> {
        if preconditions.are_none() {
            return Ok(None);
        }
        preconditions.check(&self.connections.find(admitted.request(), resource_uri).await?)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_documented_500_that_says_nothing_of_its_reason() {
        async fn bug() -> &'static str {
            panic!("the reason")
        }
        let router = with_layers(Router::new().route("/", get(bug)), &Stop::default(), &[]);
        let request = Request::builder().header(header::HOST, "localhost").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key("x-request-id"));
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["code"], "INTERNAL_ERROR");
        assert!(!body.to_string().contains("the reason"), "{body}");
    }
}
