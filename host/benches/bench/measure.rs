//! A fair ratio: blocks of both sides in turn (A-B-B-A), the median of the pairs' ratios with its bootstrap interval,
//! and the baseline against itself as a guard.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

const PAIRS: usize = 30;
const BLOCK: Duration = Duration::from_millis(250);
const WARM_UP: Duration = Duration::from_millis(500);
const RESAMPLES: usize = 2_000;

/// The baseline against itself must stay within this, or the run says nothing.
const GUARD: (f64, f64) = (0.97, 1.03);

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Result {
    pub(crate) name: &'static str,
    pub(crate) ours: String,
    pub(crate) baseline: String,
    /// The figure that the bar is about, and its 95 % interval.
    pub(crate) figure: f64,
    pub(crate) interval: Option<(f64, f64)>,
    pub(crate) unit: &'static str,
    pub(crate) bar: Option<f64>,
    /// The baseline against itself.
    pub(crate) guard: Option<f64>,
}

/// What a figure says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Met,
    Missed,
    /// The machine was too restless.
    Void,
    /// For information.
    None,
}

impl Result {
    pub(crate) fn verdict(&self) -> Verdict {
        match (self.guard, self.bar) {
            (_, None) => Verdict::None,
            (Some(guard), _) if !(GUARD.0..=GUARD.1).contains(&guard) => Verdict::Void,
            (_, Some(bar)) if self.figure <= bar => Verdict::Met,
            _ => Verdict::Missed,
        }
    }

    /// A count or a size against its bar, which needs no interval.
    pub(crate) fn figure(name: &'static str, figure: f64, unit: &'static str, bar: f64) -> Self {
        let (ours, baseline) = (String::new(), String::new());
        Self { name, ours, baseline, figure, interval: None, unit, bar: Some(bar), guard: None }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "benchmark": self.name, "ours": self.ours, "baseline": self.baseline, "figure": self.figure,
            "interval": self.interval, "unit": self.unit, "bar": self.bar, "guard": self.guard,
            "verdict": format!("{:?}", self.verdict()).to_lowercase(),
        })
    }
}

/// The results, drawn.
pub(crate) fn table(results: &[Result]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["benchmark", "ours", "baseline", "figure", "95 % interval", "bar", "A/A", "verdict"]);
    for result in results {
        let optional = |number: Option<f64>| number.map_or_else(String::new, |number| format!("{number:.2}"));
        table.add_row([
            result.name.to_owned(),
            result.ours.clone(),
            result.baseline.clone(),
            format!("{:.2}{}", result.figure, result.unit),
            result.interval.map_or_else(String::new, |(low, high)| format!("{low:.2} to {high:.2}")),
            result.bar.map_or_else(String::new, |bar| format!("≤ {bar:.2}{}", result.unit)),
            optional(result.guard),
            format!("{:?}", result.verdict()).to_lowercase(),
        ]);
    }
    table.to_string()
}

/// The time of an operation of ours as a multiple of the baseline's.
pub(crate) fn ratio(
    name: &'static str,
    bar: Option<f64>,
    mut ours: impl FnMut(),
    mut baseline: impl FnMut(),
) -> Result {
    block(WARM_UP, &mut ours);
    block(WARM_UP, &mut baseline);
    let (mut ratios, mut guards, mut times) = (Vec::new(), Vec::new(), (Vec::new(), Vec::new()));
    for _ in 0..PAIRS {
        let (a1, b1) = (block(BLOCK, &mut ours), block(BLOCK, &mut baseline));
        let (b2, a2) = (block(BLOCK, &mut baseline), block(BLOCK, &mut ours));
        ratios.push((a1 + a2) / (b1 + b2));
        guards.push(b1 / b2);
        times.0.push(f64::midpoint(a1, a2));
        times.1.push(f64::midpoint(b1, b2));
    }
    Result {
        name,
        ours: microseconds(median(&mut times.0)),
        baseline: microseconds(median(&mut times.1)),
        interval: Some(bootstrap(&ratios)),
        figure: median(&mut ratios),
        unit: "×",
        bar,
        guard: Some(median(&mut guards)),
    }
}

/// Seconds for one operation, over about this long.
fn block(length: Duration, operation: &mut impl FnMut()) -> f64 {
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < length {
        operation();
        count += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(count)
}

/// The middle one.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// The 95 % interval of the median, by resampling with a fixed sequence.
fn bootstrap(values: &[f64]) -> (f64, f64) {
    // xorshift64: the same run gives the same interval.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or_default() % values.len()
    };
    let mut medians: Vec<f64> =
        (0..RESAMPLES).map(|_| median(&mut (0..values.len()).map(|_| values[next()]).collect::<Vec<_>>())).collect();
    medians.sort_by(f64::total_cmp);
    (medians[RESAMPLES * 25 / 1000], medians[RESAMPLES * 975 / 1000])
}

/// A time for people.
pub(crate) fn microseconds(seconds: f64) -> String {
    if seconds < 1e-3 { format!("{:.1} µs", seconds * 1e6) } else { format!("{:.2} ms", seconds * 1e3) }
}
