//! Figures and their bars: what is printed and written down.

use serde_json::{Value, json};

/// The baseline against itself must stay within this, or the run says nothing.
const GUARD: (f64, f64) = (0.97, 1.03);

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Result {
    pub(crate) name: String,
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
    pub(crate) fn figure(name: impl Into<String>, figure: f64, unit: &'static str, bar: f64) -> Self {
        let (ours, baseline) = (String::new(), String::new());
        Self { name: name.into(), ours, baseline, figure, interval: None, unit, bar: Some(bar), guard: None }
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
            result.name.clone(),
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

/// The middle one.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}
