//! A fair ratio: blocks of both sides in turn (A-B-B-A), the median of the pairs' ratios with its bootstrap interval,
//! and the baseline against itself as a guard.

use std::time::{Duration, Instant};

use crate::measure::{Result, median};

const PAIRS: usize = 30;
const BLOCK: Duration = Duration::from_millis(250);
const WARM_UP: Duration = Duration::from_millis(500);
const RESAMPLES: usize = 2_000;

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
        name: name.to_owned(),
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
