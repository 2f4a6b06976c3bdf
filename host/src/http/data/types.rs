//! `GET /assets/data/types`: every connector type, with all that a form needs.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::candidate::Configuration;
use crate::connectors::VersionInUse;
use crate::connectors::contract::{AuthMethod, Instruction, Reach};
use crate::http::authentication::Admitted;
use crate::http::connectors::digest::Digest;
use crate::http::error::refusals;
use crate::http::vocabulary::{ConfigMember, InstructionLanguage};
use crate::http::{Api, TAG_DATA};
use crate::schema::portable::published;

/// The schema of a JSON Schema.
#[derive(Debug)]
pub enum JsonSchema {}

impl PartialSchema for JsonSchema {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some("A JSON Schema (draft 2020-12) of an object."))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl ToSchema for JsonSchema {}

/// What stands for the platform's addresses in instructions.
const PLACEHOLDER: &str = "{egress_addresses}";

/// What stands in set-up instructions for the installation's own addresses when nobody has said what they are.
const UNKNOWN_ADDRESSES: &str = "<the addresses that this platform connects from; ask its operator>";

/// The connector types.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionTypes {
    /// Sorted by `connection_type`.
    data: Vec<ConnectionType>,
}

/// A connector type.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "`connection_type` is the API's word for the type's name")]
pub struct ConnectionType {
    /// The type's name in requests.
    #[schema(example = "postgres")]
    connection_type: String,
    /// For people.
    title: String,
    /// For people.
    description: String,
    /// The connector's semantic version.
    version: String,
    /// The connector's digest.
    #[schema(value_type = Digest)]
    digest: String,
    /// The member of a request that holds the configuration.
    #[schema(value_type = ConfigMember)]
    config_member: String,
    /// JSON Schema (draft 2020-12) of the configuration; its properties are in the order of a form. A pattern that not every
    /// engine of regular expressions reads alike is left out, and checked all the same.
    #[schema(value_type = JsonSchema)]
    config_schema: Value,
    /// The configuration's member that chooses the authentication method; null when there is no choice.
    auth_member: Option<String>,
    /// How one can authenticate; the first is the default.
    auth_methods: Vec<AuthenticationMethod>,
    /// Configurations that the connector accepts, the plainest first.
    #[schema(value_type = Vec<Configuration>)]
    examples: Vec<Value>,
    /// Where its connections may lead and how strictly they are protected there at least, in terms of the configuration.
    reaches: Vec<ConnectionReach>,
    /// The optional interfaces that the connector has: `catalog`, `diagnosis`, `migration`.
    capabilities: Vec<&'static str>,
    /// What the owner of the data source does first.
    setup: Vec<SetupStep>,
}

/// A way to authenticate.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthenticationMethod {
    /// The value of the member that `auth_member` names.
    name: String,
    /// For people.
    title: String,
    /// JSON Schema (draft 2020-12) of `credentials`.
    #[schema(value_type = JsonSchema)]
    credential_schema: Value,
}

/// Where endpoints of one role may lead. `{/host}` stands for the member `host` of the configuration as it was sent, else for
/// its default in the schema; what is written out is the connector's own decision, which whoever runs this installation has
/// approved.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionReach {
    /// What the endpoints are for, such as `data`.
    endpoint_role: String,
    /// The host.
    #[schema(example = "{/host}")]
    host: String,
    /// The port.
    #[schema(example = "{/port}")]
    port: String,
    /// The least strict TLS mode; where it has no value, `verify-full`, and `disable` for a host that is this machine.
    #[schema(example = "{/ssl_mode}")]
    tls_mode: String,
    /// Another name than the host's that the server's certificate may be for; null when there is none.
    server_name: Option<String>,
    /// The root certificates (PEM) to trust; where none has a value, those of the installation.
    roots: Vec<String>,
}

/// A step that the owner of the data source takes once.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetupStep {
    /// What the example is for.
    title: String,
    /// What the text is written in.
    #[schema(value_type = InstructionLanguage)]
    language: String,
    /// What to run or write.
    text: String,
}

impl ConnectionType {
    fn new(connector: &VersionInUse, egress_addresses: &[String]) -> Self {
        let manifest = connector.manifest().clone();
        Self {
            connection_type: manifest.connection_type,
            title: manifest.title,
            description: manifest.description,
            version: manifest.version,
            digest: connector.digest().to_owned(),
            config_member: manifest.config_member,
            config_schema: published(manifest.config_schema),
            auth_member: manifest.auth_member,
            auth_methods: manifest.auth_methods.into_iter().map(AuthenticationMethod::from).collect(),
            examples: manifest.examples,
            reaches: manifest.reaches.into_iter().map(ConnectionReach::from).collect(),
            capabilities: connector.capabilities(),
            setup: manifest.setup.into_iter().map(|step| setup_step(step, egress_addresses)).collect(),
        }
    }
}

impl From<AuthMethod> for AuthenticationMethod {
    fn from(method: AuthMethod) -> Self {
        Self { name: method.name, title: method.title, credential_schema: published(method.credential_schema) }
    }
}

impl From<Reach> for ConnectionReach {
    fn from(reach: Reach) -> Self {
        let Reach { endpoint_role, host, port, tls_mode, server_name, roots } = reach;
        Self { endpoint_role, host, port, tls_mode, server_name, roots }
    }
}

/// Puts the platform's addresses in: a line that has the placeholder becomes one line for each address.
fn setup_step(step: Instruction, addresses: &[String]) -> SetupStep {
    let unknown = [UNKNOWN_ADDRESSES.to_owned()];
    let addresses = if addresses.is_empty() { &unknown } else { addresses };
    let lines: Vec<String> = step
        .text
        .split('\n')
        .flat_map(|line| {
            if line.contains(PLACEHOLDER) {
                addresses.iter().map(|address| line.replace(PLACEHOLDER, address)).collect()
            } else {
                vec![line.to_owned()]
            }
        })
        .collect();
    SetupStep { title: step.title, language: step.language, text: lines.join("\n") }
}

/// Lists the connection types
///
/// Every loaded connector: the schema of its configuration, its authentication methods with the schemas of their
/// credentials, examples, and what the owner of a data source sets up first.
#[utoipa::path(get, path = "/assets/data/types", tag = TAG_DATA, responses(
    (status = 200, description = "The connection types", body = ConnectionTypes),
    refusals::Any,
))]
pub async fn list_connection_types(_: Admitted, State(api): State<Arc<Api>>) -> Json<ConnectionTypes> {
    let data =
        api.connectors.list().iter().map(|connector| ConnectionType::new(connector, &api.egress_addresses)).collect();
    Json(ConnectionTypes { data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_repeated_for_each_address() {
        let text = |addresses: &[&str]| {
            let addresses: Vec<String> = addresses.iter().map(|address| (*address).to_owned()).collect();
            let text = "# {brace}\nhost all reader {egress_addresses} scram-sha-256\nend".to_owned();
            let step = Instruction { title: String::new(), language: "conf".to_owned(), text };
            setup_step(step, &addresses).text
        };
        assert_eq!(
            text(&["192.0.2.1/32", "2001:db8::/64"]),
            "# {brace}\nhost all reader 192.0.2.1/32 scram-sha-256\nhost all reader 2001:db8::/64 scram-sha-256\nend"
        );
        assert_eq!(text(&[]), format!("# {{brace}}\nhost all reader {UNKNOWN_ADDRESSES} scram-sha-256\nend"));
    }
}
