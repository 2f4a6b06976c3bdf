//! `selected_tables`: names as `schema.table` or `table`.

use serde_json::Value;

use super::error;
use crate::contract::patchpanel::connector::types::Finding;

const POINTER: &str = "/selected_tables";

/// Identifiers have at most 63 bytes (PostgreSQL manual, "Identifiers and Key Words"); two of them and a dot.
const MOST_BYTES: usize = 127;
const MOST_TABLES: usize = 1000;

/// The names that are one, and what is wrong with the others.
pub(crate) fn check(value: &Value) -> (Vec<String>, Vec<Finding>) {
    let Value::Array(items) = value else {
        return (Vec::new(), vec![error("wrong_type", POINTER, "selected_tables must be a list of names.", None)]);
    };
    let mut names = Vec::new();
    let mut findings = Vec::new();
    if items.len() > MOST_TABLES {
        findings.push(error("too_many", POINTER, "selected_tables has more than 1000 names.", None));
    }
    for (index, item) in items.iter().enumerate().take(MOST_TABLES) {
        let problem = match item {
            Value::String(name) if names.contains(name) => Some(("duplicate", "This name stands in the list already.")),
            Value::String(name) if !is_table(name) => Some(("not_a_table", "This is not a table's name.")),
            Value::String(name) => {
                names.push(name.clone());
                None
            }
            _ => Some(("wrong_type", "A table's name must be a string.")),
        };
        // A list of a thousand mistakes is said well enough by the first few.
        if let Some((code, message)) = problem.filter(|_| findings.len() < 20) {
            let hint = "Write schema.table, or table for one in db_schema.".to_owned();
            findings.push(error(code, &format!("{POINTER}/{index}"), message, Some(hint)));
        }
    }
    (names, findings)
}

fn is_table(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MOST_BYTES
        && !name.chars().any(char::is_control)
        && !name.starts_with('.')
        && !name.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keeps_names_and_finds_the_rest() {
        let (names, findings) = check(&json!(["orders", "sales.orders", "orders", "", ".x", 1]));
        assert_eq!(names, ["orders", "sales.orders"]);
        let codes = findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>();
        assert_eq!(codes, ["duplicate", "not_a_table", "not_a_table", "wrong_type"]);
    }
}
