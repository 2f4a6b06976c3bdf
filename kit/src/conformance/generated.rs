//! Generated configurations: none may trap, exceed a limit, be answered with nonsense or lead astray. Whether one is
//! accepted is the connector's own affair.

use patchpanel::connectors::contract::Purpose;

use super::generate::Generator;
use super::{Kit, MAX_FAILURES, Tried};

pub(super) fn check(kit: &Kit<'_>) -> Tried {
    let mut tried = Tried::default();
    let manifest = kit.version.manifest();
    let mut generator = Generator::new(&manifest.config_schema, &manifest.examples, kit.options.seed);
    let (mut count, mut accepted, mut failures) = (0, 0, 0);
    while count < kit.options.configs && failures < MAX_FAILURES && !tried.is_full() {
        let config = generator.config();
        count += 1;
        // Also with none and with all of the credentials.
        let set = match count % 8 {
            0 => Vec::new(),
            1 => kit.credentials(&config),
            _ => kit.required_credentials(&config),
        };
        match kit.try_with(Purpose::Check, &config, &set) {
            Ok(outcome) => accepted += usize::from(outcome.accepted.is_some()),
            Err(failed) => {
                failures += 1;
                let finding = failed.finding(&config);
                let known = tried.findings.iter().any(|it| it.code == finding.code && it.message == finding.message);
                if !known {
                    tried.add(kit.shrink(&config, &failed));
                }
            }
        }
    }
    tried.what = format!("{count} configurations, {accepted} of them accepted");
    tried
}
