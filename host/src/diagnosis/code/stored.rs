//! Codes that the life of a connection gives rise to, before anything is dialled.

use super::Code;
use crate::diagnosis::{Blame, Stage};

pub(super) const ALL: &[&Code] = &[
    &CONFIG_WARNING,
    &TLS_OF_CONNECTOR,
    &CONNECTOR_MISSING,
    &CONNECTION_ALTERED,
    &BINDING_CHANGED,
    &CREDENTIALS_LOST,
    &CREDENTIALS_DAMAGED,
];

/// The connector accepts the configuration and has something to say about it.
pub const CONFIG_WARNING: Code = Code {
    name: "config_warning",
    stages: &[Stage::Config],
    blame: Blame::Config,
    retryable: false,
    message: "The connector accepts the configuration and has something to say about it.",
    remedy: "Look at the configuration; it can be used as it is.",
};

/// The connector itself decides how the connection is protected.
pub const TLS_OF_CONNECTOR: Code = Code {
    name: "tls_of_connector",
    stages: &[Stage::Config],
    blame: Blame::Connector,
    retryable: false,
    message: "The connector itself decides how the connection is protected, whatever the configuration says.",
    remedy: "Whoever runs this installation has approved it. Where that is not enough for your data, do not send credentials \
             by this connector.",
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

/// The stored connection is not as the host has written it.
pub const CONNECTION_ALTERED: Code = Code {
    name: "connection_altered",
    stages: &[Stage::Config],
    blame: Blame::Host,
    retryable: false,
    message: "What is stored of this connection is not as this host has written it: its credentials were not used.",
    remedy: "Send all its credentials again, or have whoever runs this installation restore its metadata from a backup.",
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

/// The secret store does not have the credentials any more.
pub const CREDENTIALS_LOST: Code = Code {
    name: "credentials_lost",
    stages: &[Stage::Policy],
    blame: Blame::Host,
    retryable: false,
    message: "The credentials of this connection are not in the secret store any more.",
    remedy: "Send all its credentials again, or have whoever runs this installation restore the secret store from the \
             backup that belongs to its metadata.",
};

/// The secret store has something else than the credentials.
pub const CREDENTIALS_DAMAGED: Code = Code {
    name: "credentials_damaged",
    stages: &[Stage::Policy],
    blame: Blame::Host,
    retryable: false,
    message: "The credentials of this connection are damaged in the secret store and cannot be opened.",
    remedy: "Send all its credentials again, or have whoever runs this installation restore the secret store from a backup.",
};
