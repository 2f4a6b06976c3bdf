//! The form of one line.

use std::error::Error;
use std::fmt::{self, Write as _};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::Metadata;
use tracing::field::{Field, Visit};

use crate::stranger;

/// A longer text is cut, so that nobody fills the disk with one event.
const MAX_FIELD_BYTES: usize = 4096;

/// The fields of an event or a span, in their order.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Adds those of an outer span; the inner ones win.
    pub(super) fn add(&mut self, outer: &Self) {
        for (name, value) in &outer.0 {
            if !self.0.contains_key(name) {
                self.0.insert(name.clone(), value.clone());
            }
        }
    }

    fn set(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }

    fn set_text(&mut self, field: &Field, text: &str) {
        let mut end = text.len().min(MAX_FIELD_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = if end < text.len() { format!("{}…", &text[..end]) } else { text.to_owned() };
        self.set(field, Value::String(text));
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set_text(field, value);
    }

    /// The whole chain: an error's `Display` never repeats its source.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(error) = source {
            // Writing to a String cannot fail.
            let _ = write!(text, ": {error}");
            source = error.source();
        }
        self.set_text(field, &text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set_text(field, &format!("{value:?}"));
    }
}

/// One JSON object and a line feed: `time`, `level`, `target`, `message`, then the fields.
pub(super) fn json(time: Timestamp, metadata: &Metadata<'_>, mut fields: Fields) -> String {
    let mut object = Map::new();
    object.insert("time".to_owned(), Value::String(format!("{time:.6}")));
    object.insert("level".to_owned(), metadata.level().as_str().into());
    object.insert("target".to_owned(), metadata.target().into());
    if let Some(message) = fields.0.shift_remove("message") {
        object.insert("message".to_owned(), message);
    }
    for (name, value) in fields.0 {
        object.entry(name).or_insert(value);
    }
    format!("{}\n", Value::Object(object))
}

/// A line for people: time, level, message, then `name=value`, with control characters escaped.
pub(super) fn text(time: Timestamp, metadata: &Metadata<'_>, mut fields: Fields) -> String {
    let message = fields.0.shift_remove("message").unwrap_or_default();
    let mut line = format!("{time:.3} {:5} ", metadata.level().as_str());
    escape(message.as_str().unwrap_or_default(), &mut line);
    for (name, value) in fields.0 {
        line.push(' ');
        line.push_str(&name);
        line.push('=');
        match value {
            Value::String(text) if text.is_empty() || text.contains([' ', '"', '=']) => {
                line.push('"');
                escape(&text.replace('"', "\\\""), &mut line);
                line.push('"');
            }
            Value::String(text) => escape(&text, &mut line),
            other => escape(&other.to_string(), &mut line),
        }
    }
    line.push('\n');
    line
}

/// Appends the text with everything escaped that could end the line, move the cursor or turn the direction of reading.
fn escape(text: &str, line: &mut String) {
    text.chars().for_each(|character| stranger::escape(character, line));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::Subscriber;
    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::{Context, SubscriberExt as _};

    use super::*;

    /// Keeps both forms of each event.
    struct Both(Arc<Mutex<Vec<(String, String)>>>);

    impl<S: Subscriber> Layer<S> for Both {
        fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
            let time = Timestamp::from_second(1_800_000_000).unwrap();
            let fields = || {
                let mut fields = Fields::default();
                event.record(&mut fields);
                fields
            };
            let both = (json(time, event.metadata(), fields()), text(time, event.metadata(), fields()));
            self.0.lock().unwrap().push(both);
        }
    }

    fn both(emit: impl FnOnce()) -> (String, String) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(Both(Arc::clone(&lines))), emit);
        lines.lock().unwrap().remove(0)
    }

    #[test]
    fn an_event_has_its_fields_in_both_forms() {
        let (json, text) = both(|| tracing::info!(status = 200, route = "/assets/data", reason = "a b", "request"));
        assert_eq!(
            json,
            "{\"time\":\"2027-01-15T08:00:00.000000Z\",\"level\":\"INFO\",\"target\":\"patchpanel::logs::line::tests\",\
             \"message\":\"request\",\"status\":200,\"route\":\"/assets/data\",\"reason\":\"a b\"}\n"
        );
        assert_eq!(text, "2027-01-15T08:00:00.000Z INFO  request status=200 route=/assets/data reason=\"a b\"\n");
    }

    #[test]
    fn an_event_is_one_line_whatever_is_sent() {
        let hostile = "a\nb\r\u{1b}[2Jc\u{85}d\u{2028}e\u{0}\u{202e}f";
        let (json, text) = both(|| tracing::warn!(user = hostile, shown = %hostile, "{hostile}"));
        for line in [&json, &text] {
            assert_eq!(line.matches('\n').count(), 1, "{line:?}");
            assert!(!line.contains(['\r', '\u{1b}', '\u{0}']), "{line:?}");
        }
        assert!(!text.contains(['\u{85}', '\u{2028}', '\u{202e}']), "{text:?}");
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["user"], hostile);
    }

    #[test]
    fn long_texts_are_cut_and_error_chains_are_whole() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot open it")]
        struct Outer(#[source] std::io::Error);

        let long = "é".repeat(100_000);
        let error = Outer(std::io::Error::other("no such thing"));
        let (json, _) = both(|| tracing::error!(error = &error as &dyn Error, long, "failed"));
        assert!(json.len() < 5_000);
        assert!(json.contains("cannot open it: no such thing"), "{json}");
    }
}
