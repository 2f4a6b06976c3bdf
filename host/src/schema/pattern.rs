//! The keyword `pattern`, bounded. Matching takes time in proportion to the text and to the compiled pattern, and both
//! may be a stranger's: a hundred patterns of the largest size would hold a thread for minutes over one large text.
//!
//! What is wrong with a text is said in words: which small change would make it right shows what they are. The pattern itself
//! is for programs.

use std::cell::Cell;
use std::time::{Duration, Instant};

use jsonschema::paths::Location;
use jsonschema::{Draft, Keyword, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value, json};

/// A compiled pattern takes at most this many bytes; the engine matches in linear time.
const MAX_PATTERN_BYTES: usize = 256 << 10;

/// A longer text matches no pattern.
const MAX_TEXT_BYTES: usize = 16 << 10;

/// For all patterns of one check. What a form has takes microseconds.
const MAX_TIME: Duration = Duration::from_secs(1);

thread_local! {
    /// What is left of the time of the check that runs on this thread.
    static LEFT: Cell<Duration> = const { Cell::new(MAX_TIME) };
}

/// Begins a check on this thread.
pub(super) fn begin() {
    LEFT.set(MAX_TIME);
}

/// A pattern as the schema's author wrote it, matched by the library's own keyword.
struct Pattern(Validator);

/// A change to a text that is nearly right, and what to say where it helps.
type Change = (fn(&str) -> String, &'static str);

/// The slips that people make, and do not see.
const CHANGES: [Change; 5] = [
    (|text| text.trim().to_owned(), "There is white space at its beginning or end."),
    (
        |text| text.chars().filter(|one| !one.is_control()).collect(),
        "It has a control character, such as a line break.",
    ),
    (|text| text.split_whitespace().collect(), "It has white space in it."),
    (str::to_lowercase, "It must be in lower case."),
    (|text| text.chars().filter(char::is_ascii).collect(), "It has a character other than those of ASCII."),
];

/// Makes the keyword; the other arguments are its surroundings.
pub(super) fn keyword<'a>(
    _: &'a Map<String, Value>,
    value: &'a Value,
    _: Location,
) -> Result<Box<dyn for<'instance> Keyword<'instance>>, ValidationError<'a>> {
    let options = PatternOptions::regex().size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .with_pattern_options(options)
        .build(&json!({ "pattern": value }))
        .map(|validator| Box::new(Pattern(validator)) as _)
        .map_err(|_| ValidationError::custom(value.as_str().unwrap_or_default()))
}

impl Pattern {
    /// What is wrong with a text that does not match.
    fn mistake(&self, text: &str) -> &'static str {
        if text.len() > MAX_TEXT_BYTES {
            return "It is too long.";
        }
        let helps = |(change, _): &&Change| {
            let changed = change(text);
            changed != text && self.matches(&Value::String(changed))
        };
        CHANGES.iter().find(helps).map_or("It does not have the form that is asked for.", |(_, said)| said)
    }

    fn matches(&self, text: &Value) -> bool {
        let left = LEFT.get();
        if left.is_zero() {
            return false;
        }
        let start = Instant::now();
        let matches = self.0.is_valid(text);
        LEFT.set(left.saturating_sub(start.elapsed()));
        matches
    }
}

impl<'instance> Keyword<'instance> for Pattern {
    fn validate(&self, instance: &'instance Value) -> Result<(), ValidationError<'instance>> {
        match instance {
            Value::String(text) if !self.is_valid(instance) => Err(ValidationError::custom(self.mistake(text))),
            _ => Ok(()),
        }
    }

    fn is_valid(&self, instance: &'instance Value) -> bool {
        match instance {
            Value::String(text) => text.len() <= MAX_TEXT_BYTES && self.matches(instance),
            _ => true,
        }
    }
}
