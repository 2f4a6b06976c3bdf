//! The codes of the API's errors.

use super::{Explanation, Kind};

/// All of them, by status.
pub(super) fn all() -> impl Iterator<Item = Explanation> {
    ALL.iter().map(|(status, code, message, remedy, blame, retryable)| Explanation {
        code,
        kind: Kind::Error(*status),
        message,
        remedy,
        blame,
        retryable: *retryable,
    })
}

const CALLER: &str = "caller";
const HOST: &str = "host";
const CONNECTOR: &str = "connector";

const TELL: &str = "Tell whoever runs this installation, with the request id; its log says more.";
const SMALLER: &str = "Send a smaller configuration. If that is none, tell the connector's author, or ask whoever runs this installation for more; details.setting names the limit.";

type Row = (u16, &'static str, &'static str, &'static str, &'static str, bool);

#[rustfmt::skip]
const ALL: &[Row] = &[
    (400, "INVALID_REQUEST", "A header, the path or the form of the request is wrong.", "Do what the message says; the body must be JSON, and each header occur once.", CALLER, false),
    (401, "INVALID_TOKEN", "The request has no bearer token, or one that is not valid here or has expired.", "Send `Authorization: Bearer` with a token that is in date and was made for this installation.", CALLER, false),
    (403, "INSUFFICIENT_PERMISSIONS", "The roles in your token do not allow this.", "Have an administrator give you a role with the permission that details.permission names, and check X-Project-ID and X-Org-Id.", CALLER, false),
    (404, "RESOURCE_NOT_FOUND", "There is nothing of this name, or it is not yours to see.", "Check the path, the resource URI and X-Project-ID; a list shows what there is for you.", CALLER, false),
    (405, "METHOD_NOT_ALLOWED", "The path is there and does not have this method.", "Use one of the methods that the header Allow names.", CALLER, false),
    (408, "REQUEST_TIMEOUT", "The request's body did not arrive in time.", "Send it again, faster or over a better network.", CALLER, true),
    (409, "RESOURCE_ALREADY_EXISTS", "A connection with this resource URI is there already.", "Choose another name, or send a resource_uri of your own.", CALLER, false),
    (409, "CONNECTION_DISABLED", "The connection is disabled: it can be read and deleted, not used.", "Have somebody with the permission `operate` enable it.", CALLER, false),
    (409, "CONNECTOR_UPGRADE_CHANGED", "No connector version of this digest waits for your agreement.", "Read the connection again; connector_upgrade shows what waits, if anything does.", CALLER, false),
    (409, "CONNECTOR_STATE", "The state of the connector version does not allow this.", "Do first what the message names.", CALLER, false),
    (409, "CONNECTOR_SHADOW_FAILED", "Stored connections would fail with this connector version.", "Look at details.shadow, and mend the connector, or activate it all the same with what the request offers for that.", CONNECTOR, false),
    (409, "CONNECTOR_SERVING", "The connector version serves connections, so that it cannot be deleted.", "Activate another version, and have its held connections upgraded or deleted.", CALLER, false),
    (409, "CONNECTOR_NOTHING_BEFORE", "No version of this connector was active before this one.", "Upload and activate a version to use instead.", CALLER, false),
    (412, "PRECONDITION_FAILED", "If-Match or If-None-Match does not hold: somebody has changed the connection since you read it, or it is there and must not be.", "Read it again, look at what is different, and repeat the change with the new ETag.", CALLER, false),
    (413, "PAYLOAD_TOO_LARGE", "The request's body is larger than it may be.", "Send less at once.", CALLER, false),
    (415, "UNSUPPORTED_MEDIA_TYPE", "The request's body is of another media type, or compressed.", "Send what the headers Accept or Accept-Encoding of the answer name, without Content-Encoding.", CALLER, false),
    (422, "VALIDATION_ERROR", "The body, a parameter or the configuration is wrong.", "Correct what details.findings names; each finding has a code of its own.", CALLER, false),
    (422, "CREDENTIALS_REQUIRED", "The change leads stored credentials to another target, or they cannot be used any more.", "Send the credentials that details.credentials names again, with the change.", CALLER, false),
    (422, "CONNECTOR_REFUSED", "The component is not admitted as a connector.", "Correct what details.reasons names; each reason has a code of its own.", CONNECTOR, false),
    (422, "LIST_TOO_LONG", "The list takes more reading than a list may.", "Narrow it by tags, connection_type, status or created_by, or search for a shorter text.", CALLER, false),
    (429, "RATE_LIMIT_EXCEEDED", "You, your organization or your address ask for too much at once.", "Try again after the time that the header Retry-After names.", CALLER, true),
    (429, "QUOTA_EXCEEDED", "Your project or organization has as much as it may have.", "Delete what is not needed, or ask whoever runs this installation for more; details.setting names the limit.", CALLER, false),
    (500, "INTERNAL_ERROR", "Something went wrong in Patchpanel itself.", TELL, HOST, false),
    (500, "RECORD_DAMAGED", "What is stored is not as this program has written it.", "Have whoever runs this installation restore the metadata from a backup; a damaged connection can also be deleted and registered again.", HOST, false),
    (502, "CONNECTOR_FAILED", "The connector did not do its part: it crashed, or its answer broke the contract.", "Tell whoever runs this installation; the connector's author has to mend it.", CONNECTOR, false),
    (502, "CONNECTOR_LIMIT_MEMORY", "The connector took more memory than a call may.", SMALLER, CONNECTOR, false),
    (502, "CONNECTOR_LIMIT_TABLE_ELEMENTS", "The connector's tables grew larger than a call's may.", SMALLER, CONNECTOR, false),
    (502, "CONNECTOR_LIMIT_HANDLES", "The connector held more resources than a call may.", SMALLER, CONNECTOR, false),
    (502, "CONNECTOR_LIMIT_STACK", "The connector nested its calls deeper than it may.", SMALLER, CONNECTOR, false),
    (502, "CONNECTOR_LIMIT_ANSWER_BYTES", "The connector's answer was larger than one may be.", SMALLER, CONNECTOR, false),
    (503, "SERVICE_UNAVAILABLE", "The host is too busy for this, is stopping, or a store does not answer.", "Try again after the time that the header Retry-After names.", HOST, true),
    (503, "CONNECTOR_SUSPENDED", "The connector rests for your organization, because it failed again and again.", "Try again after the time that the header Retry-After names; tell whoever runs this installation if it stays.", CONNECTOR, true),
    (504, "CONNECTOR_LIMIT_CPU_TIME", "The connector took more time to compute than a call may.", SMALLER, CONNECTOR, false),
    (504, "CONNECTOR_LIMIT_WALL_TIME", "The connector did not answer in the time that a call may take.", "Try again when there is less load; if it stays, tell the connector's author.", CONNECTOR, true),
];
