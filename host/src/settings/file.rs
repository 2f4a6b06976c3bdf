//! The settings file, laid under flags and environment as their defaults.

use std::path::Path;

use clap::Command;
use toml::{Table, Value};

use super::Error;

/// The command with the file's values as the defaults of its flags, so that clap parses and checks all three sources
/// alike.
pub(super) fn defaults(mut command: Command, path: &Path) -> Result<Command, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| Error::Syntax { path: path.to_owned(), reason: reason(&text, &error) })?;
    for (key, value) in table {
        let refused = |reason| Error::Key { path: path.to_owned(), reason };
        let known =
            command.get_arguments().any(|argument| argument.get_id() == key.as_str() && argument.get_env().is_some());
        if !known || key == "settings_file" {
            return Err(refused(format!("{key:?} is no setting; remove it, or see `patchpanel --help` for its name")));
        }
        let values = plain(&value)
            .ok_or_else(|| refused(format!("{key} must be a text, a number, true or false, or a list of texts")))?;
        command = command.mut_arg(key, |argument| argument.default_values(values));
    }
    Ok(command)
}

/// The line and the reason, without an extract of the file.
fn reason(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(1, |span| 1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count());
    format!("line {line}: {}", error.message().replace('\n', " "))
}

/// The value as flags would have it.
fn plain(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Integer(number) => Some(vec![number.to_string()]),
        Value::Boolean(truth) => Some(vec![truth.to_string()]),
        Value::Array(values) => values.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}
