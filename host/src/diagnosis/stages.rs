//! The recorder of a connection test's stages.

use std::time::{Duration, Instant};

use super::{EndpointReport, Fault, Outcome, Stage, StageReport, code};

/// Records what each stage of one connection test came to, and how long it took.
#[derive(Debug)]
pub struct Stages {
    started: Instant,
    reports: [StageReport; Stage::ALL.len()],
    endpoints: Vec<EndpointReport>,
}

/// The test cannot go on; the fault is in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Halted;

impl Stages {
    /// Starts the clock of the whole test.
    pub fn start() -> Self {
        let reports = Stage::ALL.map(|stage| StageReport { stage, outcome: Outcome::Skipped, latency: None });
        Self { started: Instant::now(), reports, endpoints: Vec::new() }
    }

    /// Runs one stage, or one more part of it, and records its outcome and time. Times of parts add up.
    pub async fn run<T>(&mut self, stage: Stage, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Halted> {
        let started = Instant::now();
        let result = work.await;
        self.record(stage, started.elapsed(), result)
    }

    /// Records a stage that took no time worth telling.
    pub fn settle<T>(&mut self, stage: Stage, result: Result<T, Fault>) -> Result<T, Halted> {
        self.record(stage, Duration::ZERO, result)
    }

    /// Records the outcome of a stage, or of one more part of it, that was run elsewhere.
    pub fn record<T>(&mut self, stage: Stage, latency: Duration, result: Result<T, Fault>) -> Result<T, Halted> {
        let report = self.report(stage);
        report.latency = Some(report.latency.unwrap_or_default() + latency);
        match result {
            Ok(value) => {
                if report.outcome == Outcome::Skipped {
                    report.outcome = Outcome::Passed;
                }
                Ok(value)
            }
            Err(fault) => {
                report.outcome = Outcome::Failed(classified(stage, fault));
                Err(Halted)
            }
        }
    }

    /// Adds warnings to a stage that passed. A stage that failed or did not run stays as it is.
    pub fn warn(&mut self, stage: Stage, warnings: Vec<Fault>) {
        if warnings.is_empty() {
            return;
        }
        let warnings = warnings.into_iter().map(|warning| classified(stage, warning)).collect::<Vec<_>>();
        let report = self.report(stage);
        match &mut report.outcome {
            Outcome::Passed => report.outcome = Outcome::Warned(warnings),
            Outcome::Warned(earlier) => earlier.extend(warnings),
            Outcome::Failed(_) | Outcome::Skipped => {}
        }
    }

    /// Records what has come of an endpoint.
    pub fn endpoint(&mut self, host: &str, port: u16) {
        let fault = self.fault().map(|(stage, fault)| (stage, fault.clone()));
        self.endpoints.push(EndpointReport { host: host.to_owned(), port, fault });
    }

    /// Forgets the outcomes after `config`, because another endpoint is tried; the time spent stays.
    pub fn try_again(&mut self) {
        for report in self.reports.iter_mut().filter(|report| report.stage > Stage::Config) {
            report.outcome = Outcome::Skipped;
        }
    }

    /// The failing stage and its fault.
    pub fn fault(&self) -> Option<(Stage, &Fault)> {
        self.reports.iter().find_map(|report| match &report.outcome {
            Outcome::Failed(fault) => Some((report.stage, fault)),
            Outcome::Passed | Outcome::Warned(_) | Outcome::Skipped => None,
        })
    }

    /// Replaces the words of the failing fault by a connector's better ones, in the report of its endpoint too; its facts
    /// stay.
    pub fn replace_words(&mut self, message: &str, remedy: &str) {
        let failed = self.reports.iter_mut().find_map(|report| match &mut report.outcome {
            Outcome::Failed(fault) => Some(fault),
            Outcome::Passed | Outcome::Warned(_) | Outcome::Skipped => None,
        });
        let last = self.endpoints.last_mut().and_then(|endpoint| endpoint.fault.as_mut());
        for fault in failed.into_iter().chain(last.map(|(_, fault)| fault)) {
            message.clone_into(&mut fault.message);
            remedy.clone_into(&mut fault.remedy);
        }
    }

    /// Whether the stage has run and not failed.
    pub fn passed(&self, stage: Stage) -> bool {
        matches!(self.reports[stage as usize].outcome, Outcome::Passed | Outcome::Warned(_))
    }

    /// Says this fault and time of a stage instead of whatever has come of it and those after it.
    pub fn conceal(&mut self, stage: Stage, fault: Fault, latency: Duration) {
        for report in self.reports.iter_mut().filter(|report| report.stage >= stage) {
            (report.outcome, report.latency) = (Outcome::Skipped, None);
        }
        // A new fault of this very stage.
        let _ = self.record::<()>(stage, latency, Err(fault));
    }

    /// All stages in their order, all endpoints in theirs, and the time from start to now.
    pub fn finish(self) -> (Vec<StageReport>, Vec<EndpointReport>, Duration) {
        let latency = self.started.elapsed();
        let mut reports = Vec::from(self.reports);
        for report in &mut reports {
            if report.outcome == Outcome::Skipped {
                report.latency = None;
            }
        }
        (reports, self.endpoints, latency)
    }

    fn report(&mut self, stage: Stage) -> &mut StageReport {
        &mut self.reports[stage as usize]
    }
}

/// A fault that may occur in the stage: what a server does must never lead beyond the table of codes. Whoever chose another
/// one made a mistake, which is ours.
fn classified(stage: Stage, fault: Fault) -> Fault {
    if code::occurs(fault.code, stage) {
        return fault;
    }
    tracing::error!(code = fault.code, stage = stage.name(), "a fault came up in a stage that is not known to have it");
    Fault { native_code: fault.native_code, ..Fault::new(&code::UNCLASSIFIED) }.message(fault.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{Blame, code};

    #[test]
    fn a_fault_of_another_stage_is_not_classified() {
        let mut stages = Stages::start();
        stages.settle(Stage::Config, Ok(())).unwrap();
        stages.warn(Stage::Config, vec![Fault::new(&code::SUPERUSER)]);
        let fault = Fault::new(&code::UNKNOWN_SCHEMA).message("m").native_code("3F000");
        stages.settle(Stage::Tls, Err::<(), _>(fault)).unwrap_err();
        let (stage, fault) = stages.fault().unwrap();
        let facts = (stage, fault.code, fault.blame, fault.message.as_str(), fault.native_code.as_deref());
        assert_eq!(facts, (Stage::Tls, "unclassified", Blame::Host, "m", Some("3F000")));
        let (reports, ..) = stages.finish();
        assert!(matches!(&reports[0].outcome, Outcome::Warned(w) if w[0].code == "unclassified"));
    }

    #[tokio::test]
    async fn records_each_stage_and_skips_those_after_the_fault() {
        let mut stages = Stages::start();
        assert_eq!(stages.run(Stage::Policy, async { Ok(7) }).await, Ok(7));
        stages.warn(Stage::Policy, vec![Fault::new(&code::ADDRESS_REFUSED)]);
        let failed = stages.run(Stage::Resolve, async { Err::<(), _>(Fault::new(&code::NAME_NOT_FOUND)) }).await;
        assert_eq!(failed, Err(Halted));
        stages.replace_words("m", "r");
        let (stage, fault) = stages.fault().unwrap();
        assert_eq!((stage, fault.code, fault.message.as_str()), (Stage::Resolve, "name_not_found", "m"));

        let (reports, _, latency) = stages.finish();
        assert_eq!(reports.iter().map(|r| r.stage).collect::<Vec<_>>(), Stage::ALL);
        assert!(matches!(&reports[1].outcome, Outcome::Warned(w) if w.len() == 1));
        assert!(matches!(&reports[2].outcome, Outcome::Failed(f) if f.remedy == "r"));
        assert!(reports[3..].iter().all(|r| r.outcome == Outcome::Skipped && r.latency.is_none()));
        assert!(latency >= reports[1].latency.unwrap());
    }

    #[tokio::test]
    async fn a_later_part_of_a_stage_can_fail_it() {
        let mut stages = Stages::start();
        stages.settle(Stage::Policy, Ok(())).unwrap();
        stages.settle(Stage::Resolve, Ok(())).unwrap();
        stages.settle(Stage::Policy, Err::<(), _>(Fault::new(&code::ADDRESS_REFUSED))).unwrap_err();
        assert_eq!(stages.fault().unwrap().0, Stage::Policy);
        stages.endpoint("a.example", 5432);
        stages.try_again();
        assert!(stages.fault().is_none());
        stages.endpoint("b.example", 5433);
        let (_, endpoints, _) = stages.finish();
        let told: Vec<_> = endpoints
            .iter()
            .map(|it| (it.host.as_str(), it.port, it.fault.as_ref().map(|(stage, fault)| (*stage, fault.code))))
            .collect();
        assert_eq!(told, [("a.example", 5432, Some((Stage::Policy, "address_refused"))), ("b.example", 5433, None)]);
    }

    #[test]
    fn what_is_concealed_is_gone() {
        let mut stages = Stages::start();
        stages.settle(Stage::Resolve, Ok(())).unwrap();
        stages.settle(Stage::Connect, Ok(())).unwrap();
        stages.settle(Stage::Tls, Err::<(), _>(Fault::new(&code::NOT_POSTGRES))).unwrap_err();
        stages.conceal(Stage::Connect, Fault::new(&code::NO_DATABASE), Duration::from_secs(3));
        let (reports, _, _) = stages.finish();
        let left: Vec<_> = reports.iter().filter(|report| report.outcome != Outcome::Skipped).collect();
        assert_eq!(left.iter().map(|report| report.stage).collect::<Vec<_>>(), [Stage::Resolve, Stage::Connect]);
        assert_eq!(left[1].latency, Some(Duration::from_secs(3)));
        assert!(matches!(&left[1].outcome, Outcome::Failed(fault) if fault.code == "no_database"));
    }
}
