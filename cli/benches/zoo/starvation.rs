//! What the others notice while one organization is slow, greedy or hostile, and what it costs the host: quiet and attacked
//! blocks in turn (A-B-B-A).

#[path = "../../../tests/starvation/arena.rs"]
mod arena;
#[path = "../../../tests/starvation/attacks.rs"]
mod attacks;
#[path = "../../../tests/starvation/crowd.rs"]
mod crowd;
#[path = "../../../tests/starvation/full_disk.rs"]
mod full_disk;
#[path = "starvation/row.rs"]
mod row;

use std::thread;
use std::time::Duration;

use anyhow::Result;
use test_support::load::{Load, Report};
use test_support::swarm::Answers;

use crate::measure::Result as Measured;
use arena::{Arena, Kind, Size};
use attacks::{Attack, Running};
use row::Row;

/// How long a block is.
const BLOCK: Duration = Duration::from_secs(6);

/// How long an attack has begun when it is measured what the others notice.
const ONSET: Duration = Duration::from_secs(1);

/// Good requests of each kind in a second.
const RATES: [u32; 3] = [40, 10, 10];

/// As many connections as a project may have.
const SIZE: Size = Size { members: 24, connections: 10_000 };

pub(crate) fn run() -> Result<Vec<Measured>> {
    let mut rows = Vec::new();
    for attack in attacks::ALL {
        println!("  {} …", attack.name);
        rows.push(match attack.ground.unavailable() {
            Some(reason) => Row::skipped(attack.name, reason),
            None => row(attack)?,
        });
    }
    println!("\n{}", row::table(&rows));
    Ok(rows.iter().flat_map(Row::figures).collect())
}

fn row(attack: &Attack) -> Result<Row> {
    let mut arena = Arena::open(attack.ground, SIZE)?;
    let mut row = Row::new(attack.name);
    for attacked in [false, true, true, false, false, true, true, false] {
        let running = attacked.then(|| attack.start(&arena)).transpose()?;
        thread::sleep(ONSET);
        let reports = serve(&arena, attack.ground.kinds())?;
        let answers = running.map_or_else(|| Ok(Answers::default()), Running::stop);
        // The next block begins when this one's requests are over.
        let afterwards = arena.look_afterwards()?;
        println!("    {}: {}", if attacked { "attacked" } else { "quiet" }, describe(&reports, &answers));
        row.add(attacked, reports, answers, afterwards);
        if row.has_ended() {
            break;
        }
    }
    Ok(row)
}

/// The good requests of one block, by kind.
fn serve(arena: &Arena, kinds: &[Kind]) -> Result<Vec<Report>> {
    let start = |(&kind, rate)| {
        let good = arena.good.clone();
        Load::start(rate, move || good.ask(kind))
    };
    let loads = kinds.iter().zip(RATES).map(start).collect::<Result<Vec<_>>>()?;
    thread::sleep(BLOCK);
    loads.into_iter().map(Load::stop).collect()
}

fn describe(reports: &[Report], answers: &Result<Answers>) -> String {
    let of = |report: &Report| {
        let p99 = report.percentile(99).as_secs_f64() * 1e3;
        let wrong = report.shown.first().map(|wrong| format!(": {wrong}")).unwrap_or_default();
        format!("{p99:.1} ms, {} of {} wrong{wrong}", report.errors, report.requests)
    };
    let texts: Vec<String> = reports.iter().map(of).collect();
    let answers = answers.as_ref().map_or_else(|error| format!("{error:#}"), Answers::to_string);
    format!("{}; the attackers: {answers}", texts.join(" | "))
}
