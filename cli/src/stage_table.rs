//! The stage table in the terminal.

use std::fmt::Write as _;

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table};
use patchpanel::http::data::report::{EndpointResult, FaultFacts, StageResult, TestResult};
use patchpanel::stranger::shown;

/// Width where the output is not a terminal.
const PLAIN_WIDTH: u16 = 120;

/// Least width: a terminal that says it is narrower breaks the lines itself.
const MIN_WIDTH: u16 = 80;

/// The table of stages, then what happened and what to do. Colours only for a terminal.
pub(super) fn render(result: &TestResult, terminal: bool) -> String {
    let rows = result.details.stages.iter().map(|stage| {
        let time = stage.latency_ms.map_or(String::new(), |time| format!("{time:.1} ms"));
        [stage.stage.to_owned(), stage.outcome.to_owned(), time, what(stage, result)]
    });
    let table = table(["STAGE", "OUTCOME", "TIME", "WHAT"], rows, terminal);
    let mut text = format!("{table}\n\n{} ({:.1} ms)\n", result.message, result.latency_ms);
    // With one endpoint the table has said it.
    for endpoint in result.details.endpoints.iter().filter(|_| result.details.endpoints.len() > 1) {
        let EndpointResult { host, port, outcome, fault, .. } = endpoint;
        let message = fault.message.as_ref().map_or(String::new(), |message| format!(": {message}"));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} port {port} {outcome}{message}", shown(host));
    }
    for fault in result.details.stages.iter().flat_map(faults) {
        if let Some(remedy) = &fault.remedy {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}: {}", fault.code.unwrap_or_default(), remedy);
        }
    }
    text
}

/// A table of what was done, with its outcome in the second column and its time in the third.
pub(super) fn table(header: [&str; 4], rows: impl Iterator<Item = [String; 4]>, terminal: bool) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    let width = if terminal { table.width().unwrap_or(PLAIN_WIDTH).max(MIN_WIDTH) } else { PLAIN_WIDTH };
    table.set_width(width);
    table.set_header(header);
    for [name, outcome, time, what] in rows {
        let time = Cell::new(time).set_alignment(CellAlignment::Right);
        table.add_row([Cell::new(name), colored(&outcome, terminal), time, Cell::new(what)]);
    }
    table
}

fn colored(outcome: &str, terminal: bool) -> Cell {
    let cell = Cell::new(outcome);
    if !terminal {
        return cell;
    }
    match outcome {
        "passed" => cell.fg(Color::Green),
        "warned" => cell.fg(Color::Yellow),
        "failed" => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        _ => cell.add_attribute(Attribute::Dim),
    }
}

fn faults(stage: &StageResult) -> impl Iterator<Item = &FaultFacts> {
    stage.fault.code.is_some().then_some(&stage.fault).into_iter().chain(&stage.warnings)
}

/// What there is to say of a stage: its faults, else what it found out.
fn what(stage: &StageResult, result: &TestResult) -> String {
    let said: Vec<String> = faults(stage)
        .map(|fault| {
            let sqlstate = fault.sqlstate.as_ref().map_or(String::new(), |code| format!(" [{code}]"));
            format!("{}{sqlstate}", fault.message.as_deref().unwrap_or_default())
        })
        .collect();
    if !said.is_empty() || stage.outcome == "skipped" {
        return said.join("\n");
    }
    let details = &result.details;
    let server = details.server.as_ref();
    match stage.stage {
        "connect" => server.map_or(String::new(), |server| server.address.clone()),
        "tls" => match server.map(|server| &server.tls) {
            Some(Some(tls)) => format!("{} {}", tls.version, tls.cipher.as_deref().unwrap_or_default()),
            Some(None) => "not encrypted".to_owned(),
            None => String::new(),
        },
        "authenticate" => server.map_or(String::new(), |server| server.authentication.clone()),
        "session" => server.map_or(String::new(), |server| format!("server {}", server.version)),
        "privileges" => details
            .privileges
            .as_ref()
            .map_or(String::new(), |privileges| format!("read-only: {}", privileges.read_only)),
        "discover" => {
            let tables: usize = details.schemas.iter().map(|schema| schema.tables.len()).sum();
            let more = if details.truncated { " and more" } else { "" };
            format!("schemas: {}, tables: {tables}{more}", details.schemas.len())
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use patchpanel::diagnosis::{Fault, Outcome, Report, Stage, StageReport, code};

    fn report(outcomes: [Outcome; 3]) -> TestResult {
        let stages = [Stage::Connect, Stage::Authenticate, Stage::Discover]
            .into_iter()
            .zip(outcomes)
            .map(|(stage, outcome)| StageReport { stage, latency: Some(Duration::from_micros(1500)), outcome })
            .collect();
        let latency = Duration::from_millis(5);
        Report {
            stages,
            endpoints: Vec::new(),
            latency,
            server: None,
            privileges: None,
            schemas: Vec::new(),
            truncated: false,
        }
        .into()
    }

    #[test]
    fn a_plain_table_says_what_failed_and_what_to_do() {
        let fault = Fault::new(&code::PASSWORD_REJECTED);
        let remedy = fault.remedy.clone();
        let text = render(&report([Outcome::Passed, Outcome::Failed(fault.clone()), Outcome::Skipped]), false);
        assert!(text.contains("passed") && text.contains("failed") && text.contains("1.5 ms"), "{text}");
        assert!(text.contains(&format!("password_rejected: {remedy}")), "{text}");
        assert!(text.contains(&format!("{} (5.0 ms)", fault.message)), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn colors_are_for_terminals_only() {
        let all_well = report([Outcome::Passed, Outcome::Passed, Outcome::Passed]);
        assert!(!render(&all_well, false).contains('\u{1b}'));
        assert!(render(&all_well, false).contains("schemas: 0, tables: 0"));
    }
}
