//! JSON Schema (draft 2020-12): bodies, configurations and credentials are checked the same way, and what is wrong is
//! said in the same words.

mod null;
mod pattern;
pub mod portable;
mod words;

use std::borrow::Cow;
use std::collections::HashMap;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Validator};
use serde_json::Value;

use crate::finding::Finding;
pub use words::listed;

/// More findings than this help nobody.
const MAX_FINDINGS: usize = 100;

/// Values of a schema, when every reference is replaced by what it refers to: checking takes time in proportion.
const MAX_EXPANDED_VALUES: usize = 20_000;

/// Patterns of a schema, counted likewise: each takes memory of its own.
const MAX_PATTERNS: usize = 100;

/// Values of a schema times values of what is checked: checking takes time in proportion, here some tenths of a second.
const MAX_WORK: usize = 100_000_000;

/// The same for naming every error, each of which takes memory, those of every alternative too.
const MAX_WORK_OF_ERRORS: usize = 500_000;

/// What is said of a value for which naming every error would take too long.
const TOO_LARGE: &str = "It does not fit its schema, and is too large to say where.";

/// How often it is looked for nulls that a schema refuses.
const NULL_ROUNDS: usize = 3;

/// A compiled schema. It refers to nothing outside itself.
#[derive(Debug)]
pub struct Schema {
    validator: Validator,
    /// Its values, every reference replaced by what it refers to.
    values: usize,
    /// As its author wrote it, who knows what a member is for and which there are.
    text: Value,
}

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It refers to something that is not below itself.
    #[error("its reference {0:?} is not a pointer into the schema itself, such as #/$defs/name")]
    Foreign(String),
    /// A reference leads back to where it stands.
    #[error("its reference {0:?} leads back to itself")]
    Circular(String),
    /// It grows too large when its references are followed.
    #[error("with its references followed it has more than {MAX_EXPANDED_VALUES} values")]
    TooLarge,
    /// It has too many patterns when its references are followed.
    #[error("with its references followed it has more than {MAX_PATTERNS} patterns")]
    TooManyPatterns,
    /// It has patterns of names, whose matching cannot be bounded.
    #[error("it uses patternProperties, which are not supported; name the properties")]
    PatternProperties,
    /// One of its patterns cannot be matched within bounds.
    #[error(
        "its pattern {0:?} cannot be used: it is malformed, looks ahead or behind, refers back to a group, or takes more than \
         256 KiB when it is compiled"
    )]
    Pattern(String),
    /// It is not a schema.
    #[error("it is not a JSON Schema of draft 2020-12; what is wrong is at {0:?}")]
    Invalid(String),
}

impl Schema {
    /// Compiles a self-contained schema.
    pub fn compile(schema: &Value) -> Result<Self, Error> {
        let size = (Expansion { schema, known: HashMap::new() }).size(schema)?;
        if size.values > MAX_EXPANDED_VALUES {
            return Err(Error::TooLarge);
        }
        if size.patterns > MAX_PATTERNS {
            return Err(Error::TooManyPatterns);
        }
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .offline()
            .with_keyword("pattern", pattern::keyword)
            .build(schema)
            .map(|validator| Self { validator, values: size.values, text: schema.clone() })
            .map_err(|error| match error.kind() {
                ValidationErrorKind::Custom { message, .. } => Error::Pattern(shown(message)),
                _ => Error::Invalid(shown(error.instance_path().as_str())),
            })
    }

    /// Whether nothing is wrong with a value.
    pub fn accepts(&self, value: &Value) -> bool {
        pattern::begin();
        self.work(value) <= MAX_WORK && self.validator.is_valid(value)
    }

