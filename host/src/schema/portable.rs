//! Patterns that every reader of a schema can compile. The engine that checks values takes more than that: a client that is
//! generated from a schema, or draws a form from it, has another engine, and may refuse the whole schema for one pattern.
//!
//! Portable is what means the same in ECMA-262 with and without the flag `u`, in Python's `re` and in the engine of this
//! host.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::Value;

use crate::json::member;

/// Something in a pattern that not everybody reads alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unportable {
    /// What it is.
    pub what: &'static str,
    /// What to write instead.
    pub instead: &'static str,
}

/// What is not portable in a pattern; none when all of it is.
pub fn unportable(pattern: &str) -> Option<Unportable> {
    let mut rest = pattern.chars().peekable();
    let mut quantified = false;
    while let Some(character) = rest.next() {
        let is_quantifier = match character {
            '\\' => escape(&mut rest, false).map(|()| false),
            '[' => class(&mut rest).map(|()| false),
            '(' => group(&mut rest).map(|()| false),
            '{' => counted(&mut rest).map(|()| true),
            ']' | '}' => Err(Unportable { what: "a bare ] or }", instead: "\\] or \\}" }),
            other => Ok(matches!(other, '*' | '+' | '?')),
        };
        match is_quantifier {
            Err(found) => return Some(found),
            Ok(true) if quantified => {
                return Some(Unportable {
                    what: "two quantifiers in a row",
                    instead: "a group around the first: (?:…)",
                });
            }
            Ok(true) => {
                // Lazy, which it is everywhere.
                rest.next_if_eq(&'?');
                quantified = true;
            }
            Ok(false) => quantified = false,
        }
    }
    None
}

/// What a backslash makes a class of characters, or a control character, in every dialect.
const CLASSES_AND_CONTROLS: &str = "dDwWsStnrfv";

/// What a backslash takes its meaning from, in every dialect.
const PUNCTUATION: &str = "^$\\.*+?()[]{}|/";

/// What follows a backslash.
fn escape(rest: &mut Peekable<Chars<'_>>, in_class: bool) -> Result<(), Unportable> {
    let digits = |rest: &mut Peekable<Chars<'_>>, count| {
        let all_hex = (0..count).all(|_| rest.next_if(char::is_ascii_hexdigit).is_some());
        let instead = "\\u and four hexadecimal digits";
        if all_hex { Ok(()) } else { Err(Unportable { what: "a code point in braces", instead }) }
    };
    match rest.next() {
        Some('b' | 'B') if !in_class => Ok(()),
        Some('x') => digits(rest, 2),
        Some('u') => digits(rest, 4),
        Some('-') if in_class => Ok(()),
        Some(known) if CLASSES_AND_CONTROLS.contains(known) || PUNCTUATION.contains(known) => Ok(()),
        Some('p' | 'P') => Err(Unportable {
            what: "a Unicode property",
            instead: "the characters themselves, such as [^\\u0000-\\u001f\\u007f-\\u009f] for \\P{Cc}",
        }),
        Some('A' | 'z' | 'Z') => Err(Unportable { what: "an anchor of another dialect", instead: "^ or $" }),
        Some(other) if other.is_ascii_alphanumeric() => {
            Err(Unportable { what: "an escape that is not known everywhere", instead: "the characters themselves" })
        }
        _ => Err(Unportable { what: "a backslash before what needs none", instead: "the character alone" }),
    }
}

/// What follows `[`.
fn class(rest: &mut Peekable<Chars<'_>>) -> Result<(), Unportable> {
    rest.next_if_eq(&'^');
    if rest.peek() == Some(&']') {
        return Err(Unportable { what: "a ] that begins a class", instead: "\\]" });
    }
    while let Some(character) = rest.next() {
        match character {
            ']' => return Ok(()),
            '\\' => escape(rest, true)?,
            '[' => return Err(Unportable { what: "a class in a class", instead: "one class, and \\[ for a bracket" }),
            '&' | '~' | '|' | '-' if rest.peek() == Some(&character) => {
                return Err(Unportable { what: "an operation on classes", instead: "one class with every range" });
            }
            _ if character > '\u{ffff}' => {
                return Err(Unportable {
                    what: "a character beyond U+FFFF in a class",
                    instead: "an alternative: (?:[…]|…)",
                });
            }
            _ => {}
        }
    }
    Err(Unportable { what: "a class without an end", instead: "\\[ for a bracket" })
}

/// What follows `(`.
fn group(rest: &mut Peekable<Chars<'_>>) -> Result<(), Unportable> {
    if rest.next_if_eq(&'?').is_none() {
        return Ok(());
    }
    match rest.next() {
        Some(':') => Ok(()),
        Some('=' | '!' | '<') => Err(Unportable {
            what: "a named group, or a look ahead or behind",
            instead: "a group (…), or several patterns in an allOf, a `not` among them",
        }),
        _ => Err(Unportable { what: "a flag or a named group", instead: "a group (…), and classes such as [Aa]" }),
    }
}

