//! The keyword `pattern`, bounded. Matching takes time in proportion to the text and to the compiled pattern, and both
//! may be a stranger's: a hundred patterns of the largest size would hold a thread for minutes over one large text.

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
struct Pattern {
    text: String,
    validator: Validator,
}

/// Makes the keyword; the other arguments are its surroundings.
pub(super) fn keyword<'a>(
    _: &'a Map<String, Value>,
    value: &'a Value,
    _: Location,
) -> Result<Box<dyn for<'instance> Keyword<'instance>>, ValidationError<'a>> {
    let options = PatternOptions::regex().size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .with_pattern_options(options)
        .build(&json!({ "pattern": value }))
        .map_err(|error| ValidationError::custom(error.to_string()))?;
    Ok(Box::new(Pattern { text: value.as_str().unwrap_or_default().to_owned(), validator }))
}

impl<'instance> Keyword<'instance> for Pattern {
    fn validate(&self, instance: &'instance Value) -> Result<(), ValidationError<'instance>> {
        if self.is_valid(instance) {
            return Ok(());
        }
        Err(ValidationError::custom(format!("It must match the pattern {}.", super::quoted(&self.text))))
    }

    fn is_valid(&self, instance: &'instance Value) -> bool {
        let Value::String(text) = instance else { return true };
        let left = LEFT.get();
        if text.len() > MAX_TEXT_BYTES || left.is_zero() {
            return false;
        }
        let start = Instant::now();
        let matches = self.validator.is_valid(instance);
        LEFT.set(left.saturating_sub(start.elapsed()));
        matches
    }
}
