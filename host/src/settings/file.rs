//! The settings file, laid under flags and environment as their defaults.
//!
//! A table stands for the words that the names in it begin with: `allow_private = true` below `[egress]` is
//! `egress_allow_private = true`. So one setting has one name, in the file, in the environment and as a flag.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::Range;
use std::path::Path;

use clap::{Arg, ArgAction, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Error, names};

/// The command with the file's values as the defaults of its flags, so that clap parses and checks all three sources
/// alike.
pub(super) fn defaults(mut command: Command, path: &Path) -> Result<Command, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    let refused = |mistake: Mistake| Error::InFile {
        path: path.to_owned(),
        place: place(&text, mistake.offset),
        reason: mistake.reason,
    };
    for (name, value) in read(&text, &command).map_err(refused)? {
        command = command.mut_arg(name, |argument| argument.default_values(value));
    }
    Ok(command)
}

/// What is wrong, and where in the text.
struct Mistake {
    offset: usize,
    reason: String,
}

impl Mistake {
    fn new(span: Range<usize>, reason: String) -> Self {
        Self { offset: span.start, reason }
    }
}

/// The settings of a text, each by its name with its value as flags would have it.
fn read(text: &str, command: &Command) -> Result<BTreeMap<String, Vec<String>>, Mistake> {
    let table = DeTable::parse(text).map_err(|error| {
        Mistake::new(
            error.span().unwrap_or_default(),
            format!("it is not TOML: {}", error.message().replace('\n', " ")),
        )
    })?;
    let mut found = BTreeMap::new();
    collect("", table.get_ref(), command, &mut found)?;
    Ok(found)
}

/// Adds the settings of a table whose names begin with this.
fn collect(
    beginning: &str,
    table: &DeTable<'_>,
    command: &Command,
    found: &mut BTreeMap<String, Vec<String>>,
) -> Result<(), Mistake> {
    for (key, value) in table {
        let name = format!("{beginning}{}", key.get_ref());
        let mistake = |reason| Mistake::new(key.span(), reason);
        if let DeValue::Table(inner) = value.get_ref() {
            let beginning = format!("{name}_");
            if !names::of(command).any(|known| known.starts_with(&beginning)) {
                return Err(mistake(format!(
                    "{name:?} is no setting, and none begins with it{}",
                    names::instead(&name, names::tables(command))
                )));
            }
            collect(&beginning, inner, command, found)?;
            continue;
        }
        let name = names::now(&name).to_owned();
        let known = command.get_arguments().find(|argument| names::is_setting(argument) && argument.get_id() == &*name);
        let Some(argument) = known.filter(|_| name != "settings_file") else {
            return Err(mistake(format!("{name:?} is no setting{}", names::instead(&name, names::of(command)))));
        };
        let values = plain(value)
            .ok_or_else(|| mistake(format!("{name} must be a text, a number, true or false, or a list of texts")))?;
        // It would take the default away, and what is in its place then nobody has said.
        if values.is_empty() && !matches!(argument.get_action(), ArgAction::Append) {
            return Err(mistake(format!("{name} must not be an empty list")));
        }
        check(argument, &values).map_err(mistake)?;
        if found.insert(name.clone(), values).is_some() {
            return Err(mistake(format!("{name} is set twice, once in a table")));
        }
    }
    Ok(())
}

/// What clap says of these values alone, if they cannot be the flag's.
fn check(argument: &Arg, values: &[String]) -> Result<(), String> {
    let Some(long) = argument.get_long() else { return Ok(()) };
    let flags = values.iter().map(|value| OsString::from(format!("--{long}={value}")));
    let alone = Command::new("file").no_binary_name(true).arg(argument.clone().env(None::<&str>));
    let Err(error) = alone.try_get_matches_from(flags) else { return Ok(()) };
    // Then comes advice for a command line.
    let text = error.to_string();
    let said = text.split("\n\n").next().unwrap_or_default();
    Err(said.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The line and the column, from 1, without an extract of the file.
fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |feed| feed + 1);
    format!("line {}, column {}", 1 + before.matches('\n').count(), 1 + before[start..].chars().count())
}

/// The value as flags would have it.
fn plain(value: &Spanned<DeValue<'_>>) -> Option<Vec<String>> {
    let text = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    };
    match value.get_ref() {
        DeValue::String(_) => text(value).map(|text| vec![text]),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| vec![number.to_string()])
        }
        DeValue::Boolean(truth) => Some(vec![truth.to_string()]),
        DeValue::Array(values) => values.iter().map(text).collect(),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}
