//! The parser of bodies takes exactly what `serde_json` takes and is neither ambiguous, deep nor large, and makes the same of
//! it; and a body is charged for no fewer values than it has.

use std::ops::Range;

use serde_json::Value;

use super::most_values;
use crate::fuzz;
use crate::json::{MAX_DEPTH, parse_bounded};

/// Small, so that mutations reach it.
const MAX_VALUES: usize = 100;

const DICTIONARY: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\"a\":1,",
    b"\"\\u0061\":2,",
    b"\"\\ud83d\\ude00\"",
    b"\"\\ud83d\"",
    b"\"\\u0000\"",
    b"\xef\xbb\xbf",
    b"null",
    b"true",
    b"-0",
    b"1e999",
    b"-1e-999",
    b"18446744073709551616",
    b"0.1e+2",
    b"[[[[[[[[[[[[[[[[",
    b"]]]]]]]]]]]]]]]]",
    b"{\"a\":{\"a\":{\"a\":{\"a\":",
    b"\x7f",
    b"\x1b",
    b"\xff",
];

#[test]
fn json() {
    let target = fuzz::Target { name: "json", dictionary: DICTIONARY, parts, rounds: 20_000 };
    target.run(|input| {
        let parsed = parse_bounded(input, MAX_VALUES);
        let Ok(reference) = serde_json::from_slice::<Value>(input) else {
            assert!(parsed.is_err(), "{parsed:?}");
            return;
        };
        let text = Text::read(input);
        // Where a name occurs twice, the last one has taken the place of the others.
        let is_ambiguous = text.members != members(&reference);
        let is_taken = !is_ambiguous && text.depth <= MAX_DEPTH && values(&reference) <= MAX_VALUES;
        assert!(values(&reference) <= most_values(input), "it is charged for {} values", most_values(input));
        match parsed {
            Ok(value) => assert!(is_taken && value == reference, "{value}"),
            Err(error) => {
                assert!(!is_taken, "{error}");
                let error = error.to_string();
                assert!(error.len() < 1_000 && !error.chars().any(char::is_control), "{error:?}");
            }
        }
    });
}

/// What can be counted without knowing what it means.
#[derive(Debug, Default)]
struct Text {
    depth: usize,
    members: usize,
}

impl Text {
    /// Counts outside of texts.
    fn read(input: &[u8]) -> Self {
        let (mut text, mut depth, mut within, mut escaped) = (Self::default(), 0_usize, false, false);
        for byte in input {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = within,
                b'"' => within = !within,
                _ if within => {}
                b'[' | b'{' => {
                    depth += 1;
                    text.depth = text.depth.max(depth);
                }
                b']' | b'}' => depth -= 1,
                b':' => text.members += 1,
                _ => {}
            }
        }
        text
    }
}

fn members(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        Value::Array(array) => array.iter().map(members).sum(),
        _ => 0,
    }
}

fn values(value: &Value) -> usize {
    1 + match value {
        Value::Object(object) => object.values().map(values).sum(),
        Value::Array(array) => array.iter().map(values).sum(),
        _ => 0,
    }
}

/// Texts, numbers and words, and single characters.
fn parts(input: &[u8]) -> Vec<Range<usize>> {
    let (mut parts, mut at) = (Vec::new(), 0);
    while at < input.len() {
        let inside = |byte: &u8| input[at].is_ascii_alphanumeric() && byte.is_ascii_alphanumeric();
        let length = match input[at] {
            b'"' => input[at + 1..].iter().position(|byte| *byte == b'"').map_or(1, |end| end + 2),
            _ => input[at..].iter().take_while(|byte| inside(byte)).count().max(1),
        };
        parts.push(at..at + length);
        at += length;
    }
    parts
}
