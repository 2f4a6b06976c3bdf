//! The codes of what is against a connector version.

use super::{Explanation, Kind};
use crate::connectors::admission;

/// All of them: those of admission in its order, the bounds that are counted, those of a version's life.
pub(super) fn all() -> impl Iterator<Item = Explanation> {
    let explained = |(code, message, remedy, blame, retryable): &Row| Explanation {
        code,
        kind: Kind::Reason,
        message,
        remedy,
        blame,
        retryable: *retryable,
    };
    let bounds = admission::bounds().map(|(code, remedy)| Explanation {
        code,
        kind: Kind::Reason,
        message: "The component has more of something than a connector may; the reason's message says how much of what.",
        remedy,
        blame: AUTHOR,
        retryable: false,
    });
    ADMISSION.iter().map(explained).chain(bounds).chain(LIFE.iter().map(explained))
}

const AUTHOR: &str = "connector";
const HOST: &str = "host";

type Row = (&'static str, &'static str, &'static str, &'static str, bool);

#[rustfmt::skip]
const ADMISSION: &[Row] = &[
    ("unreadable", "The file cannot be read.", "Name a file that this user may read.", HOST, false),
    ("too_large", "The file is larger than a connector may be.", "Leave out debug information and what is not used.", AUTHOR, false),
    ("duplicate_type", "Another file is a connector for the same type already.", "Keep one file for each type.", HOST, false),
    ("not_a_component", "The bytes are no WebAssembly component.", "Build it as a component of the contract's world, and copy the whole file.", AUTHOR, false),
    ("invalid_component", "The bytes are a component that breaks WebAssembly's rules.", "Build it with a current tool-chain, and copy the whole file.", AUTHOR, false),
    ("unsupported_proposal", "The component uses a proposal of WebAssembly that the host does not run.", "Build it without that proposal.", AUTHOR, false),
    ("no_contract", "The component does not export the contract's interface.", "Build it against the contract's world `connector-plugin` or `full-connector`.", AUTHOR, false),
    ("contract_version", "The component is built for a version of the contract that this host does not speak.", "Build it for a version that the message names, or use another host.", AUTHOR, false),
    ("contract", "The component's exports are not as the contract has them.", "Build it against the contract's text, which `patchpanel connector wit` prints.", AUTHOR, false),
    ("unexpected_import", "The component imports what no connector may have.", "Leave out what needs files, sockets, clocks or the environment.", AUTHOR, false),
    ("resources", "The component declares more memory, tables or instances than it may have.", "Declare less memory, smaller tables or fewer instances.", AUTHOR, false),
    ("compile_unavailable", "The compiler's process could not be started or spoken to.", "Try again; the operator finds the cause in the host's log.", HOST, true),
    ("compile_wall_time", "Compiling the component took too long.", "Make it smaller and simpler.", AUTHOR, true),
    ("compile_cpu_time", "Compiling the component took too much CPU time.", "Make it smaller and simpler.", AUTHOR, false),
    ("compile_memory", "Compiling the component took too much memory.", "Make it smaller and simpler.", AUTHOR, false),
    ("compile_failed", "The compiler gave up on the component.", "Make it smaller and simpler; the host's log says more.", AUTHOR, false),
    ("type_name", "The manifest's type-name is not of the form that it must have.", "Use lower-case letters, digits and hyphens, as `postgres` does.", AUTHOR, false),
    ("version", "The manifest's version is no semantic version.", "Write it as 1.2.3.", AUTHOR, false),
    ("title", "A title of the manifest is empty, too long or not one line.", "Give a short title of one line.", AUTHOR, false),
    ("config_member", "The manifest names a member for configurations that there is not.", "Name one of database_config, storage_config and filesystem_config.", AUTHOR, false),
    ("unknown_driver", "The manifest names a driver that this host does not have.", "Name one that the contract describes and this host has.", AUTHOR, false),
    ("auth_method", "An authentication method lacks its name, its title or a schema.", "Give each a name of its own and a title.", AUTHOR, false),
    ("auth_member", "The member that chooses the authentication method is not as the manifest says.", "Have the configuration's schema offer exactly the methods that there are.", AUTHOR, false),
    ("incomplete", "Something that a manifest must have is not there.", "Add what the message names.", AUTHOR, false),
    ("schema", "A schema of the manifest is none that the host takes.", "Write a self-contained schema of draft 2020-12 for an object without other members.", AUTHOR, false),
    ("too_many", "The manifest has more of something than it may.", "Leave some of them out.", AUTHOR, false),
    ("secret_in_config", "A member of the configuration looks like a secret, and configurations are shown.", "Make it a credential.", AUTHOR, false),
    ("unmarked_secret", "A credential says that it is no secret and looks like one.", "Leave \"x-secret\": false to what may be shown, such as a user name.", AUTHOR, false),
    ("setup", "The set-up instructions are not as they must be.", "Write them as the contract describes.", AUTHOR, false),
    ("reach", "The manifest does not say well where connections may lead.", "Write reach as the contract describes, in placeholders for the tenant's words.", AUTHOR, false),
    ("approval_needed", "The connector decides by itself where connections lead, and the operator has not approved that.", "Take it from what the tenant sends, or have the operator approve it with the setting that the remedy names.", AUTHOR, false),
    ("tls_approval_needed", "The connector decides by itself how connections are protected, and the operator has not approved that.", "Take it from what the tenant sends, or have the operator approve it with the setting that the remedy names.", AUTHOR, false),
    ("self_check", "The connector failed when it was called for the first time.", "Call the function yourself with the manifest's examples.", AUTHOR, false),
    ("example", "The connector does not accept its own example.", "Mend the example, or what checks it.", AUTHOR, false),
    ("not_deterministic", "The connector answers the same input differently.", "Take no clock, randomness or order of a hash map into an answer.", AUTHOR, false),
];

#[rustfmt::skip]
const LIFE: &[Row] = &[
    ("shadow_failed", "Stored connections would fail with this version.", "Look at the version's shadow, mend the connector and upload it again.", AUTHOR, false),
    ("failing", "The version failed too often after it was activated, so that the one before it serves again.", "See the host's log for what failed; mend it and upload it again.", AUTHOR, false),
    ("rolled_back", "Somebody has gone back to the version before.", "Activate it to have it serve again.", HOST, false),
    ("file_gone", "The version's file is gone from the watched directory.", "Put the file back.", HOST, false),
    ("damaged", "The version's file in the library is not there or not as it was put there.", "Mend the library's file system, and upload the component again.", HOST, false),
];
