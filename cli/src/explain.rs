//! `patchpanel explain`: what the stable codes mean.

use std::fmt::Write as _;

use anyhow::anyhow;
use patchpanel::explanation::{self, Explanation};
use patchpanel::meant;

use super::{Failure, print};

/// Explains a code: what happened, whose fault it is, whether a retry can help, and what to do.
///
/// Codes are those of the API's errors, of findings, of reasons against a connector, and of faults in connection tests. A
/// host has the same texts at /docs/codes/. Without a code it lists all of them.
#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    /// The code, such as `password_rejected`; all of them are listed without one.
    code: Option<String>,
}

pub(super) fn run(command: &Explain) -> Result<(), Failure> {
    let Some(code) = &command.code else { return print(&list()) };
    let explanations = explanation::of(code);
    if explanations.is_empty() {
        let question = meant::question(code, explanation::all().map(|explanation| explanation.code));
        let unknown = anyhow!("there is no code {code:?}{question} `patchpanel explain` lists those there are");
        return Err(Failure::Input(unknown));
    }
    print(&page(code, &explanations))
}

fn list() -> String {
    let line = |it: Explanation| format!("{:<32}{}", it.code, it.message);
    explanation::all().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

fn page(code: &str, explanations: &[Explanation]) -> String {
    let mut page = format!("{code}\n");
    for explanation in explanations {
        let Explanation { kind, message, remedy, blame, .. } = explanation;
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n  {}: {message}\n\n  What to do:  {remedy}\n  Whose fault: {blame}\n  A retry:     {}\n  Where:       {}\n  \
             Example:     {}\n",
            kind.name(),
            explanation.retry(),
            kind.place(),
            explanation.example(),
        );
    }
    page
}
