//! The OpenAPI document, generated from the routes and their types.

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, ServerBuilder,
};

use super::{TAG_DATA, TAG_HEALTH, schemas};

const DESCRIPTION: &str = "\
Patchpanel, the connection host: a data source is registered once, every application uses it, and none holds the \
password.

Every path is also served under `/api`. Requests carry a bearer token; the header `X-Project-ID` names the project, and \
without it the request is about the whole organization. Every error has the body `Error`, and every answer the header \
`X-Request-ID`.";

/// What the document says beside the routes.
pub(super) fn description() -> OpenApi {
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let tag = |name, description| TagBuilder::new().name(name).description(Some(description)).build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Patchpanel")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .license(Some(license))
                .build(),
        )
        .servers(Some([ServerBuilder::new().url("/").build(), ServerBuilder::new().url("/api").build()]))
        .tags(Some([
            tag(TAG_DATA, "Register a data source once, test it, use it everywhere."),
            tag(TAG_HEALTH, "For probes; without a token."),
        ]))
        .components(Some(components()))
        .security(Some([SecurityRequirement::new("token", Vec::<String>::new())]))
        .build()
}

fn components() -> Components {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    ComponentsBuilder::new().security_scheme("token", SecurityScheme::Http(scheme)).build()
}

/// `GET /openapi.json`.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> Result<Router<S>, schemas::Error> {
    let text = Bytes::from(document.to_json()?);
    Ok(Router::new()
        .route("/openapi.json", get(|| async move { ([(CONTENT_TYPE, "application/json")], text.clone()) })))
}
