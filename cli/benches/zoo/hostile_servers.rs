//! Every hostile server a hundred times, fifty at once: what it is answered, how long that takes, and what it costs the host.

#[path = "../../../tests/hostile_servers/arena.rs"]
mod arena;
#[path = "../../../tests/hostile_servers/encryption.rs"]
mod encryption;
#[path = "../../../tests/hostile_servers/errors.rs"]
mod errors;
#[path = "../../../tests/hostile_servers/listings.rs"]
mod listings;
#[path = "../../../tests/hostile_servers/logins.rs"]
mod logins;
#[path = "../../../tests/hostile_servers/messages.rs"]
mod messages;
#[path = "../../../tests/hostile_servers/row.rs"]
mod row;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;

use crate::measure::Result as Measured;
use arena::{Arena, Ended, MAX_MORE_DESCRIPTORS, MAX_MORE_MEMORY};
use row::Row;

/// How often each is met: half of the times by verifying, half by testing what is registered.
const TIMES: usize = 100;

/// Tests at once.
const AT_ONCE: usize = 50;

/// Within which a good server works, once it is over.
const GOOD_LIMIT: f64 = 1.0;

/// What became of one row.
struct Outcome<'a> {
    row: &'a Row,
    /// How often which code came; `works` for none.
    codes: BTreeMap<String, usize>,
    wrong: Vec<String>,
    slowest: Duration,
    more_memory: u64,
    more_descriptors: usize,
    /// How long a good server took afterwards, in seconds.
    good: f64,
}

pub(crate) fn run() -> Result<Vec<Measured>> {
    let mut arena = Arena::open()?;
    let rows = arena.rows()?;
    let mut outcomes = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let outcome = meet(&mut arena, row)?;
        println!("  {} of {}: {}", number + 1, rows.len(), outcome.describe());
        outcomes.push(outcome);
    }
    println!("\n{}", table(&outcomes));
    let log = arena.look_at_log().err();
    if let Some(error) = &log {
        println!("  {error:#}");
    }
    Ok(figures(&outcomes, log.is_some()))
}

/// A hundred tests of one row.
fn meet<'a>(arena: &mut Arena, row: &'a Row) -> Result<Outcome<'a>> {
    arena.forget_peak()?;
    let (next, ended) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let times = TIMES.max(row.variants);
    let trial = arena.start(row)?;
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    if turn >= times {
                        return;
                    }
                    let outcome = trial.run(turn);
                    ended.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                }
            });
        }
    });
    let good = arena.ask_good();
    let finished = trial.finish();
    let (more_memory, more_descriptors) = arena.look_afterwards()?;
    let mut outcome = Outcome {
        row,
        codes: BTreeMap::new(),
        wrong: Vec::new(),
        slowest: Duration::ZERO,
        more_memory,
        more_descriptors,
        good: good.as_ref().map_or(f64::INFINITY, Duration::as_secs_f64),
    };
    for ended in ended.into_inner().unwrap_or_else(PoisonError::into_inner) {
        outcome.add(ended);
    }
    outcome.wrong.extend(good.err().into_iter().chain(finished.err()).map(|error| format!("{error:#}")));
    Ok(outcome)
}

impl Outcome<'_> {
    fn add(&mut self, ended: Result<Ended>) {
        match ended {
            Ok(Ended { code, took }) => {
                *self.codes.entry(code.unwrap_or_else(|| "works".to_owned())).or_default() += 1;
                self.slowest = self.slowest.max(took);
            }
            Err(error) => self.wrong.push(format!("{error:#}")),
        }
    }

    fn is_late(&self) -> bool {
        self.slowest > self.row.limit
    }

    fn is_met(&self) -> bool {
        self.wrong.is_empty()
            && !self.is_late()
            && self.more_memory <= MAX_MORE_MEMORY
            && self.more_descriptors <= MAX_MORE_DESCRIPTORS
            && self.good <= GOOD_LIMIT
    }

    fn codes(&self) -> String {
        let codes: Vec<String> = self.codes.iter().map(|(code, count)| format!("{count} {code}")).collect();
        codes.join(", ")
    }

    fn describe(&self) -> String {
        let wrong =
            self.wrong.first().map(|wrong| format!("; {} wrong: {wrong}", self.wrong.len())).unwrap_or_default();
        let verdict = if self.is_met() { "met" } else { "missed" };
        format!("{}: {verdict}, {}, at most {:.2} s{wrong}", self.row.name, self.codes(), self.slowest.as_secs_f64())
    }
}

fn table(outcomes: &[Outcome<'_>]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header([
        "server",
        "answers",
        "wrong",
        "slowest",
        "limit",
        "memory",
        "descriptors",
        "good one",
        "verdict",
    ]);
    for outcome in outcomes {
        table.add_row([
            outcome.row.name.clone(),
            outcome.codes(),
            outcome.wrong.len().to_string(),
            format!("{:.2} s", outcome.slowest.as_secs_f64()),
            format!("{:.0} s", outcome.row.limit.as_secs_f64()),
            format!("+{} MiB", outcome.more_memory >> 20),
            format!("+{}", outcome.more_descriptors),
            format!("{:.2} s", outcome.good),
            (if outcome.is_met() { "met" } else { "missed" }).to_owned(),
        ]);
    }
    table.to_string()
}

/// What is written down: the worst of all rows.
#[expect(clippy::cast_precision_loss, reason = "counts and mebibytes")]
fn figures(outcomes: &[Outcome<'_>], is_log_bad: bool) -> Vec<Measured> {
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let most = |of: fn(&Outcome<'_>) -> f64| outcomes.iter().map(of).fold(0.0, f64::max);
    let figure =
        |what: &str, figure, unit, bar| Measured::figure(format!("hostile servers: {what}"), figure, unit, bar);
    vec![
        figure("tests that ended otherwise", most(|it| it.wrong.len() as f64), "", 0.0),
        figure(
            "slowest of what it may take",
            most(|it| it.slowest.as_secs_f64() / it.row.limit.as_secs_f64()),
            "×",
            1.0,
        ),
        figure(
            "memory beyond idle",
            most(|it| it.more_memory as f64 / f64::from(1 << 20)),
            " MiB",
            mib(MAX_MORE_MEMORY),
        ),
        figure("descriptors that stay", most(|it| it.more_descriptors as f64), "", MAX_MORE_DESCRIPTORS as f64),
        figure("a good server afterwards", most(|it| it.good), " s", GOOD_LIMIT),
        figure("logs with what must not be there", f64::from(u8::from(is_log_bad)), "", 0.0),
    ]
}
