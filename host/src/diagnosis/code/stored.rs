//! Codes that the life of a connection gives rise to, before anything is dialled.

use super::Code;
use crate::diagnosis::{Blame, Stage};

pub(super) const ALL: &[&Code] = &[&CONFIG_WARNING, &CONNECTOR_MISSING, &BINDING_CHANGED];

/// The connector accepts the configuration and has something to say about it.
pub const CONFIG_WARNING: Code = Code {
    name: "config_warning",
    stages: &[Stage::Config],
    blame: Blame::Config,
    retryable: false,
    message: "The connector accepts the configuration and has something to say about it.",
    remedy: "Look at the configuration; it can be used as it is.",
};

/// No connector for this type of connection is loaded any more.
pub const CONNECTOR_MISSING: Code = Code {
    name: "connector_missing",
    stages: &[Stage::Config],
    blame: Blame::Host,
    retryable: true,
    message: "No connector for this type of connection is loaded any more.",
    remedy: "Ask whoever runs this installation to load the connector again.",
};

/// The connector would now send stored credentials somewhere else than where they were accepted for.
pub const BINDING_CHANGED: Code = Code {
    name: "binding_changed",
    stages: &[Stage::Policy],
    blame: Blame::Connector,
    retryable: false,
    message: "The connector would now send the stored credentials somewhere else than where they were accepted for; they \
              were not sent.",
    remedy: "If the new destination is right, change the connection and send its credentials again.",
};
