//! JSON Schema (draft 2020-12): bodies, configurations and credentials are checked the same way, and what is wrong is
//! said in the same words.

mod pattern;

use std::collections::HashMap;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::Value;

use crate::finding::Finding;
use crate::json::member;

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

/// What is quoted of a schema in a message.
const MAX_QUOTED_CHARACTERS: usize = 200;

/// A compiled schema. It refers to nothing outside itself.
#[derive(Debug)]
pub struct Schema {
    validator: Validator,
    /// Its values, every reference replaced by what it refers to.
    values: usize,
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
    /// It is not a schema.
    #[error("it is not a JSON Schema of draft 2020-12: {0}")]
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
            .map(|validator| Self { validator, values: size.values })
            .map_err(|error| Error::Invalid(error.to_string().chars().take(500).collect()))
    }

    /// Whether nothing is wrong with a value.
    pub fn accepts(&self, value: &Value) -> bool {
        pattern::begin();
        self.work(value) <= MAX_WORK && self.validator.is_valid(value)
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
            let message = "It does not fit its schema, and is too large to say where.";
            return vec![Finding::error("invalid", "", message).with_hint("Send less at once.")];
        }
        pattern::begin();
        self.validator.iter_errors(value).flat_map(|error| findings(&error)).take(MAX_FINDINGS).collect()
    }
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

/// A part of a schema in a message: its author may have written megabytes.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARACTERS) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(200).collect()
}

/// A schema's error in plain words. Never the value: it may be a credential in the wrong place.
fn findings(error: &ValidationError<'_>) -> Vec<Finding> {
    use ValidationErrorKind as Kind;
    let at = error.instance_path().as_str();
    let one = |code: &str, message: &str| vec![Finding::error(code, at, message)];
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Finding::error("required", &member(at, name), "This member is required.")]
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                Finding::error("unknown_member", &member(at, name), "There is no such member.")
                    .with_hint("Remove it, or look for a spelling mistake.")
            })
            .collect(),
        Kind::Type { kind } => vec![wrong_type(kind, at)],
        Kind::Minimum { limit } => one("out_of_range", &format!("It must be at least {limit}.")),
        Kind::Maximum { limit } => one("out_of_range", &format!("It must be at most {limit}.")),
        Kind::MinLength { limit: 1 } => one("empty", "It must not be empty."),
        Kind::MinLength { limit } => one("too_short", &format!("It must have at least {limit} characters.")),
        Kind::MaxLength { limit } => one("too_long", &format!("It must have at most {limit} characters.")),
        Kind::MinItems { limit } => one("too_few", &format!("It must have at least {limit} elements.")),
        Kind::MaxItems { limit } => one("too_many", &format!("It must have at most {limit} elements.")),
        Kind::MaxProperties { limit } => one("too_many", &format!("It must have at most {limit} members.")),
        Kind::UniqueItems => one("not_unique", "Its elements must differ from each other."),
        Kind::Custom { keyword, message } if keyword == "pattern" => one("malformed", message),
        Kind::Enum { options } => one("unknown_value", &format!("It must be one of {}.", quoted(&options.to_string()))),
        Kind::PropertyNames { error } => {
            one("unknown_member", &format!("A member's name is wrong: {}", error.masked()))
        }
        _ => one("invalid", &error.masked().to_string()),
    }
}

fn wrong_type(kind: &TypeKind, at: &str) -> Finding {
    let expected = match kind {
        TypeKind::Single(expected) => expected.to_string(),
        TypeKind::Multiple(set) => set.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" or "),
    };
    let article = if expected.starts_with(['a', 'i', 'o']) { "an" } else { "a" };
    Finding::error("wrong_type", at, &format!("It must be {article} {expected}."))
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
        let pattern = format!("^{}$", "a".repeat(1_000));
        let findings = Schema::compile(&json!({"pattern": pattern})).unwrap().check(&json!("b"));
        assert!(findings[0].code == "malformed" && findings[0].message.len() < 600, "{findings:?}");
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
