//! The OpenAPI document, generated from the routes and their types.

mod links;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr, Required, ServerBuilder,
};

use utoipa::{PartialSchema, ToSchema};

use super::asset::Asset;
use super::authentication::PROJECT_HEADER;
use super::error::refusals;
use super::{TAG_CONNECTORS, TAG_DATA, TAG_HEALTH, TAG_STREAMS, schemas};

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
            tag(
                TAG_STREAMS,
                "What is no JSON: an upload, and events without end. Generators of clients may leave it out.",
            ),
            tag(TAG_HEALTH, "For probes; without a token."),
        ]))
        .components(Some(components()))
        .security(Some([SecurityRequirement::new("token", Vec::<String>::new())]))
        .build()
}

fn components() -> Components {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    ComponentsBuilder::new()
        .security_scheme("token", SecurityScheme::Http(scheme))
        .responses_from_iter(refusals::components())
        .build()
}

/// The operations of a path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten()
}

/// Adds what no route and no type says by itself: that no parameter is null, the header of every answer, which of its members
/// are always there, and which operations it leads to.
pub(super) fn completed(mut document: OpenApi) -> OpenApi {
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        operation.parameters.iter_mut().flatten().for_each(without_null);
        for response in operation.responses.responses.values_mut() {
            if let RefOr::T(response) = response {
                response.headers.insert("X-Request-ID".to_owned(), RefOr::T(refusals::request_id()));
            }
        }
    }
    for schema in document.components.iter_mut().flat_map(|components| components.schemas.values_mut()) {
        require_nulls(schema);
    }
    links::add(&mut document);
    document
}

/// No parameter is null: one without a value is not there.
fn without_null(parameter: &mut RefOr<Parameter>) {
    if let RefOr::T(parameter) = parameter
        && let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema
        && let SchemaType::Array(kinds) = &object.schema_type
        && let [kind, Type::Null] | [Type::Null, kind] = &kinds[..]
    {
        object.schema_type = SchemaType::Type(kind.clone());
    }
}

/// A member of an answer that can be null is always there. A body, which says whether it takes further members, may leave
/// such members out.
fn require_nulls(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) if object.additional_properties.is_none() => {
            let nulls =
                object.properties.iter().filter(|(_, member)| can_be_null(member)).map(|(name, _)| name.clone());
            object.required.extend(nulls);
        }
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().for_each(require_nulls),
        _ => {}
    }
}

fn can_be_null(schema: &RefOr<Schema>) -> bool {
    let has_null = |kind: &SchemaType| match kind {
        SchemaType::Type(kind) => *kind == Type::Null,
        SchemaType::Array(kinds) => kinds.contains(&Type::Null),
        SchemaType::AnyValue => false,
    };
    match schema {
        RefOr::T(Schema::Object(object)) => has_null(&object.schema_type),
        RefOr::T(Schema::Array(array)) => has_null(&array.schema_type),
        RefOr::T(Schema::OneOf(choices)) => choices.items.iter().any(can_be_null),
        _ => false,
    }
}

/// Adds the headers that every operation of a tenant takes.
pub(super) fn with_tenant_headers(mut document: OpenApi) -> OpenApi {
    let header = |name, description| {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
        RefOr::T(parameter(ParameterIn::Header, name, Required::False, description, text))
    };
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        operation.parameters.get_or_insert_default().extend([
            header(PROJECT_HEADER, "The project; without it the request is about the whole organization"),
            header("X-Org-Id", "Must be the token's organization when sent"),
        ]);
    }
    document
}

/// The schema of the path of what an operation has made.
#[derive(Debug)]
pub(super) enum Location {}

impl PartialSchema for Location {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^/")).into()
    }
}

impl ToSchema for Location {}

/// A parameter of an operation, which its extractor describes.
pub(super) fn parameter(
    within: ParameterIn,
    name: &str,
    required: Required,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
) -> Parameter {
    let parameter = ParameterBuilder::new().name(name).parameter_in(within).required(required);
    parameter.description(Some(description)).schema(Some(schema)).build()
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
