//! The same question, asked again: at once, at another time with other randomness, and for another purpose.

use patchpanel::connectors::contract::Purpose;
use serde_json::Value;

use super::generate::Generator;
use super::trial::{Failed, Outcome};
use super::{Finding, Kit, Tried};

/// Generated configurations beside the examples.
const CONFIGS: usize = 100;

/// Another time than that of the first call, and the seed of other randomness.
const MOMENT: u64 = 86_400 * 366;

pub(super) fn check(kit: &Kit<'_>) -> Tried {
    let manifest = kit.version.manifest();
    let mut tried = Tried::default();
    let mut generator = Generator::new(&manifest.config_schema, &manifest.examples, !kit.options.seed);
    let generated = (0..CONFIGS.min(kit.options.configs)).map(|_| generator.config());
    let configs: Vec<Value> = manifest.examples.iter().cloned().chain(generated).collect();
    for config in &configs {
        if tried.is_full() {
            break;
        }
        // What fails at once is told by the other checks.
        let Ok(first) = kit.try_it(config) else { continue };
        match compare(kit, config, &first) {
            Ok(None) => {}
            Ok(Some(finding)) => tried.add(finding.with_input(config)),
            Err(failed) => tried.add(failed.finding(config)),
        }
    }
    tried.what = format!("{} configurations, 6 times each", configs.len());
    tried
}

fn compare(kit: &Kit<'_>, config: &Value, first: &Outcome) -> Result<Option<Finding>, Failed> {
    if kit.try_it(config)? != *first {
        let message = "the same configuration is answered differently from call to call";
        let remedy = "Take nothing into an answer but the arguments: no address of memory, and no order of a hash map.";
        return Ok(Some(Finding::error("not_deterministic", message, remedy)));
    }
    if at_another_moment(kit, config)? != *first {
        let message = "the answer depends on the time or on randomness";
        let remedy =
            "Take no clock and no randomness into an answer; where a library wants a seed, give it a constant.";
        return Ok(Some(Finding::error("not_deterministic", message, remedy)));
    }
    for purpose in [Purpose::Create, Purpose::Update, Purpose::Use] {
        let other = kit.try_with(purpose, config, &kit.required_credentials(config))?;
        if other.verdict() != first.verdict() {
            let message = format!("the verdict for {} differs from that for {}", purpose.name(), Purpose::Check.name());
            let remedy = "Let the purpose change words at most: what is tried must be what is stored and used.";
            return Ok(Some(Finding::error("purpose_decides", message, remedy)));
        }
    }
    Ok(None)
}

fn at_another_moment(kit: &Kit<'_>, config: &Value) -> Result<Outcome, Failed> {
    kit.version.move_to(MOMENT);
    let outcome = kit.try_it(config);
    kit.version.move_to(0);
    outcome
}
