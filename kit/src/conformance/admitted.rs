//! Admission, as the first of the checks.

use std::time::Instant;

use patchpanel::connectors::admission::Reason;

use super::{Checked, Finding, Tried};

/// The check `admission`, for a component that a host refuses for these reasons, or for none; it began then.
pub fn refused(reasons: &[Reason], start: Instant) -> Checked {
    let mut tried = Tried::new("bytes, imports, manifest, examples");
    for Reason { code, message, remedy } in reasons {
        tried.add(Finding::error(code.clone(), message, remedy));
    }
    Checked::new("admission", tried, start)
}
