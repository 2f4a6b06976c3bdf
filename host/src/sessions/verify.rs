//! Verifying a connection that is not stored.

use super::explore::{explore, halted};
use super::open::dial;
use crate::connections::{Candidate, Error, Reviewer};
use crate::connectors::Call;
use crate::connectors::contract::Purpose;
use crate::diagnosis::{Fault, Report, Stage, Stages, code};
use crate::drivers::Drivers;
use crate::finding::Finding;

/// Tries a connection without any store: has it checked and described, opens a session and looks around. What is wrong with the
/// input is an error; what is wrong with the data source is in the report.
pub async fn verify(
    reviewer: &Reviewer,
    drivers: &Drivers,
    organization: &str,
    candidate: &Candidate,
) -> Result<Report, Error> {
    let mut stages = Stages::start();
    let call = Call { organization, purpose: Purpose::Check };
    let review = async { Ok(reviewer.review(call, candidate, Vec::new()).await) };
    let Ok(outcome) = stages.run(Stage::Config, review).await else { return Ok(halted(stages)) };
    let (described, warnings) = outcome?;
    stages.warn(Stage::Config, warnings.iter().map(warning).collect());
    let session = dial(drivers, call, &described, &candidate.credentials, &mut stages).await;
    explore(call, &described, session, stages).await
}

/// A connector's warning as a line of the report.
fn warning(finding: &Finding) -> Fault {
    debug_assert!(!finding.is_error(), "an error would have been refused");
    Fault::new(&code::CONFIG_WARNING).found(finding)
}
