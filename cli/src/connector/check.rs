//! `patchpanel connector check`: whether a host would take a component.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use patchpanel::connectors::Version;
use patchpanel::connectors::admission::Reason;
use patchpanel::logs;
use patchpanel::settings::Settings;
use patchpanel_kit::authoring::{Project, Steps};
use serde::Serialize;

use super::{Failure, admit, escaped, print};

/// Says whether a host with these settings admits a component, by the same steps: it counts, compiles, links it, and
/// tries the manifest's examples.
///
/// A refusal names every reason with a stable code and what the author can do. Exit status: 0 admitted, 1 refused, 2 the
/// file cannot be read.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The component. Without it, the project here is built and checked.
    file: Option<PathBuf>,
    /// Prints a JSON object for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(settings: &Settings, check: &Check) -> Result<ExitCode, Failure> {
    let steps = Steps::default();
    let file = match &check.file {
        Some(file) => file.clone(),
        None => Project::find(Path::new("."))?.build(&steps)?,
    };
    let level = logs::Level::Error;
    logs::start(settings.log_format, level).context("cannot start logging")?;
    let start = Instant::now();
    let outcome = admit(settings, &file, "Admitting", &steps)?;
    let report = Report::new(&file, &outcome, start.elapsed().as_secs_f64());
    let text = if check.json {
        serde_json::to_string_pretty(&report).context("cannot write the report")? + "\n"
    } else {
        let next = "\nNext: `patchpanel connector test`, and `patchpanel connector dev` while you write\n";
        // Who names a file has a way of building of their own.
        report.text() + if check.file.is_none() && outcome.is_ok() { next } else { "" }
    };
    print(&text)?;
    Ok(match outcome {
        Ok(_) => ExitCode::SUCCESS,
        Err(reasons) if reasons.iter().any(|reason| reason.code == "unreadable") => ExitCode::from(super::BAD_INPUT),
        Err(_) => ExitCode::from(super::FAILED),
    })
}

/// What the check found.
#[derive(Debug, Serialize)]
struct Report<'a> {
    file: String,
    admitted: bool,
    /// What the connector is, if it is admitted.
    connector: Option<Facts<'a>>,
    /// Why it is not.
    reasons: &'a [Reason],
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct Facts<'a> {
    connection_type: &'a str,
    title: &'a str,
    version: &'a str,
    digest: &'a str,
    contract_version: &'a str,
    contract_spoken: &'static str,
    capabilities: Vec<&'static str>,
    drivers: &'a [String],
    imports: &'a [String],
}

impl Facts<'_> {
    fn contract(&self) -> String {
        if self.contract_version == self.contract_spoken {
            return self.contract_spoken.to_owned();
        }
        format!("{}, spoken as {}", self.contract_version, self.contract_spoken)
    }
}

impl<'a> Report<'a> {
    fn new(file: &Path, outcome: &'a Result<Version, Vec<Reason>>, seconds: f64) -> Self {
        Self {
            file: super::shown(file),
            admitted: outcome.is_ok(),
            connector: outcome.as_ref().ok().map(|version| Facts {
                connection_type: &version.manifest().connection_type,
                title: &version.manifest().title,
                version: &version.manifest().version,
                digest: version.digest(),
                contract_version: &version.surface().contract,
                contract_spoken: version.contract(),
                capabilities: version.capabilities(),
                drivers: &version.manifest().drivers,
                imports: &version.surface().imports,
            }),
            reasons: outcome.as_ref().err().map_or(&[], Vec::as_slice),
            seconds,
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        if let Some(facts) = &self.connector {
            let _ = writeln!(text, "✓ {} is admitted ({:.1} s)\n", self.file, self.seconds);
            let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let capabilities: Vec<String> = facts.capabilities.iter().map(|&name| name.to_owned()).collect();
            for (name, value) in [
                ("type", format!("{} {} ({})", facts.connection_type, facts.version, facts.title)),
                ("contract", facts.contract()),
                ("capabilities", list(&capabilities)),
                ("drivers", list(facts.drivers)),
                ("imports", list(facts.imports)),
                ("digest", facts.digest.to_owned()),
            ] {
                let _ = writeln!(text, "  {name:<13} {}", escaped(&value));
            }
        } else {
            let count = self.reasons.len();
            let reasons = if count == 1 { "reason" } else { "reasons" };
            let _ = writeln!(text, "✗ {} is refused for {count} {reasons}:", self.file);
            for Reason { code, message, remedy } in self.reasons {
                let _ = writeln!(text, "\n  {code}\n    {}\n    → {}", escaped(message), escaped(remedy));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_connectors_reaches_the_terminal_as_it_is() {
        let text = "\u{9b}31mX\u{202e}\u{1b}[2J";
        let reason = Reason { code: "schema".into(), message: format!("{text} is no type"), remedy: text.to_owned() };
        let reasons = Err(vec![reason]);
        let shown = Report::new(Path::new("mine.wasm"), &reasons, 0.0).text();
        assert!(shown.contains("\\u{9b}31mX\\u{202e}\\u{1b}[2J is no type"), "{shown}");
        let plain = |character: char| character == '\n' || (!character.is_control() && character != '\u{202e}');
        assert!(shown.chars().all(plain), "{shown:?}");
    }
}
