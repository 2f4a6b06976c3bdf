//! Why a component is refused, in words for its author.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Why a component is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, such as `unexpected_import`.
    pub code: Cow<'static, str>,
    /// What is wrong.
    pub message: String,
    /// What its author can do.
    pub remedy: String,
}

impl Reason {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), remedy: remedy.into() }
    }

    /// A second file for one type.
    pub fn duplicate_type(connection_type: &str) -> Self {
        let message = format!("another file is a connector for {connection_type} already");
        Self::new("duplicate_type", message, "Keep one file for each type.")
    }

    /// Bytes that are no component, in the words of who read them.
    pub(super) fn not_a_component(why: &str) -> Self {
        Self::new("not_a_component", why, "Build it as a component of the contract's world, and copy the whole file.")
    }

    /// The reason against a component of more than this many bytes.
    pub(in crate::connectors) fn too_large(most: u64) -> Self {
        let message = format!("it is larger than {} MiB (the setting connector_max_component_mib)", most >> 20);
        Self::new("too_large", message, "Leave out debug information and what is not used.")
    }
}
