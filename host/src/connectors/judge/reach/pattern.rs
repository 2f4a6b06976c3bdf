//! Text with placeholders for the tenant's words, as the contract describes it at `reach`.

use serde_json::Value;

use crate::stranger::shown;

/// The tenant's words: the configuration as sent, and the schema's defaults for what is absent.
pub(super) struct Words<'a> {
    pub(super) sent: &'a Value,
    pub(super) schema: &'a Value,
}

/// The value of a pattern.
pub(super) struct Said {
    pub(super) value: String,
    /// The connector's own words, where the value is not the tenant's alone.
    pub(super) own: Option<(String, When)>,
}

/// When words of the connector's own count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::connectors) enum When {
    /// Whatever the tenant says: a pattern that is not a single placeholder.
    Always,
    /// Where the tenant says nothing: a default of the schema.
    Unsaid,
}

impl Words<'_> {
    /// What a pattern of a reach comes to; none where it has no value.
    pub(super) fn say(&self, text: &str, element: usize) -> Option<Said> {
        let pattern = Pattern::parse(text).ok()?;
        let value = pattern.value(self, element)?;
        let own = match pattern.member() {
            Some(member) if self.sent.get(member).is_some() => None,
            Some(_) => Some((value.clone(), When::Unsaid)),
            None => Some((text.to_owned(), When::Always)),
        };
        Some(Said { value, own })
    }

    fn find(&self, pointer: &[String], element: usize) -> Option<&Value> {
        let (first, rest) = pointer.split_first()?;
        let defaults = || self.schema.get("properties")?.get(first)?.get("default");
        let mut value = self.sent.get(first).or_else(defaults)?;
        for segment in rest {
            value = match (value, segment.as_str()) {
                (Value::Array(elements), "*") => elements.get(element)?,
                (Value::Array(elements), index) => elements.get(index.parse::<usize>().ok()?)?,
                (value, name) => value.get(name)?,
            };
        }
        Some(value)
    }
}

/// Text with placeholders.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// The segments of a JSON pointer, unescaped; one may be `*`.
    Pointer(Vec<String>),
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{}\" is not a pattern such as {{/host}} or {{/account}}.example.com", shown(text));
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (literal, behind) = rest.split_once('{').unwrap_or((rest, ""));
            if literal.contains('}') {
                return Err(wrong());
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            if literal.len() == rest.len() {
                break;
            }
            let (pointer, behind) = behind.split_once('}').ok_or_else(wrong)?;
            let segments = pointer.strip_prefix('/').ok_or_else(wrong)?.split('/');
            let segments = segments.map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect::<Vec<_>>();
            if segments.iter().any(String::is_empty) || segments.iter().filter(|segment| *segment == "*").count() > 1 {
                return Err(wrong());
            }
            parts.push(Part::Pointer(segments));
            rest = behind;
        }
        if parts.is_empty() { Err(wrong()) } else { Ok(Self(parts)) }
    }

    /// Whether it is one placeholder and nothing else.
    pub(super) fn is_whole_value(&self) -> bool {
        self.member().is_some()
    }

    /// The top-level member that it stands for, if it is one placeholder and nothing else.
    pub(super) fn member(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Pointer(segments)] => segments.first().map(String::as_str),
            _ => None,
        }
    }

    /// The array that this pattern's `*` goes through.
    pub(super) fn array<'a>(&self, words: &'a Words<'_>) -> Option<&'a Vec<Value>> {
        self.0.iter().find_map(|part| match part {
            Part::Pointer(segments) => {
                let star = segments.iter().position(|segment| segment == "*")?;
                words.find(&segments[..star], 0)?.as_array()
            }
            Part::Literal(_) => None,
        })
    }

    /// What it stands for; none where a placeholder has no value that fits.
    pub(super) fn value(&self, words: &Words<'_>, element: usize) -> Option<String> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Pointer(segments) => {
                    let value = scalar(words.find(segments, element)?)?;
                    if !self.is_whole_value() && !is_label(&value) {
                        return None;
                    }
                    text.push_str(&value);
                }
            }
        }
        Some(text)
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        // 5432.0 is an integer to JSON Schema too.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and in range")]
        Value::Number(number) => {
            number.as_f64().filter(|n| n.fract() == 0.0 && (0.0..1e15).contains(n)).map(|n| (n as u64).to_string())
        }
        _ => None,
    }
}

/// A DNS label (RFC 1123, section 2.1).
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
