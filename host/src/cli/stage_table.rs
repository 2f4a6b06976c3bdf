//! The stage table in the terminal.

use std::fmt::Write as _;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table};

use crate::http::data::report::{FaultFacts, StageResult, TestResult};

/// Width where the output is not a terminal.
const PLAIN_WIDTH: u16 = 120;

/// The table of stages, then what happened and what to do. Colours only for a terminal.
pub(super) fn render(result: &TestResult, terminal: bool) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    if !terminal {
        table.set_width(PLAIN_WIDTH);
    }
    table.set_header(["stage", "outcome", "time", "what"]);
    for stage in &result.details.stages {
        table.add_row([
            Cell::new(stage.stage),
            outcome(stage, terminal),
            Cell::new(stage.latency_ms.map_or(String::new(), |time| format!("{time:.1} ms")))
                .set_alignment(CellAlignment::Right),
            Cell::new(what(stage, result)),
        ]);
    }
    let mut text = format!("{table}\n\n{} ({:.1} ms)\n", sentence(&result.message), result.latency_ms);
    for fault in result.details.stages.iter().flat_map(faults) {
        if let Some(remedy) = &fault.remedy {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}: {}", fault.code.unwrap_or_default(), sentence(remedy));
        }
    }
    text
}

fn outcome(stage: &StageResult, terminal: bool) -> Cell {
    let cell = Cell::new(stage.outcome);
    if !terminal {
        return cell;
    }
    match stage.outcome {
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
        "privileges" => {
            details.privileges.as_ref().map_or(String::new(), |privileges| format!("read-only: {}", privileges.read_only))
        }
        "discover" => {
            let tables: usize = details.schemas.iter().map(|schema| schema.tables.len()).sum();
            let more = if details.truncated { " and more" } else { "" };
            format!("{} schemas, {tables} tables{more}", details.schemas.len())
        }
        _ => String::new(),
    }
}

/// The text as a sentence of its own.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}