    /// A value without the members that are null where the schema allows no null: whoever writes every member that it knows
    /// means those as absent. A null that the schema allows stays, since it can mean something there; so do elements of arrays.
    pub fn without_nulls<'a>(&self, value: &'a Value) -> Cow<'a, Value> {
        if !null::is_in(value) || self.accepts(value) {
            return Cow::Borrowed(value);
        }
        let mut left = value.clone();
        if self.work(value) > MAX_WORK_OF_ERRORS {
            null::Refused::all().take_out(&mut left);
            return Cow::Owned(left);
        }
        // What is refused can depend on what else is there.
        for _ in 0..NULL_ROUNDS {
            pattern::begin();
            let refused = null::Refused::find(self.validator.iter_errors(&left), &left);
            if !refused.take_out(&mut left) {
                break;
            }
        }
        Cow::Owned(left)
    }

    fn work(&self, value: &Value) -> usize {
        self.values.saturating_mul(count(value))
    }

    /// Everything that is wrong with a value, with pointers into it. The value itself is never repeated.
    pub fn check(&self, value: &Value) -> Vec<Finding> {
        // Nearly every value is right, and to find that out takes a fraction of what its errors would.
        if self.accepts(value) {
            return Vec::new();
        }
        if self.work(value) > MAX_WORK_OF_ERRORS {
            return vec![Finding::error("invalid", "", TOO_LARGE).with_hint("Send less at once.")];
        }
        pattern::begin();
        let errors = self.validator.iter_errors(value);
        errors.flat_map(|error| words::findings(&error, &self.text)).take(MAX_FINDINGS).collect()
    }
}

/// Whether a schema has refused a value as too large to say where it does not fit.
pub fn is_too_large(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.message == TOO_LARGE)
}

/// How large a schema is when its references are followed. A few references to each other double a schema at every
/// step, so each is measured once.
struct Expansion<'a> {
    schema: &'a Value,
    /// The size behind each reference; none while it is being measured.
    known: HashMap<&'a str, Option<Size>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Size {
    values: usize,
    patterns: usize,
}

impl Size {
    fn add(&mut self, more: Self) {
        self.values = self.values.saturating_add(more.values);
        self.patterns = self.patterns.saturating_add(more.patterns);
    }
}

impl<'a> Expansion<'a> {
    fn size(&mut self, value: &'a Value) -> Result<Size, Error> {
        let mut size = Size { values: 1, patterns: 0 };
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let of_member = match (name.as_str(), member.as_str()) {
                        ("$ref", Some(reference)) => self.behind(reference)?,
                        ("$id" | "$anchor" | "$dynamicRef" | "$dynamicAnchor", Some(text)) => {
                            return Err(Error::Foreign(shown(text)));
                        }
                        ("patternProperties", _) if member.is_object() => return Err(Error::PatternProperties),
                        ("pattern", Some(_)) => Size { values: 1, patterns: 1 },
                        _ => self.size(member)?,
                    };
                    size.add(of_member);
                }
            }
            Value::Array(elements) => {
                for element in elements {
                    size.add(self.size(element)?);
                }
            }
            _ => {}
        }
        Ok(size)
    }

    fn behind(&mut self, reference: &'a str) -> Result<Size, Error> {
        match self.known.get(reference) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(Error::Circular(shown(reference))),
            None => {}
        }
        let target = reference.strip_prefix('#').and_then(|pointer| self.schema.pointer(pointer));
        let target = target.ok_or_else(|| Error::Foreign(shown(reference)))?;
        self.known.insert(reference, None);
        let size = self.size(target)?;
        self.known.insert(reference, Some(size));
        Ok(size)
    }
}

/// The values in a value, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(elements) => elements.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

