//! `patchpanel connector test`: the conformance kit.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use patchpanel::digest;
use patchpanel::logs;
use patchpanel::settings::Settings;
use patchpanel_kit::authoring::{self, Project, Steps};
use patchpanel_kit::conformance::{self, CHECKS, Checked, Finding, Kit, Options, Outcome, Report, Severity};

use super::{FAILED, Failure, admit, escaped, print};
use crate::stage_table;

/// Tries a connector with everything that tenants and their mistakes may send: thousands of configurations from a seed,
/// hostile values in every field, credentials in every combination, and what earlier versions accepted.
///
/// Every finding has a stable code, the smallest configuration that shows it, and what to do. Exit status: 0 nothing is
/// wrong, 1 something is, 2 the command is.
#[derive(Debug, clap::Args)]
pub(super) struct Test {
    /// The component. Without it, the project here is built and tried, with its cases and recorded configurations.
    file: Option<PathBuf>,
    /// Generated configurations.
    #[arg(long, value_name = "COUNT", default_value = "10000", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    configs: u32,
    /// What they are generated from: the same number gives the same ones.
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: u64,
    /// A directory of cases: configurations, and what must be found in each. The project's `cases` by default.
    #[arg(long, value_name = "DIRECTORY")]
    cases: Option<PathBuf>,
    /// A directory of recorded configurations. The project's `recorded` by default.
    #[arg(long, value_name = "DIRECTORY")]
    recorded: Option<PathBuf>,
    /// Records what this version makes of the manifest's examples, if nothing is wrong. What is recorded already stays.
    #[arg(long)]
    record: bool,
    /// Prints a JSON object for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(settings: &Settings, command: &Test) -> Result<ExitCode, Failure> {
    logs::start(settings.log_format, logs::Level::Error).context("cannot start logging")?;
    let steps = Steps::default();
    let project = if command.file.is_none() { Some(Project::find(Path::new("."))?) } else { None };
    for (name, directory) in [("--cases", &command.cases), ("--recorded", &command.recorded)] {
        // A directory to record in is made.
        let is_made = command.record && name == "--recorded";
        if let Some(directory) = directory.as_ref().filter(|directory| !is_made || directory.exists()) {
            let readable = std::fs::read_dir(directory);
            readable.map_err(|error| Failure::Input(anyhow!("{name} {}: {error}", directory.display())))?;
        }
    }
    if command.record && project.is_none() && command.recorded.is_none() {
        return Err(Failure::Input(anyhow!("--record with a file needs --recorded, the directory to record in")));
    }
    let file = match (&command.file, &project) {
        (Some(file), _) => file.clone(),
        (None, Some(project)) => project.build(&steps)?,
        (None, None) => return Err(Failure::Input(anyhow!("name a component"))),
    };
    let beside = |name| project.as_ref().map(|project| project.root().join(name));
    let options = Options {
        configs: command.configs as usize,
        seed: command.seed,
        cases: command.cases.clone().or_else(|| beside(authoring::CASES)),
        recorded: command.recorded.clone().or_else(|| beside(authoring::RECORDED)),
    };
    let (report, recorded) = examine(settings, &file, &options, command.record, &steps)?;
    let text = if command.json {
        serde_json::to_string_pretty(&report).context("cannot write the report")? + "\n"
    } else {
        render(&report, &recorded)
    };
    print(&text)?;
    Ok(if report.passed { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// Makes every check of a component, and records its examples if asked to.
fn examine(
    settings: &Settings,
    file: &Path,
    options: &Options,
    record: bool,
    steps: &Steps,
) -> Result<(Report, Vec<PathBuf>), Failure> {
    if !file.is_file() {
        return Err(Failure::Input(anyhow!("{} is no file; name a component", file.display())));
    }
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let digest = Some(digest::of(&bytes));
    let start = Instant::now();
    let version = match admit(settings, file, "admission", steps)? {
        Ok(version) => version,
        Err(reasons) => {
            let checks = vec![conformance::refused(&reasons, start)];
            return Ok((Report::new(digest, None, options.seed, checks), Vec::new()));
        }
    };
    let mut checks = vec![conformance::refused(&[], start)];
    let kit = Kit::new(&version, bytes.len() as u64, options);
    for (name, check) in CHECKS {
        let make = || {
            let start = Instant::now();
            let checked = Checked::new(name, check(&kit), start);
            if checked.outcome == Outcome::Failed { Err(checked) } else { Ok(checked) }
        };
        checks.push(steps.step(name, make).unwrap_or_else(|failed| failed));
    }
    let report = Report::new(digest, Some(&version), options.seed, checks);
    let recorded = match &options.recorded {
        Some(directory) if record && report.passed => {
            conformance::record(&kit, directory).with_context(|| format!("cannot record in {}", directory.display()))?
        }
        _ => Vec::new(),
    };
    Ok((report, recorded))
}

/// The report for people.
fn render(report: &Report, recorded: &[PathBuf]) -> String {
    let rows = report.checks.iter().map(|check| {
        let outcome = match check.outcome {
            Outcome::Passed => "passed",
            Outcome::Warned => "warned",
            Outcome::Failed => "failed",
        };
        let time = format!("{:.1} s", check.time.as_secs_f64());
        [check.name.to_owned(), outcome.to_owned(), time, escaped(&check.tried.what).to_string()]
    });
    let table = stage_table::table(["CHECK", "OUTCOME", "TIME", "WHAT"], rows, std::io::stdout().is_terminal());
    let mut text = format!("{table}\n");
    for check in &report.checks {
        for finding in &check.tried.findings {
            describe(&mut text, check.name, finding);
        }
    }
    let who = report.connector.as_deref().unwrap_or("the component");
    let what = if report.passed { "✓ Nothing is wrong with" } else { "✗ Something is wrong with" };
    // Writing to a String cannot fail.
    let _ = write!(text, "\n{what} {} ({})\n", escaped(who), report.digest.as_deref().unwrap_or_default());
    for path in recorded {
        let _ = writeln!(text, "Recorded {}", super::shown(path));
    }
    text
}

/// Adds one finding of a check to a text for people.
pub(super) fn describe(text: &mut String, check: &str, finding: &Finding) {
    let Finding { severity, code, message, remedy, input } = finding;
    let mark = if *severity == Severity::Error { "✗" } else { "!" };
    // Writing to a String cannot fail.
    let _ = write!(text, "\n{mark} {check}: {code}\n    {}\n", escaped(message));
    if let Some(input) = input {
        let _ = writeln!(text, "    {}", escaped(&input.to_string()));
    }
    let _ = writeln!(text, "    → {}", escaped(remedy));
}
