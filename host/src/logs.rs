//! Logs: one event is one line on standard error, whatever users, connectors and servers send. Fields of the spans
//! around an event, such as the request id, are on its line.

mod line;

use std::io::{IsTerminal as _, Write as _};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::clock;
use line::Fields;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Text on a terminal, else JSON.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Level {
    /// What needs an operator.
    Error,
    /// What may need one.
    Warn,
    /// Warnings and errors, what starts and stops, and one line for each request.
    Info,
    /// All of that, and the host's decisions.
    Debug,
    /// Everything.
    Trace,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

/// Starts logging for this process, panics included. Call it once.
pub fn start(format: Format, level: Level) -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
    let json = match format {
        Format::Auto => !std::io::stderr().is_terminal(),
        Format::Json => true,
        Format::Text => false,
    };
    // Libraries may log what passes through them; only their warnings are wanted.
    let libraries = LevelFilter::from(level).min(LevelFilter::WARN);
    let filter = Targets::new().with_default(libraries).with_target("patchpanel", LevelFilter::from(level));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Lines { json }.with_filter(filter)))?;
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a panic without a message");
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, panic = message, "a bug: a thread panicked");
    }));
    Ok(())
}

/// The layer that writes lines.
struct Lines {
    json: bool,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.add(outer);
            }
        }
        let text = if self.json {
            line::json(clock::timestamp(), event.metadata(), fields)
        } else {
            line::text(clock::timestamp(), event.metadata(), fields)
        };
        // Without a standard error there is nobody to tell.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}
