//! JSON from strangers: parsed to a value, refusing what parsers disagree about.
//!
//! RFC 8259 leaves the meaning of an object with two members of one name open, so a check may look at one and the user
//! of the value at the other. Such objects are refused here, and so is nesting deep enough to exhaust a stack.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};

/// Levels of arrays and objects that a text may have.
pub const MAX_DEPTH: usize = 64;

/// Member names in messages are cut to this many characters.
const MAX_SHOWN_NAME: usize = 64;

/// Why a text is refused; the message says where, and never repeats a value.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// Parses one JSON text. Members keep their order.
pub fn parse(text: &[u8]) -> Result<Value, Error> {
    parse_bounded(text, usize::MAX)
}

/// Parses one JSON text of at most so many values, of which each object, array, text, number, boolean and null is one: a
/// value takes up to a hundred times the memory of its text.
pub fn parse_bounded(text: &[u8], max_values: usize) -> Result<Value, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let left = Cell::new(max_values);
    let element = Element { depth: 0, max_values, left: &left };
    let value = element.deserialize(&mut deserializer).map_err(|error| explain(&error, text))?;
    deserializer.end().map_err(|error| explain(&error, text))?;
    Ok(value)
}

/// What is said instead of the parser's words, which begin so.
const WORDS: [(&str, &str); 12] = [
    ("trailing characters", "something stands behind its end"),
    ("trailing comma", "there is a comma too many before it"),
    ("key must be a string", "the name of a member stands in double quotes"),
    ("number out of range", "the number is out of range"),
    ("invalid number", "the number is not written as JSON has it"),
    ("control character", "a line break, a tab or the like inside a text is written as an escape, such as \\n"),
    ("invalid escape", "the text has an escape that is none of JSON's"),
    ("expected `:`", "a colon is missing"),
    ("expected `,` or `}`", "a comma or the closing brace is missing"),
    ("expected `,` or `]`", "a comma or the closing bracket is missing"),
    ("expected ident", "only true, false and null stand without quotes"),
    ("expected value", "a value is missing, or is not written as JSON has it"),
];

/// An error of the parser in words for people, who see what they have written only where they look.
fn explain(error: &serde_json::Error, text: &[u8]) -> Error {
    let (line, column) = (error.line(), error.column());
    let said = error.to_string();
    Error(match error.classify() {
        // In this file's own words.
        Category::Data | Category::Io => said,
        Category::Eof if text.trim_ascii().is_empty() => "it is empty".to_owned(),
        Category::Eof => "it ends too early: a quote, a bracket or a brace is not closed".to_owned(),
        Category::Syntax => {
            let at = text.split(|&byte| byte == b'\n').nth(line.saturating_sub(1));
            let words = WORDS.iter().find(|(beginning, _)| said.starts_with(beginning));
            let reason = match at.and_then(|line| line.get(column.saturating_sub(1))) {
                Some(b'\'') => "texts stand in double quotes",
                Some(b'/' | b'#') => "there are no comments in JSON",
                Some(0xef) if column == 1 => "it begins with a byte order mark (U+FEFF), which is to be left out",
                _ => words.map_or("the text is not Unicode", |(_, words)| words),
            };
            format!("it is not JSON at line {line}, column {column}: {reason}")
        }
    })
}

/// The pointer of the member `name` of the object at `pointer` (RFC 6901, section 3).
pub fn member(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Where a walk through a value is: its pointer is made only where one is asked for, since names may be long and many.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// At this pointer, where the walk begins.
    Top(&'a str),
    /// At the member of this name.
    Member(&'a Self, &'a str),
    /// At the element with this index.
    Element(&'a Self, usize),
}

impl Place<'_> {
    /// The pointer of the place (RFC 6901).
    pub fn pointer(&self) -> String {
        match self {
            Self::Top(pointer) => (*pointer).to_owned(),
            Self::Member(around, name) => member(&around.pointer(), name),
            Self::Element(around, index) => format!("{}/{index}", around.pointer()),
        }
    }
}

/// A value at some depth.
#[derive(Clone, Copy)]
struct Element<'a> {
    depth: usize,
    max_values: usize,
    /// How many values there may still be.
    left: &'a Cell<usize>,
}

impl Element<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!("more than {MAX_DEPTH} levels of arrays and objects")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Err(D::Error::custom(format_args!("more than {} values", self.max_values)));
        };
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(inner)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                let shown: String = name.chars().take(MAX_SHOWN_NAME).collect();
                return Err(A::Error::custom(format_args!("the member {shown:?} occurs twice in one object")));
            }
            object.insert(name, members.next_value_seed(inner)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_serde_json_reads() {
        for text in ["null", "[]", r#"{"b":1,"a":[true,-2,0.5,"x\u00e9",{"n":null}]}"#, " 18446744073709551615 "] {
            assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_ambiguous_or_broken() {
        for (text, reason) in [
            (r#"{"a":1,"a":1}"#, "occurs twice"),
            (r#"{"a":1,"\u0061":2}"#, "occurs twice"),
            (r#"[{"x":{"y":1,"y":2}}]"#, "occurs twice"),
            ("{} {}", "line 1, column 4: something stands behind its end"),
            ("", "it is empty"),
            (r#"{"a":[1"#, "it ends too early"),
            (r#"{"a":}"#, "line 1, column 6: a value is missing"),
            ("{\"a\":\n'b'}", "line 2, column 1: texts stand in double quotes"),
            ("{'a':1}", "line 1, column 2: texts stand in double quotes"),
            ("{a:1}", "the name of a member stands in double quotes"),
            (r#"{"a":1,}"#, "a comma too many"),
            (r#"{"a":1 "b":2}"#, "a comma or the closing brace is missing"),
            ("[1 2]", "a comma or the closing bracket is missing"),
            (r#"{"a" 1}"#, "a colon is missing"),
            ("{\"a\":\"x\ny\"}", "written as an escape"),
            (r#""\x""#, "none of JSON's"),
            (r#""\ud800""#, "not Unicode"),
            ("[tru]", "only true, false and null"),
            ("[01]", "not written as JSON has it"),
            ("// x\n{}", "no comments"),
            ("1e999", "out of range"),
            ("\u{feff}{}", "U+FEFF"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn allows_64_levels_and_no_more() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(parse(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err().to_string().contains("64 levels"));
        assert!(parse("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn counts_every_value() {
        for (text, values) in [
            ("null", 1),
            ("[]", 1),
            ("[[],[],{}]", 4),
            (r#"{"a":1,"b":{"c":[true,"x"]}}"#, 6),
            (r#"{"name":"only the value of a member counts"}"#, 2),
        ] {
            assert!(parse_bounded(text.as_bytes(), values).is_ok(), "{text}");
            let refused = parse_bounded(text.as_bytes(), values - 1).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("more than {} values", values - 1)), "{text}: {refused}");
        }
    }

    #[test]
    fn a_place_has_the_pointer_of_the_way_there() {
        let top = Place::Top("/top");
        let member = Place::Member(&top, "a/b~c");
        assert_eq!(Place::Element(&member, 7).pointer(), "/top/a~1b~0c/7");
        assert_eq!(Place::Top("").pointer(), "");
    }

    #[test]
    fn an_error_does_not_repeat_a_value() {
        let error = parse(br#"{"password":"hunter2" "x"}"#).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
