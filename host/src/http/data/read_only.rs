//! A whole record that is sent back: what of it the host alone changes has to be as it was.

use jiff::Timestamp;
use serde_json::Value;

use crate::finding::Finding;
use crate::json::member;

/// The members of a record that a change may change, or that have a finding of their own.
const CHANGEABLE: [&str; 7] =
    ["name", "description", "tags", "connection_type", "database_config", "storage_config", "filesystem_config"];

/// What a test changes.
const TESTED: [&str; 3] = ["status", "status_reason", "last_tested_at"];

/// Times; the same one can be written in several ways.
const TIMES: [&str; 3] = ["created_at", "updated_at", "last_tested_at"];

/// Takes the members out of a change that only the host changes in a record. Each that is not as the record has it is a finding;
/// those that are null say nothing.
///
/// Whoever has read the record before its last test means what that has changed as it was then: a test breaks no edit.
pub(super) fn take(change: &mut Value, record: &Value) -> Vec<Finding> {
    let (Some(change), Some(record)) = (change.as_object_mut(), record.as_object()) else { return Vec::new() };
    let was_tested_since = change.get("last_tested_at").is_some_and(|sent| is_earlier(sent, &record["last_tested_at"]));
    // The answer to a registration or a change has them beside the record.
    change.shift_remove("warnings");
    let mut findings = Vec::new();
    for (name, value) in record.iter().filter(|(name, _)| !CHANGEABLE.contains(&name.as_str())) {
        let Some(sent) = change.shift_remove(name) else { continue };
        let is_as_it_was = was_tested_since && TESTED.contains(&name.as_str());
        if !sent.is_null() && !is_as_it_was && !is_same(name, &sent, value) {
            let message = "Only the host changes this member, and it is not as the record has it.";
            let hint =
                "Leave it out. If you have sent the whole record: it has changed since you read it; read it again.";
            findings.push(Finding::error("read_only_member", &member("", name), message).with_hint(hint));
        }
    }
    findings
}

fn is_same(name: &str, sent: &Value, value: &Value) -> bool {
    // Clients that know times keep milliseconds of them.
    let milliseconds = |time: &Value| Some(time_of(time)?.as_millisecond());
    sent == value || (TIMES.contains(&name) && value.is_string() && milliseconds(sent) == milliseconds(value))
}

/// Whether a time that was sent, or null for never, is before that of the record.
fn is_earlier(sent: &Value, now: &Value) -> bool {
    let Some(now) = time_of(now) else { return false };
    sent.is_null() || time_of(sent).is_some_and(|sent| sent.as_millisecond() < now.as_millisecond())
}

fn time_of(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use utoipa::PartialSchema as _;

    use super::*;
    use crate::http::data::record::ConnectionRecord;
    use crate::http::data::update::UpdateRequest;

    fn record() -> Value {
        json!({
            "resource_uri": "data:a:b:c", "name": "n", "status": "ACTIVE", "status_reason": null, "bindings": [{"port": 1}],
            "created_at": "2026-01-02T03:04:05.123456Z", "last_tested_at": "2026-01-02T03:04:06.000001Z",
        })
    }

    #[test]
    fn what_is_as_it_was_is_taken_out_and_what_is_not_is_named() {
        for (change, found, left) in [
            (record(), vec![], json!({"name": "n"})),
            (json!({"name": "m"}), vec![], json!({"name": "m"})),
            (json!({"status": "ERROR", "other": 1}), vec!["/status"], json!({"other": 1})),
            (json!({"status": null, "resource_uri": null}), vec![], json!({})),
            (json!({"resource_uri": "data:a:b:d", "bindings": []}), vec!["/resource_uri", "/bindings"], json!({})),
            (json!({"bindings": [{"port": 1}], "warnings": [{"code": "x"}]}), vec![], json!({})),
            // Times: other words, or no more than milliseconds.
            (json!({"created_at": "2026-01-02T04:04:05.123456+01:00"}), vec![], json!({})),
            (json!({"created_at": "2026-01-02T03:04:05.123Z"}), vec![], json!({})),
            (json!({"created_at": "2026-01-02T03:04:05.124Z"}), vec!["/created_at"], json!({})),
            (json!({"created_at": "yesterday"}), vec!["/created_at"], json!({})),
            // Of before the last test.
            (json!({"status": "PENDING", "last_tested_at": null}), vec![], json!({})),
            (
                json!({"status": "ERROR", "status_reason": "x", "last_tested_at": "2026-01-01T00:00:00Z"}),
                vec![],
                json!({}),
            ),
            (json!({"status": "ERROR", "last_tested_at": "2026-01-02T03:04:06.000001Z"}), vec!["/status"], json!({})),
            (
                json!({"status": "ERROR", "last_tested_at": "2027-01-01T00:00:00Z"}),
                vec!["/status", "/last_tested_at"],
                json!({}),
            ),
            (json!([1]), vec![], json!([1])),
        ] {
            let mut rest = change.clone();
            let pointers: Vec<String> = take(&mut rest, &record()).into_iter().map(|it| it.pointer).collect();
            assert_eq!((pointers, rest), (found.into_iter().map(str::to_owned).collect(), left), "{change}");
        }
    }

    #[test]
    fn a_member_of_a_record_is_in_a_change_or_read_only() {
        let members = |schema: Value| -> Vec<String> {
            let mut names: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
            names.sort_unstable();
            names
        };
        let of_record = members(serde_json::to_value(ConnectionRecord::schema()).unwrap());
        let of_change = members(serde_json::to_value(UpdateRequest::schema()).unwrap());
        let both: Vec<&String> = of_record.iter().filter(|name| of_change.contains(name)).collect();
        let mut changeable = CHANGEABLE;
        changeable.sort_unstable();
        assert_eq!(both, changeable);
    }
}
