//! The OpenAPI document, generated from the routes and their types.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Required, ServerBuilder,
};

use super::asset::Asset;
use super::authentication::PROJECT_HEADER;
use super::{TAG_CONNECTORS, TAG_DATA, TAG_HEALTH, schemas};

const DESCRIPTION: &str = "\
Patchpanel, the connection host: a data source is registered once, every application uses it, and none holds the \
password.

Every path is also served under `/api`. Requests carry a bearer token; the header `X-Project-ID` names the project, and \
without it the request is about the whole organization. Every error has the body `ErrorBody`, and every answer the header \
`X-Request-ID`. Only what is no well-formed HTTP request, or has a head that is too large, is refused without both.";

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
            tag(
                TAG_CONNECTORS,
                "Load, activate and roll back connectors while the host serves; for the platform role.",
            ),
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

/// Adds the headers that every operation of a tenant takes.
pub(super) fn with_tenant_headers(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.parameters.get_or_insert_default().extend([
                header(PROJECT_HEADER, "The project; without it the request is about the whole organization").into(),
                header("X-Org-Id", "Must be the token's organization when sent").into(),
            ]);
        }
    }
    document
}

fn header(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255))))
        .build()
}

/// The route `GET /openapi.json`.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> Result<Router<S>, schemas::Error> {
    let asset = Asset::new("application/json", document.to_json()?.into_bytes())?;
    Ok(Router::new().route("/openapi.json", get(|headers: HeaderMap| async move { asset.answer(&headers) })))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// Every object in the document.
    fn objects<'a>(value: &'a Value, found: &mut Vec<&'a serde_json::Map<String, Value>>) {
        match value {
            Value::Object(members) => {
                found.push(members);
                members.values().for_each(|member| objects(member, found));
            }
            Value::Array(elements) => elements.iter().for_each(|element| objects(element, found)),
            _ => {}
        }
    }

    #[test]
    fn the_document_is_whole() {
        let document = serde_json::to_value(crate::http::document()).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let mut all = Vec::new();
        objects(&document, &mut all);
        for reference in all.iter().filter_map(|object| object.get("$ref")?.as_str()) {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
        }
        let items = document["paths"].as_object().unwrap().values();
        let operations: Vec<&Value> = items.flat_map(|item| item.as_object().unwrap().values()).collect();
        let ids: Vec<&str> = operations.iter().filter_map(|operation| operation["operationId"].as_str()).collect();
        let unique: std::collections::HashSet<_> = ids.iter().collect();
        assert!(operations.len() > 15 && unique.len() == operations.len(), "each has an id of its own: {ids:?}");
    }

    #[test]
    fn every_operation_of_a_tenant_takes_the_project() {
        let document = serde_json::to_value(crate::http::document()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                let takes_project = operation["parameters"]
                    .as_array()
                    .is_some_and(|list| list.iter().any(|parameter| parameter["name"] == "X-Project-ID"));
                assert_eq!(takes_project, path.starts_with("/assets/"), "{path}");
            }
        }
    }
}
