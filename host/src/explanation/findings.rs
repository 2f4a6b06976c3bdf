//! The codes of findings: those of the host and of the connectors that come with it. A stranger's connector may have codes of
//! its own, whose findings say all that there is to say.

use super::{Explanation, Kind};

/// All of them, in alphabetical order.
pub(super) fn all() -> impl Iterator<Item = Explanation> {
    ALL.iter().map(|(code, message, remedy)| Explanation {
        code,
        kind: Kind::Finding,
        message,
        remedy,
        blame: "caller",
        retryable: false,
    })
}

#[rustfmt::skip]
const ALL: &[(&str, &str, &str)] = &[
    ("bad_page_key", "The key of a page of tables is none that the connector has given out.", "Begin with the first page."),
    ("brackets", "The host has brackets.", "Write an IPv6 address without brackets."),
    ("certificate_missing", "There is a client key without its certificate.", "Send ssl_client_cert too, or leave the key out."),
    ("conflict", "Two members are there of which only one can be.", "Leave one of them out."),
    ("contradiction", "Two members say different things of the same matter.", "Leave one of them out, as the finding says."),
    ("control_character", "The text has a control character.", "Remove it; it may have come with a copied text."),
    ("dsn", "The text is a connection string.", "Send each of its parts as the member for it."),
    ("duplicate", "A name is in a list more than once.", "Leave all but one of each out."),
    ("empty", "The text is empty.", "Give it a value, or leave the member out where it is optional."),
    ("idempotency_key_reused", "The Idempotency-Key was used for another request within 24 hours.", "Use a new key for each request, and the same key for the same body alone."),
    ("immutable", "The member cannot change.", "Leave it out, or register another connection."),
    ("invalid", "The value is not of the form that its schema describes.", "Compare it with the schema in /openapi.json or GET /assets/data/types."),
    ("invisible_character", "A name has a character that nobody sees or that changes the order of the others, so that it could pass for another name.", "Remove the character that the message names, or type the name by hand."),
    ("key_missing", "A client certificate is there without its key.", "Send the key as a credential, or leave the certificate out."),
    ("list", "The host is a list.", "Register one connection for each server."),
    ("malformed", "The text is not of the form that it must have.", "Write it as the finding says."),
    ("not_a_name", "The host is neither a DNS name nor an IP address.", "Use letters, digits, hyphens and dots."),
    ("not_a_table", "An element is no name of a table.", "Write it as the finding says."),
    ("not_normalized", "The project's name is written with combining characters where there are composed ones, so that two spellings look the same.", "Send X-Project-ID in Unicode's normalization form C (NFC)."),
    ("not_pem", "The text is not PEM.", "Send the whole file, from its line BEGIN to its line END."),
    ("not_unique", "Elements of a list are there more than once.", "Leave all but one of each out."),
    ("out_of_range", "The number is smaller or larger than it may be.", "Choose one within the range that the finding names."),
    ("outdated_config", "The stored configuration is not of the form that this connector version takes.", "Send the whole configuration again."),
    ("path", "The host is a path, and connections go over TCP only.", "Send the server's name or address."),
    ("pem", "The text is PEM that was damaged on the way, or other PEM than it should be.", "Send the whole file as it is, from its first line BEGIN to its last line END."),
    ("port_in_host", "The host has a port in it.", "Send the port as the member for it."),
    ("private_key", "A member that is shown to readers has a private key in it.", "Remove the key, send it as the credential for keys, and replace it if others have seen it."),
    ("read_only_member", "A member that only the host changes is there, with another value than the record has.", "Leave it out; if you have sent the whole record, it has changed since you read it, so read it again."),
    ("reference_unsupported", "A credential is a reference, which is not supported yet.", "Send the credential itself."),
    ("rejected", "The connector does not accept the stored configuration any more.", "Send the configuration again, corrected as the connector says."),
    ("repeated", "A query parameter is there twice.", "Send it once."),
    ("required", "A member is missing.", "Send it."),
    ("too_few", "A list has fewer elements than it must have.", "Add some."),
    ("too_large", "The value is larger than it may be.", "Send or ask for less at once."),
    ("too_long", "The text is longer than it may be.", "Shorten it to what the finding names."),
    ("too_many", "There are more elements or members than there may be.", "Leave some of them out."),
    ("too_short", "The text is shorter than it must be.", "Give at least as many characters as the finding names."),
    ("trailing_dot", "The host ends with a dot.", "Write the name without the last dot."),
    ("unchecked", "The host has no schema to check this body by.", "Tell whoever runs this installation; it is a bug."),
    ("unknown_level", "The connector does not know this level of a catalog.", "Ask for schemas, tables or columns."),
    ("unknown_member", "There is no such member.", "Remove it, or look for a spelling mistake; the schema names those there are."),
    ("unknown_parameter", "There is no such query parameter.", "Remove it, or use one of those that the finding names."),
    ("unknown_value", "The value is none of those that are possible.", "Use one of those that the finding names."),
    ("url", "The text is a URL.", "Send each of its parts as the member for it."),
    ("white_space", "The text has white space at an end.", "Remove it, unless it is meant; it may have come with a copied text."),
    ("wrong_member", "The configuration is in the member of another kind of connection.", "Send it in the member that the finding names."),
    ("wrong_type", "The value is of another type.", "Send a text, number, list or object, as the finding says."),
];