fn shown(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn says_everything_that_is_wrong_and_repeats_no_value() {
        let schema = Schema::compile(&json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["name", "port"],
            "properties": {"port": {"maximum": 9}, "mode": {"enum": ["a", "b"]}, "tag": {"pattern": "^x+$"},
                           "list": {"items": {"type": "integer"}}, "name": {"type": "string", "minLength": 1}}
        }))
        .unwrap();
        let value = json!({"port": 31337, "mode": "s3cret", "tag": "s3cret", "list": [1, "s3cret"], "s/x": "s3cret"});
        let findings = schema.check(&value);
        let mut found: Vec<_> =
            findings.iter().map(|finding| format!("{} {}", finding.pointer, finding.code)).collect();
        found.sort();
        let expected = [
            "/list/1 wrong_type",
            "/mode unknown_value",
            "/name required",
            "/port out_of_range",
            "/s~1x unknown_member",
            "/tag malformed",
        ];
        assert_eq!(found, expected);
        assert!(!format!("{findings:?}").contains("s3cret"), "{findings:?}");
    }

    #[test]
    fn says_what_is_wrong_in_words_for_people() {
        for (schema, value, said) in [
            (
                json!({"pattern": r"^[^\x00-\x1f]*$"}),
                json!("a\nb"),
                "It has a control character, such as a line break.",
            ),
            (json!({"pattern": "^[a-z]+$"}), json!("abc "), "There is white space at its beginning or end."),
            (json!({"pattern": "^[a-z]+$"}), json!("a b"), "It has white space in it."),
            (json!({"pattern": "^[a-z]+$"}), json!("ABC"), "It must be in lower case."),
            (json!({"pattern": "^[a-z]+$"}), json!("äb"), "It has a character other than those of ASCII."),
            (json!({"pattern": "^[a-z]+$"}), json!("a1"), "It does not have the form that is asked for."),
            (json!({"type": "string"}), json!(1), "It must be a text."),
            (json!({"type": ["integer", "null"]}), json!("1"), "It must be a whole number or null."),
            (json!({"type": "boolean"}), json!("1"), "It must be true or false."),
            (
                json!({"enum": ["verify-ca", "verify-full", 3]}),
                json!("verify_full"),
                "It must be verify-ca, verify-full or 3; did you mean `verify-full`?",
            ),
            (json!({"enum": ["a", "b"]}), json!("s3cret"), "It must be a or b."),
            (json!({"const": "x"}), json!("s3cret"), "It must be x."),
            (json!({"multipleOf": 5}), json!(7), "It must be a multiple of 5."),
            (json!({"exclusiveMinimum": 5}), json!(5), "It must be greater than 5."),
            (
                json!({"anyOf": [{"type": "null"}, {"minLength": 9}]}),
                json!("s3cret"),
                "It has none of the forms that are accepted here.",
            ),
            (
                json!({"oneOf": [{}, {"minLength": 1}]}),
                json!("s3cret"),
                "It has more than one of the forms of which one is asked for.",
            ),
            (json!({"not": {"minLength": 1}}), json!("s3cret"), "It is not what is asked for."),
            (
                json!({"propertyNames": {"maxLength": 1}}),
                json!({"s3cret": 1}),
                "One of its members has a name that is not accepted.",
            ),
            (
                json!({"format": "date", "contains": {"minLength": 9}}),
                json!(["s3cret"]),
                "It is not what is asked for.",
            ),
        ] {
            let findings = Schema::compile(&schema).unwrap().check(&value);
            assert_eq!(findings[0].message, said, "{schema}");
        }
    }

    #[test]
    fn names_the_member_that_was_meant_and_those_there_are() {
        let inner =
            json!({"type": "object", "additionalProperties": false, "properties": {"host": {}, "ssl_mode": {}}});
        let schemas = [
            inner.clone(),
            json!({"$ref": "#/$defs/a", "$defs": {"a": inner}}),
            json!({"allOf": [{}, {"$ref": "#/$defs/a"}], "$defs": {"a": inner}}),
        ];
        for schema in schemas {
            let findings = Schema::compile(&schema).unwrap().check(&json!({"sslmode": "s3cret", "zzz": 1}));
            let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
            let expected = ["There is no such member; did you mean `ssl_mode`?", "There is no such member."];
            assert_eq!(messages, expected, "{schema}");
            assert_eq!(findings[0].hint.as_deref(), Some("Rename or remove it; there are host and ssl_mode."));
        }
    }

    #[test]
    fn a_member_says_what_it_is_for() {
        let schema =
            json!({"properties": {"host": {"pattern": "^[a-z.]+$", "description": "DNS name of the server."}}});
        let findings = Schema::compile(&schema).unwrap().check(&json!({"host": "s3cret!"}));
        assert_eq!(findings[0].hint.as_deref(), Some("DNS name of the server."), "{findings:?}");
    }

    /// A schema that every step makes twice as large.
    fn doubling(steps: usize) -> Value {
        let mut schema = json!({"$ref": format!("#/$defs/a{steps}"), "$defs": {"a0": {"maxLength": 1}}});
        for step in 1..=steps {
            let before = json!({"$ref": format!("#/$defs/a{}", step - 1)});
            schema["$defs"][format!("a{step}")] = json!({"allOf": [before, before]});
        }
        schema
    }

    #[test]
    fn refuses_schemas_that_reach_out_or_can_run_away() {
        for schema in [
            json!({"$ref": "https://example.com/schema"}),
            json!({"properties": {"a": {"items": {"$ref": "file:///etc/passwd"}}}}),
            json!({"properties": {"a": {"pattern": "(a+)+\\1$"}}}),
            json!({"properties": {"a": {"pattern": "(?=x)y"}}}),
            json!({"properties": {"a": {"pattern": "(a{1000}){1000}"}}}),
            json!({"anyOf": (0..101).map(|number| json!({"pattern": format!("a{number}")})).collect::<Vec<_>>()}),
            json!({"patternProperties": {"^a": {}}}),
            json!({"type": "strin"}),
            json!({"$id": "https://example.com/schema"}),
            json!({"properties": {"a": {"$ref": "#"}}}),
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"not": {"$ref": "#/$defs/a"}}}}),
            doubling(40),
        ] {
            assert!(Schema::compile(&schema).is_err(), "{schema}");
        }
        assert!(Schema::compile(&doubling(8)).is_ok());
        // A property may have any name, also that of a keyword.
        assert!(Schema::compile(&json!({"properties": {"pattern": {"type": "string"}}})).is_ok());
        let inside = json!({"$defs": {"a": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/a"}}});
        assert_eq!(Schema::compile(&inside).unwrap().check(&json!({"a": 1})).len(), 1);
    }

    #[test]
    fn bounds_what_a_large_schema_and_a_large_value_take_together() {
        let alternatives: Vec<_> = (1..6000).map(|least| json!({"minimum": least})).collect();
        let schema = Schema::compile(&json!({"items": {"anyOf": alternatives}})).unwrap();
        assert!(schema.accepts(&json!([9])));
        let findings = schema.check(&Value::from(vec![0; 300]));
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].message.contains("too large to say where"), "{findings:?}");
        assert!(!schema.accepts(&Value::from(vec![9000; 500_000])), "it would take seconds");
    }

    #[test]
    fn quotes_little_of_a_schema() {
        let schema = Schema::compile(&json!({"items": {"enum": ["é".repeat(100_000)]}})).unwrap();
        let findings = schema.check(&json!([1, 2]));
        assert!(findings.len() == 2 && findings.iter().all(|finding| finding.message.len() < 600), "{findings:?}");
        let schema = json!({"pattern": "^a$", "description": "é".repeat(100_000)});
        let findings = Schema::compile(&schema).unwrap().check(&json!("b"));
        assert!(findings[0].hint.as_ref().unwrap().len() < 600, "{findings:?}");
        let many: serde_json::Map<_, _> = (0..1_000).map(|number| (format!("member_{number}"), json!({}))).collect();
        let schema = Schema::compile(&json!({"additionalProperties": false, "properties": many})).unwrap();
        let findings = schema.check(&json!({"mumber_7": 1}));
        assert!(findings[0].message.ends_with("did you mean `member_7`?"), "{findings:?}");
        assert!(findings[0].hint.as_ref().unwrap().len() < 600, "{findings:?}");
    }

    #[test]
    fn bounds_the_time_that_patterns_take() {
        let patterns: Vec<_> =
            (0..100).map(|number| json!({"pattern": format!("^(a|b)*a(a|b){{200}}c{number}$")})).collect();
        let schema = Schema::compile(&json!({"items": {"anyOf": patterns}})).unwrap();
        let text = "abbabaab".repeat(2048);
        let start = std::time::Instant::now();
        assert!(!schema.accepts(&Value::from(vec![text.clone(); 64])));
        // The bound is a second and one match; without it this takes minutes.
        assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
        // It is there anew for the next check, and a text that is too long matches nothing.
        assert!(!schema.accepts(&json!([text + "a"])));
        assert!(Schema::compile(&json!({"pattern": "^a+$"})).unwrap().accepts(&json!("aaa")));
    }
}
