//! Links of the document: an answer that names a resource leads to every operation that takes such a name.

use utoipa::openapi::link::Link;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::{OpenApi, RefOr};

use super::operations;

/// Which answers name a resource: the operation, its status, the parameter that takes the name, and where the name is.
const NAMING: [(&str, &str, &str, &str); 4] = [
    ("create_connection", "201", "resource_uri", "$response.body#/resource_uri"),
    ("list_connections", "200", "resource_uri", "$response.body#/data/0/resource_uri"),
    ("list_connector_versions", "200", "digest", "$response.body#/data/0/digest"),
    ("upload_connector_version", "201", "digest", "$response.body#/digest"),
];

/// Adds them.
pub(super) fn add(document: &mut OpenApi) {
    for (naming, status, parameter, place) in NAMING {
        let takers = taking(document, parameter);
        let answers = document.paths.paths.values_mut().flat_map(operations);
        let mut answers = answers.filter(|operation| operation.operation_id.as_deref() == Some(naming));
        let response = answers.find_map(|operation| operation.responses.responses.get_mut(status));
        let Some(RefOr::T(response)) = response else { continue };
        for taker in takers {
            let link = Link::builder().operation_id(taker.clone()).parameter(parameter, place).build();
            response.links.insert(taker, RefOr::T(link));
        }
    }
}

/// The ids of the operations that have this parameter in their path.
fn taking(document: &mut OpenApi, name: &str) -> Vec<String> {
    let all = document.paths.paths.values_mut().flat_map(operations);
    let taking = all.filter(|operation| {
        operation.parameters.iter().flatten().any(|parameter| {
            matches!(parameter, RefOr::T(parameter) if parameter.name == name && parameter.parameter_in == ParameterIn::Path)
        })
    });
    taking.filter_map(|operation| operation.operation_id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_registered_can_be_found_tested_changed_and_deleted() {
        let document = serde_json::to_value(crate::http::document()).unwrap();
        for (naming, status, parameter, place) in NAMING {
            let operations =
                document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
            let operation = operations.clone().find(|operation| operation["operationId"] == naming).unwrap();
            let links = operation["responses"][status]["links"].as_object().unwrap();
            assert!(links.len() > 3, "{naming}: {links:?}");
            for (id, link) in links {
                assert_eq!(*link, json!({"operationId": id, "parameters": {parameter: place}}), "{naming}");
            }
        }
        let links = document.pointer("/paths/~1assets~1data/post/responses/201/links").unwrap().as_object().unwrap();
        for id in ["find_connection", "test_connection", "update_connection", "delete_connection"] {
            assert!(links.contains_key(id), "{id}");
        }
    }
}
