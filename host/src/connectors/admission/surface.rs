//! What a component asks for and offers, read from its bytes: the contract's interfaces, and of WASI what the host makes
//! inert, if the operator allows it.

use serde::Serialize;
use wasmparser::{Chunk, Encoding, Parser, Payload};

use super::Reason;
use crate::connectors::contract::{SPOKEN, choose, spoken_versions};
use crate::connectors::guest::wasi;
use crate::stranger::shown;

/// Whether connectors may import WASI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WasiPolicy {
    /// One that imports it is refused.
    Refuse,
    /// It is there and does nothing: no files, environment, arguments or sockets, a clock that stands still.
    #[default]
    Inert,
}

/// The package of the contract, and what a connector may import of it.
const CONTRACT: &str = "patchpanel:connector/";
const IMPORTS: [&str; 2] = ["types", "log"];

/// Names of one section that are looked at. WASI and the contract together have some thirty.
const MAX_NAMES: usize = 1_000;

/// Imports that are refused by name.
const MAX_REFUSED: usize = 100;

/// The names at a component's border.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Surface {
    /// The contract's version that it was built for, by the interface `connector` that it exports, such as `1.0.0`.
    pub contract: String,
    /// What it imports.
    pub imports: Vec<String>,
}

/// Reads the border and names everything that must not be there, and what is missing.
pub(super) fn check(bytes: &[u8], policy: WasiPolicy) -> Result<Surface, Vec<Reason>> {
    let (imports, exports) = names(bytes)?;
    let built_for = exports.iter().find_map(|name| version(name, "connector"));
    let unspoken = built_for.filter(|version| choose(SPOKEN, version).is_none());
    let foreign = imports.iter().filter(|name| {
        let of_contract = IMPORTS.iter().find_map(|interface| version(name, interface));
        // What is built for another contract has that one's imports, which is one reason, not three.
        !of_contract.is_some_and(|version| choose(SPOKEN, version).is_some() || Some(version) == unspoken)
    });
    let mut reasons: Vec<Reason> = foreign.filter_map(|name| refuse_import(name, policy)).take(MAX_REFUSED).collect();
    match built_for {
        Some(version) if unspoken.is_some() => reasons.push(refuse_contract(version)),
        Some(version) if reasons.is_empty() => return Ok(Surface { contract: version.to_owned(), imports }),
        Some(_) => {}
        None => reasons.push(Reason::new(
            "no_contract",
            format!("it does not export {CONTRACT}connector@1.0.0, so it is not a connector of contract 1"),
            "Build it against the contract's world `connector-plugin` or `full-connector`.",
        )),
    }
    Err(reasons)
}

/// The reason against a component for a contract that no adapter speaks.
pub(super) fn refuse_contract(built_for: &str) -> Reason {
    let (built_for, spoken) = (shown(built_for), spoken_versions());
    Reason::new(
        "contract_version",
        format!("it is built for contract {built_for}, which this host does not speak; it speaks {spoken}"),
        format!("Build it for contract {spoken}, or use a host that speaks {built_for}."),
    )
}

/// The names of the outermost component's imports and exports. What is nested in it is not looked at, however deep.
fn names(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), Vec<Reason>> {
    let malformed = |error: wasmparser::BinaryReaderError| vec![Reason::not_a_component(error.message())];
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let (mut parser, mut rest) = (Parser::new(0), bytes);
    loop {
        let Chunk::Parsed { consumed, payload } = parser.parse(rest, true).map_err(malformed)? else {
            return Err(vec![Reason::not_a_component("it ends before it is complete")]);
        };
        rest = &rest[consumed..];
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => {
                return Err(vec![Reason::not_a_component("it is a core module, not a component")]);
            }
            Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                rest = rest.get(unchecked_range.len()..).unwrap_or_default();
            }
            Payload::ComponentImportSection(section) => {
                for import in section.into_iter().take(MAX_NAMES) {
                    imports.push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.into_iter().take(MAX_NAMES) {
                    exports.push(export.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::End(_) => return Ok((imports, exports)),
            _ => {}
        }
    }
}

/// The version in a name such as `patchpanel:connector/log@1.0.0`, if it is of this interface.
fn version<'a>(name: &'a str, interface: &str) -> Option<&'a str> {
    name.strip_prefix(CONTRACT)?.strip_prefix(interface)?.strip_prefix('@')
}

fn refuse_import(name: &str, policy: WasiPolicy) -> Option<Reason> {
    let inert = wasi::PACKAGES.iter().any(|package| name.starts_with(package)) && name.contains("@0.2.");
    if inert && policy == WasiPolicy::Inert {
        return None;
    }
    let (what, remedy) = if name.starts_with("wasi:") {
        let what = if inert {
            "which the operator does not allow (the setting connector_wasi)".to_owned()
        } else {
            "which no connector gets".to_owned()
        };
        let remedy = "Build it without WASI: `componentize-py componentize --stub-wasi`, `jco componentize --disable all` \
                      (or `--disable http` for wasi:http alone), or `cargo build --target wasm32-unknown-unknown`.";
        (what, remedy)
    } else if name.starts_with(CONTRACT) {
        let what = format!("which a host that speaks contract {} does not offer", spoken_versions());
        (what, "Import nothing but the contract's `types` and `log`, or use a host that speaks a later version.")
    } else {
        ("which is not of the contract".to_owned(), "Import nothing but the contract's `types` and `log`.")
    };
    Some(Reason::new("unexpected_import", format!("it imports {}, {what}", shown(name)), remedy))
}
