//! Members that are null where their schema allows no null.

use std::collections::{HashMap, HashSet};

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

/// Whether a member of an object in it is null.
pub(super) fn is_in(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().any(|member| member.is_null() || is_in(member)),
        Value::Array(elements) => elements.iter().any(is_in),
        _ => false,
    }
}

/// Which of them a schema refuses.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// The names of members that are refused themselves, by the pointer of the object that has them.
    nulls: HashMap<String, HashSet<String>>,
    /// Pointers of values of which the schema says only that no alternative fits them.
    around: HashSet<String>,
}

impl Refused {
    /// All that there are.
    pub(super) fn all() -> Self {
        Self { nulls: HashMap::new(), around: HashSet::from([String::new()]) }
    }

    /// Those that are behind these errors.
    pub(super) fn find<'e>(errors: impl Iterator<Item = ValidationError<'e>>, value: &Value) -> Self {
        let mut refused = Self::default();
        for error in errors {
            let at = error.instance_path().as_str();
            if value.pointer(at).is_some_and(Value::is_null) {
                refused.add(at);
            } else if is_of_alternatives(error.kind()) {
                refused.around.insert(at.to_owned());
            }
        }
        refused
    }

    fn add(&mut self, at: &str) {
        if let Some((around, name)) = at.rsplit_once('/') {
            let name = name.replace("~1", "/").replace("~0", "~");
            self.nulls.entry(around.to_owned()).or_default().insert(name);
        }
    }

    /// Takes them out; whether there were any. No element moves by it, so that each pointer leads where it led before.
    pub(super) fn take_out(&self, value: &mut Value) -> bool {
        let mut is_less = false;
        for (around, names) in &self.nulls {
            if let Some(Value::Object(members)) = value.pointer_mut(around) {
                let before = members.len();
                members.retain(|name, it| !it.is_null() || !names.contains(name));
                is_less |= members.len() < before;
            }
        }
        for around in &self.around {
            is_less |= value.pointer_mut(around).is_some_and(take_out_all);
        }
        is_less
    }
}

/// Takes out every member below that is null; whether there were any.
fn take_out_all(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => {
            let before = members.len();
            members.retain(|_, it| !it.is_null());
            let is_less = members.len() < before;
            members.values_mut().fold(is_less, |is_less, it| is_less | take_out_all(it))
        }
        Value::Array(elements) => elements.iter_mut().fold(false, |is_less, it| is_less | take_out_all(it)),
        _ => false,
    }
}

/// Whether an error says that something of alternatives is wrong with a value, and not where in it.
fn is_of_alternatives(kind: &Kind) -> bool {
    matches!(kind, Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } | Kind::Not { .. })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::schema::Schema;

    /// What is left of a value.
    fn left(schema: &Value, value: &Value) -> Value {
        Schema::compile(schema).unwrap().without_nulls(value).into_owned()
    }

    #[test]
    fn a_null_goes_where_the_schema_allows_none_and_stays_where_it_does() {
        let schema = json!({
            "type": "object",
            "required": ["host"],
            "additionalProperties": false,
            "properties": {
                "host": {"type": "string"},
                "port": {"type": "integer"},
                "mode": {"enum": ["a", "b"]},
                "note": {"type": ["string", "null"]},
                "kind": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                "free": {},
                "a/b~c": {"type": "string"},
                "pool": {"type": "object", "properties": {"size": {"type": "integer"}, "name": {"type": ["string", "null"]}}},
                "list": {"items": {"type": "object", "properties": {"x": {"type": "string"}}}},
                "texts": {"items": {"type": "string"}},
            },
        });
        for (value, expected) in [
            (json!({"host": "h"}), json!({"host": "h"})),
            (json!({"host": "h", "port": null, "mode": null, "either": null}), json!({"host": "h"})),
            (
                json!({"host": "h", "note": null, "kind": null, "free": null, "port": null}),
                json!({"host": "h", "note": null, "kind": null, "free": null}),
            ),
            (json!({"host": "h", "a/b~c": null}), json!({"host": "h"})),
            (json!({"host": "h", "pool": {"size": null, "name": null}}), json!({"host": "h", "pool": {"name": null}})),
            (json!({"host": "h", "pool": null}), json!({"host": "h"})),
            (json!({"host": "h", "list": [{"x": null}, {"x": "y"}]}), json!({"host": "h", "list": [{}, {"x": "y"}]})),
            // What is needed is missed; what is unknown stays unknown; an element has a place.
            (json!({"host": null}), json!({})),
            (json!({"host": "h", "hots": null}), json!({"host": "h", "hots": null})),
            (json!({"host": "h", "texts": ["a", null]}), json!({"host": "h", "texts": ["a", null]})),
            // An error elsewhere takes no null away that is allowed.
            (json!({"host": 7, "note": null, "port": null}), json!({"host": 7, "note": null})),
            (json!(null), json!(null)),
            (json!([null]), json!([null])),
        ] {
            assert_eq!(left(&schema, &value), expected, "{value}");
        }
    }

    #[test]
    fn alternatives_of_which_none_fits_are_tried_without_nulls() {
        let schema = json!({"oneOf": [
            {"properties": {"kind": {"const": "a"}, "key": {"type": "string"}}, "required": ["kind"]},
            {"properties": {"kind": {"const": "b"}, "port": {"type": "integer"}}, "required": ["kind"]},
        ]});
        assert_eq!(left(&schema, &json!({"kind": "a", "key": null, "port": null})), json!({"kind": "a"}));
        let inside = json!({"properties": {"tls": schema, "note": {"type": ["string", "null"]}}});
        let value = json!({"note": null, "tls": {"kind": "b", "port": null}});
        assert_eq!(left(&inside, &value), json!({"note": null, "tls": {"kind": "b"}}));
    }

    #[test]
    fn what_another_null_hides_is_found() {
        // Without a user there must be no password either.
        let schema = json!({
            "properties": {"user": {"type": "string"}},
            "if": {"required": ["user"]},
            "then": {},
            "else": {"properties": {"password": {"type": "string"}}},
        });
        assert_eq!(left(&schema, &json!({"user": null, "password": null})), json!({}));
    }

    #[test]
    fn of_a_large_value_every_null_is_taken_out() {
        let alternatives: Vec<Value> = (1..6000).map(|least| json!({"minimum": least})).collect();
        let schema = json!({"properties": {"a": {"items": {"anyOf": alternatives}}, "b": {"type": "string"}}});
        let value = json!({"a": vec![9; 300], "b": null, "c": {"d": null}});
        assert_eq!(left(&schema, &value), json!({"a": vec![9; 300], "c": {}}));
    }

    #[test]
    fn a_long_name_is_not_written_for_each_value_below_it() {
        let name = "K".repeat(900_000);
        let alternatives = json!({"anyOf": [{"type": "string"}, {"type": "integer"}]});
        let properties = json!({"a": alternatives, "b": {"type": "string"}});
        let schema = json!({"additionalProperties": {"items": {"properties": properties}}});
        let mut elements = vec![json!({"c": 0}); 9000];
        elements[7] = json!({"a": null, "b": null, "c": null});
        let left = left(&schema, &json!({ name.as_str(): elements }));
        assert_eq!(left[&name][7], json!({"c": null}));
        // Written for each, the name would take 16 GB in all.
    }
}
