//! The names of settings: those that they have, those that some had, and which was meant by one that nobody has.

use std::ffi::{OsStr, OsString};

use clap::{Arg, Command};

use crate::meant::meant;

/// What settings were called once, and are called now.
const RENAMED: [(&str, &str); 2] =
    [("max_connections", "http_max_connections"), ("max_connections_per_address", "http_max_connections_per_address")];

/// Whether a flag is a setting, which the environment and the file know too.
pub(super) fn is_setting(argument: &Arg) -> bool {
    argument.get_env().is_some()
}

/// Every setting, by its key in the file.
pub(super) fn of(command: &Command) -> impl Iterator<Item = &str> {
    command.get_arguments().filter(|argument| is_setting(argument)).map(|argument| argument.get_id().as_str())
}

/// What names begin with, in whole words: the tables that the file may have.
pub(super) fn tables(command: &Command) -> impl Iterator<Item = &str> {
    of(command).flat_map(|name| name.match_indices('_').map(move |(at, _)| &name[..at]))
}

/// The name of today for one that a setting has or had.
pub(super) fn now(name: &str) -> &str {
    RENAMED.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| new)
}

/// What to do about a name that is none, as the rest of a sentence.
pub(super) fn instead<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match meant(name, known) {
        Some(meant) => format!("; did you mean {meant:?}? See `patchpanel --help`"),
        None => "; remove it, or see `patchpanel --help` for the right name".to_owned(),
    }
}

/// Has the command take the names that settings had: as flags, and as variables, of which this says whether they are set,
/// where the one of today is not.
pub(super) fn with_former(mut command: Command, environment: impl Fn(&OsStr) -> bool) -> Command {
    for (old, new) in RENAMED {
        if of(&command).any(|name| name == new) {
            command = command.mut_arg(new, |argument| {
                let former = variable(old);
                let is_set = argument.get_env().is_some_and(&environment);
                let argument = argument.alias(old.replace('_', "-"));
                if !is_set && environment(&former) { argument.env(former) } else { argument }
            });
        }
    }
    command
}

/// The variable that was one's of this name.
pub(super) fn is_former_variable(name: &OsStr) -> bool {
    RENAMED.iter().any(|(old, _)| variable(old) == name)
}

fn variable(name: &str) -> OsString {
    format!("PATCHPANEL_{}", name.to_uppercase()).into()
}