/// What follows `{`: it must be `n}`, `n,}` or `n,m}`.
fn counted(rest: &mut Peekable<Chars<'_>>) -> Result<(), Unportable> {
    let mut number = || std::iter::from_fn(|| rest.next_if(char::is_ascii_digit)).count();
    let least = number();
    if rest.next_if_eq(&',').is_some() {
        while rest.next_if(char::is_ascii_digit).is_some() {}
    }
    let complete = least > 0 && rest.next_if_eq(&'}').is_some();
    if complete { Ok(()) } else { Err(Unportable { what: "a bare {", instead: "\\{" }) }
}

/// Every pattern of a schema that is not portable, with a JSON pointer to the schema that has it.
pub fn unportable_patterns(schema: &Value) -> Vec<(String, Unportable)> {
    let mut found = Vec::new();
    visit(schema, "", &mut |at, pattern| {
        found.extend(unportable(pattern).map(|what| (at.to_owned(), what)));
    });
    found
}

/// A schema for others: without the patterns that are not portable. The host goes on to check them.
pub fn published(mut schema: Value) -> Value {
    for (at, _) in unportable_patterns(&schema) {
        if let Some(members) = schema.pointer_mut(&at).and_then(Value::as_object_mut) {
            members.shift_remove("pattern");
        }
    }
    schema
}

/// Calls `seen` with every pattern and a pointer to the schema that has it. The members of `properties` are names and no
/// keywords, and a value that the schema offers is no schema.
fn visit(schema: &Value, at: &str, seen: &mut impl FnMut(&str, &str)) {
    match schema {
        Value::Object(members) => {
            for (keyword, value) in members {
                let inner = member(at, keyword);
                match (keyword.as_str(), value) {
                    ("pattern", Value::String(pattern)) => seen(at, pattern),
                    ("properties" | "$defs" | "dependentSchemas", Value::Object(named)) => {
                        for (name, schema) in named {
                            visit(schema, &member(&inner, name), seen);
                        }
                    }
                    ("const" | "default" | "enum" | "examples", _) => {}
                    _ => visit(value, &inner, seen),
                }
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                visit(element, &member(at, &index.to_string()), seen);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_everybody_reads_alike_is_portable() {
        for pattern in [
            "",
            "^[a-z][a-z0-9_-]{0,62}$",
            r"^[^\u0000-\u001f\u007f-\u009f]*$",
            r"^\d{4}-\d{2}(?:T\d+)?$",
            r"^(a|b)+?\.\/x{2,}y{1,3}$",
            r"[\]\-\[\x41]",
            "ü|\u{1f600}",
            r"^[!#-~]*$",
        ] {
            assert_eq!(unportable(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn what_some_read_otherwise_is_not_portable() {
        for (pattern, what) in [
            (r"^\P{Cc}*$", "a Unicode property"),
            (r"[^,\p{Cc}]", "a Unicode property"),
            (r"\pL", "a Unicode property"),
            (r"\Aa\z", "an anchor"),
            (r"\u{41}", "a code point"),
            (r"\x{41}", "a code point"),
            (r"\h", "an escape"),
            (r"\1", "an escape"),
            (r"\_", "a backslash"),
            (r"a\", "a backslash"),
            ("[[:alpha:]]", "a class in a class"),
            ("[a&&b]", "an operation"),
            ("[a-z--b]", "an operation"),
            ("[]a]", "a ] that begins"),
            ("[^]a]", "a ] that begins"),
            ("[a", "a class without"),
            ("[\u{1f600}]", "a character beyond"),
            ("(?i)a", "a flag"),
            ("(?P<n>a)", "a flag"),
            ("(?<n>a)", "a named group"),
            ("(?<=a)b", "a named group"),
            ("(?=a)b", "a named group"),
            ("a++", "two quantifiers"),
            ("a{2}*", "two quantifiers"),
            ("a*??", "two quantifiers"),
            ("a{,2}", "a bare {"),
            ("{a}", "a bare {"),
            ("a}", "a bare ] or }"),
        ] {
            let found = unportable(pattern).unwrap_or_else(|| panic!("{pattern} passes"));
            assert!(found.what.starts_with(what), "{pattern}: {found:?}");
        }
    }

    #[test]
    fn a_schema_is_published_without_what_is_not_portable() {
        let schema = json!({
            "pattern": "^a$",
            "properties": {
                "pattern": {"pattern": r"\P{Cc}", "maxLength": 3},
                "b/c": {"anyOf": [{"items": {"pattern": r"(?i)x"}}, {"pattern": "x"}]},
                "d": {"default": {"pattern": r"\p{L}"}},
            },
        });
        let places: Vec<String> = unportable_patterns(&schema).into_iter().map(|(at, _)| at).collect();
        assert_eq!(places, ["/properties/pattern", "/properties/b~1c/anyOf/0/items"]);
        let mut expected = schema.clone();
        expected["properties"]["pattern"] = json!({"maxLength": 3});
        expected["properties"]["b/c"]["anyOf"][0]["items"] = json!({});
        assert_eq!(published(schema), expected);
    }
}
