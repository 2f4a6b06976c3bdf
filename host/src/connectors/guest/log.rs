//! What a guest says: lines of the host's log, marked with the connector, bounded for each call.

use std::sync::{Arc, Mutex, PoisonError};

use super::limits::Limits;

/// The log of one call. Clones write to the same one.
#[derive(Debug, Clone)]
pub(super) struct Log(Arc<Mutex<Lines>>);

#[derive(Debug)]
struct Lines {
    /// Name and version.
    connector: Arc<str>,
    most: u32,
    most_bytes: usize,
    taken: u32,
    /// What was logged, where an author's tools want it.
    kept: Option<Vec<String>>,
}

impl Log {
    pub(super) fn new(connector: &Arc<str>, limits: &Limits) -> Self {
        let (most, most_bytes) = (limits.log_lines, limits.log_line_bytes);
        Self(Arc::new(Mutex::new(Lines { connector: Arc::clone(connector), most, most_bytes, taken: 0, kept: None })))
    }

    /// From now on its lines are kept too.
    pub(super) fn keep(&self) {
        self.lines().kept.get_or_insert_default();
    }

    /// The lines that were kept.
    pub(super) fn kept(&self) -> Vec<String> {
        self.lines().kept.take().unwrap_or_default()
    }

    /// Bytes of a line beyond which it is cut.
    pub(super) fn most_bytes(&self) -> usize {
        self.lines().most_bytes
    }

    /// Takes a line; one too many is only counted.
    pub(super) fn write(&self, level: tracing::Level, message: &str) {
        let mut lines = self.lines();
        lines.taken = lines.taken.saturating_add(1);
        if lines.taken > lines.most {
            return;
        }
        let cut = message.floor_char_boundary(lines.most_bytes);
        if let Some(kept) = &mut lines.kept {
            kept.push(message[..cut].to_owned());
        }
        let message = message[..cut].escape_debug().to_string();
        let connector = &*lines.connector;
        match level {
            tracing::Level::ERROR => tracing::error!(target: "patchpanel::connector", connector, "{message}"),
            tracing::Level::WARN => tracing::warn!(target: "patchpanel::connector", connector, "{message}"),
            tracing::Level::DEBUG => tracing::debug!(target: "patchpanel::connector", connector, "{message}"),
            _ => tracing::info!(target: "patchpanel::connector", connector, "{message}"),
        }
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let dropped = self.taken.saturating_sub(self.most);
        if dropped > 0 {
            let connector = &*self.connector;
            tracing::warn!(target: "patchpanel::connector", connector, dropped, "log lines of one call were dropped");
        }
    }
}
