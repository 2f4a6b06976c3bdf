//! Connectors written as text, so that each can be wrong in exactly one way.

use anyhow::{Context, Result};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The contract's interface that every connector exports.
pub const CONNECTOR: &str = "patchpanel:connector/connector@1.0.0";

/// The binary form of a module or a component in the WebAssembly text format.
pub fn assemble(text: &str) -> Result<Vec<u8>> {
    wat::parse_str(text).context("this is not WebAssembly text")
}

/// A component of the contract's world `connector-plugin`, made of a core module as text. The module exports `memory`,
/// `cabi_realloc` and the functions of [`CONNECTOR`] in their lowered form, such as `…#get-manifest`.
pub fn connector(module: &str) -> Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("connector.wit", include_str!("../../../wit/connector.wit"))?;
    let world = resolve.select_world(&[package], Some("connector-plugin"))?;
    let mut bytes = assemble(module)?;
    embed_component_metadata(&mut bytes, &resolve, world, StringEncoding::UTF8)?;
    let mut encoder =
        ComponentEncoder::default().validate(true).module(&bytes).context("this module fits no contract")?;
    encoder.encode().context("this module does not fit the contract")
}
