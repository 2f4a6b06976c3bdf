//! One attack and what became of it.

use anyhow::Result;
use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use test_support::load::Report;
use test_support::skip::skip;
use test_support::swarm::Answers;

use super::arena::{Afterwards, Kind, MAX_MORE_DESCRIPTORS, MAX_MORE_MEMORY};
use crate::measure::{Result as Measured, Verdict, median};

/// How much longer the good requests may take.
const MAX_RATIO: f64 = 3.0;

const MIB: f64 = 1024.0 * 1024.0;

pub(crate) struct Row {
    name: &'static str,
    skipped: Option<String>,
    /// Blocks in their order, each by kind.
    quiet: Vec<Vec<Report>>,
    attacked: Vec<Vec<Report>>,
    answers: Answers,
    /// Why the host ended, or did not come to itself.
    ended: Option<String>,
    more_memory: u64,
    more_descriptors: usize,
}

impl Row {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            skipped: None,
            quiet: Vec::new(),
            attacked: Vec::new(),
            answers: Answers::default(),
            ended: None,
            more_memory: 0,
            more_descriptors: 0,
        }
    }

    /// One that cannot be tried here.
    pub(crate) fn skipped(name: &'static str, reason: String) -> Self {
        skip(name, &reason);
        Self { skipped: Some(reason), ..Self::new(name) }
    }

    /// Adds a block.
    pub(crate) fn add(
        &mut self,
        attacked: bool,
        reports: Vec<Report>,
        answers: Result<Answers>,
        afterwards: Afterwards,
    ) {
        if attacked { &mut self.attacked } else { &mut self.quiet }.push(reports);
        let mut ended = afterwards.ended;
        match answers {
            Ok(answers) => self.answers.extend(answers),
            Err(error) => ended = Some(format!("{error:#}")),
        }
        self.ended = self.ended.take().or(ended);
        self.more_memory = self.more_memory.max(afterwards.more_memory);
        self.more_descriptors = self.more_descriptors.max(afterwards.more_descriptors);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    fn errors(&self) -> usize {
        self.quiet.iter().chain(&self.attacked).flatten().map(|report| report.errors).sum()
    }

    /// The p99 under attack as a multiple of the quiet one, the median of the pairs of blocks: that of the kind of request
    /// that suffers most.
    fn ratio(&self) -> f64 {
        let kinds = self.quiet.first().map_or(0, Vec::len);
        let of_kind = |kind: usize| {
            let pairs = self.attacked.iter().zip(&self.quiet);
            let mut ratios: Vec<f64> =
                pairs.map(|(attacked, quiet)| p99(&attacked[kind]) / p99(&quiet[kind])).collect();
            if ratios.is_empty() { 0.0 } else { median(&mut ratios) }
        };
        (0..kinds).map(of_kind).fold(0.0, f64::max)
    }

    /// What is written down.
    #[expect(clippy::cast_precision_loss, reason = "counts and bytes")]
    pub(crate) fn figures(&self) -> Vec<Measured> {
        if self.skipped.is_some() {
            return Vec::new();
        }
        let figure =
            |what: &str, figure, unit, bar| Measured::figure(format!("{}: {what}", self.name), figure, unit, bar);
        vec![
            figure("hosts that did not stand it", f64::from(u8::from(self.has_ended())), "", 0.0),
            figure("good requests that failed", self.errors() as f64, "", 0.0),
            figure("p99 of good requests, of quiet", self.ratio(), "×", MAX_RATIO),
            figure("memory beyond idle", self.more_memory as f64 / MIB, " MiB", MAX_MORE_MEMORY as f64 / MIB),
            figure("descriptors that stay", self.more_descriptors as f64, "", MAX_MORE_DESCRIPTORS as f64),
        ]
    }
}

/// All of them, drawn.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    let kinds = Kind::ALL.map(|kind| format!("{kind:?}").to_lowercase()).join(", ");
    let p99 = format!("p99 of {kinds}: quiet → attacked");
    table.set_header(["attack", "attackers' answers", "errors", &p99, "worst", "memory", "descriptors", "verdict"]);
    for row in rows {
        let missed = row.figures().iter().any(|figure| figure.verdict() == Verdict::Missed);
        let verdict = match (&row.skipped, &row.ended) {
            (Some(reason), _) => format!("skipped: {reason}"),
            (None, Some(reason)) => format!("ended: {}", reason.lines().next().unwrap_or_default()),
            (None, None) => (if missed { "missed" } else { "met" }).to_owned(),
        };
        table.add_row([
            row.name.to_owned(),
            row.answers.to_string(),
            row.errors().to_string(),
            format!("{} → {} ms", milliseconds(&row.quiet), milliseconds(&row.attacked)),
            format!("{:.2}×", row.ratio()),
            format!("+{} MiB", row.more_memory >> 20),
            format!("+{}", row.more_descriptors),
            verdict,
        ]);
    }
    table.to_string()
}

/// Seconds.
fn p99(report: &Report) -> f64 {
    report.percentile(99).as_secs_f64()
}

/// The median of the blocks' p99, by kind.
fn milliseconds(blocks: &[Vec<Report>]) -> String {
    let kinds = blocks.first().map_or(0, Vec::len);
    let of_kind = |kind: usize| {
        let mut times: Vec<f64> = blocks.iter().map(|block| p99(&block[kind]) * 1e3).collect();
        format!("{:.1}", median(&mut times))
    };
    (0..kinds).map(of_kind).collect::<Vec<_>>().join(", ")
}
