//! Whether a file is a component at all, and a valid one.

use std::panic;

use wasmparser::{Error, FuncValidatorAllocations, Parser, ValidPayload, Validator};

use super::FEATURES;
use crate::connectors::admission::Reason;
use crate::connectors::guest::give_way;
use crate::stranger::shown;

/// Bytes that are passed on of what is said about a file.
const MAX_BYTES: usize = 400;

/// Says what bytes are that do not begin as a component does.
pub(super) fn no_component(bytes: &[u8]) -> Reason {
    Reason::not_a_component(if bytes.is_empty() {
        "it is empty"
    } else if Parser::is_core_wasm(bytes) {
        "it is a core module, not a component"
    } else if bytes.trim_ascii_start().starts_with(b"(") {
        "it is WebAssembly text, not the binary form of a component"
    } else {
        "it does not begin as a component does"
    })
}

/// Says what in a file cannot be read.
pub(super) fn unreadable(error: &Error) -> Reason {
    unsupported(error)
        .unwrap_or_else(|| Reason::not_a_component(&format!("it cannot be read as a component: {}", said(error))))
}

/// Checks types and code. What takes the validator long must have been refused before.
pub(super) fn check(bytes: &[u8]) -> Result<(), Reason> {
    let invalid = |why: &str| {
        let remedy = "Build it again with a current tool-chain, and see what `wasm-tools validate` says about it.";
        Reason::new("invalid_component", format!("it is not a valid component: {why}"), remedy)
    };
    // It asserts what it believes, and has been wrong: a type of 128 levels ended it.
    match panic::catch_unwind(|| validate(bytes)) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(unsupported(&error).unwrap_or_else(|| invalid(&said(&error)))),
        Err(_) => Err(invalid("the validator gave up")),
    }
}

/// What [`Validator::validate_all`] does, but gives way meanwhile.
fn validate(bytes: &[u8]) -> Result<(), Error> {
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    let mut validator = Validator::new_with_features(FEATURES);
    let mut functions = Vec::new();
    for payload in parser.parse_all(bytes) {
        if let ValidPayload::Func(function, body) = validator.payload(&payload?)? {
            functions.push((function, body));
        }
        give_way();
    }
    let mut allocations = FuncValidatorAllocations::default();
    for (function, body) in functions {
        let mut function = function.into_validator(allocations);
        function.validate(&body)?;
        allocations = function.into_allocations();
        give_way();
    }
    Ok(())
}

/// A reason against what would be right if the engine offered more.
fn unsupported(error: &Error) -> Option<Reason> {
    let names: Vec<_> = error.missing_wasm_feature()?.iter_names().map(|(name, _)| name.to_lowercase()).collect();
    let names = names.join(", ").replace('_', "-");
    let message = format!("it uses {names}, which connectors do not get: {}", said(error));
    Some(Reason::new("unsupported_proposal", message, format!("Build it without {names}.")))
}

/// What was said about a file, which may quote any name that is in it.
fn said(error: &Error) -> String {
    format!("{} (at byte {})", shown(error.message()).within(MAX_BYTES), error.offset())
}
