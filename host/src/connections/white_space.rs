//! What nobody sees in what they have pasted: white space at the ends of texts. It is never trimmed, since it may be meant: in
//! a password it counts.

use serde_json::Value;

use crate::finding::{self, Finding, Severity};
use crate::json::Place;

/// More are told by the first.
const MAX_FINDINGS: usize = 20;

/// What a text of several lines is, and one of PEM that has lost its lines: the white space at its ends says nothing.
const PEM: &str = "-----BEGIN";

/// Tells of white space at the ends of each text in the value at a pointer. A finding that refuses the text says it too, since
/// it may be why; else it is a warning.
pub(super) fn tell(findings: &mut Vec<Finding>, at: &str, value: &Value) {
    let mut found = Vec::new();
    look(&Place::Top(at), value, &mut found);
    for (pointer, place) in found {
        let message = format!("There is white space at {place}.");
        match findings.iter_mut().find(|finding| finding.is_error() && finding.pointer == pointer) {
            Some(finding) if finding.message.contains("white space") => {}
            Some(finding) => {
                finding.message = format!("{} {message}", finding.message);
                finding.hint = Some("Remove the white space.".to_owned());
            }
            None => {
                let hint = "It is taken as it is; remove the white space unless it is meant.";
                let warning = Finding::error("white_space", &pointer, &message).with_hint(hint);
                findings.push(Finding { severity: Severity::Warning, ..warning });
            }
        }
    }
}

fn look(at: &Place<'_>, value: &Value, found: &mut Vec<(String, &'static str)>) {
    if found.len() == MAX_FINDINGS {
        return;
    }
    match value {
        Value::String(text) => found.extend(place(text).map(|place| (finding::bounded(&at.pointer()), place))),
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                look(&Place::Element(at, index), element, found);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                look(&Place::Member(at, name), value, found);
            }
        }
        _ => {}
    }
}

/// Where a text of one line has white space that nobody sees.
fn place(text: &str) -> Option<&'static str> {
    let is_space = |character: char| character.is_whitespace() || matches!(character, '\u{200b}' | '\u{feff}');
    let inside = text.trim_matches(is_space);
    if inside.is_empty() || inside.contains('\n') || inside.starts_with(PEM) {
        return None;
    }
    match (text.starts_with(is_space), text.ends_with(is_space)) {
        (true, true) => Some("the beginning and the end"),
        (true, false) => Some("the beginning"),
        (false, true) => Some("the end"),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_refuses_a_text_says_it_too_and_else_it_is_a_warning() {
        let mut findings = vec![
            Finding::error("not_a_name", "/c/host", "It is no name."),
            Finding::error("malformed", "/c/b", "There is white space at its beginning or end."),
        ];
        let value = json!({
            "host": "db ", "a/b": ["x", "\tx"], "b": " y", "password": "\u{a0}p\n", "sound": "a b", "blank": "  ",
            "pem": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", "one_line": "-----BEGIN X----- ",
        });
        tell(&mut findings, "/c", &value);
        let said: Vec<_> =
            findings.iter().map(|one| (one.is_error(), one.pointer.as_str(), one.message.as_str())).collect();
        assert_eq!(
            said,
            [
                (true, "/c/host", "It is no name. There is white space at the end."),
                (true, "/c/b", "There is white space at its beginning or end."),
                (false, "/c/a~1b/1", "There is white space at the beginning."),
                (false, "/c/password", "There is white space at the beginning and the end."),
            ]
        );
        assert_eq!(findings[0].hint.as_deref(), Some("Remove the white space."));
        let mut many = Vec::new();
        tell(&mut many, "", &json!(vec!["x "; 10_000]));
        assert_eq!(many.len(), MAX_FINDINGS);
    }

    #[test]
    fn a_long_name_is_not_written_for_each_element_below_it() {
        let name = "K".repeat(900_000);
        let mut findings = Vec::new();
        tell(&mut findings, "/c", &json!({ name.as_str(): vec![0; 9000] }));
        assert!(findings.is_empty());
        tell(&mut findings, "/c", &json!({ name.as_str(): vec!["x "; 9000] }));
        assert_eq!(findings.len(), MAX_FINDINGS);
        assert!(findings.iter().all(|finding| finding.pointer.len() < 1100 && finding.pointer.ends_with("K…")));
    }
}
