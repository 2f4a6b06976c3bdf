//! `patchpanel explain`: what the stable codes of a connection test mean.

use anyhow::Context as _;
use patchpanel::diagnosis::code::{self, Code};
use patchpanel::meant;

use super::{Failure, print};

/// Explains a code of a connection test: what happened, whose fault it is, whether a retry can help, and what to do.
///
/// Without a code it lists all of them.
#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    /// The code, such as `password_rejected`; all of them are listed without one.
    code: Option<String>,
}

pub(super) fn run(command: &Explain) -> Result<(), Failure> {
    let text = match &command.code {
        None => list(),
        Some(name) => {
            let code = code::all().find(|code| code.name == name);
            let question = || meant::question(name, code::all().map(|code| code.name));
            let unknown =
                || format!("there is no code {name:?}{} `patchpanel explain` lists those there are", question());
            page(code.with_context(unknown).map_err(Failure::Input)?)
        }
    };
    print(&text)
}

fn list() -> String {
    let lines: Vec<_> = code::all().map(|code| format!("{:<32}{}", code.name, code.message)).collect();
    lines.join("\n") + "\n"
}

fn page(code: &Code) -> String {
    let stages: Vec<_> = code.stages.iter().map(|stage| stage.name()).collect();
    let retry = if code.retryable { "can help" } else { "cannot help while nothing changes" };
    format!(
        "{}\n\n  {}\n\n  What to do:  {}\n  Whose fault: {}\n  A retry:     {retry}\n  Stages:      {}\n",
        code.name,
        code.message,
        code.remedy,
        code.blame.name(),
        stages.join(", ")
    )
}
