//! Looking around in an open session: what its user may do, and which tables there are.

use super::discover::{Discovered, discover};
use crate::connections::{Described, Error};
use crate::connectors::{Call, CallError};
use crate::diagnosis::{Blame, Fault, Halted, Privileges, Report, Server, Stage, Stages, code};
use crate::drivers::Session;

/// Looks around in a session and ends it, or says why there is none: the stages privileges and discover. Better words for a
/// fault come from the connector, if it has any.
pub(super) async fn explore(
    call: Call<'_>,
    described: &Described,
    session: Result<Box<dyn Session>, Halted>,
    mut stages: Stages,
) -> Result<Report, Error> {
    let seen = match session {
        Ok(mut session) => {
            let seen = look_around(call, described, &mut *session, &mut stages).await;
            session.close().await;
            seen?
        }
        Err(Halted) => Seen::default(),
    };
    refine_words(call, described, &mut stages).await;
    Ok(report(stages, seen))
}

/// The report of a test that ended before its connection was described.
pub(super) fn halted(stages: Stages) -> Report {
    report(stages, Seen::default())
}

/// What an open session shows.
#[derive(Default)]
struct Seen {
    server: Option<Server>,
    privileges: Option<Privileges>,
    discovered: Discovered,
}

async fn look_around(
    call: Call<'_>,
    described: &Described,
    session: &mut dyn Session,
    stages: &mut Stages,
) -> Result<Seen, CallError> {
    let mut seen = Seen { server: Some(session.server().clone()), ..Seen::default() };
    if let Some(looked) = session.privileges(stages) {
        match looked.await {
            Ok(privileges) => seen.privileges = Some(privileges),
            Err(Halted) => return Ok(seen),
        }
    }
    let Some(sql) = session.sql() else { return Ok(seen) };
    let listing = discover(call, described, sql);
    if let Ok(discovered) = stages.run(Stage::Discover, listing).await {
        if let Some(mut discovered) = discovered? {
            stages.warn(Stage::Discover, std::mem::take(&mut discovered.warnings));
            seen.discovered = discovered;
        } else {
            stages.warn(Stage::Discover, vec![Fault::new(&code::DISCOVERY_UNSUPPORTED)]);
        }
    }
    Ok(seen)
}

async fn refine_words(call: Call<'_>, described: &Described, stages: &mut Stages) {
    // What the host decides, and what the connector itself did wrong, is not the connector's to explain.
    let Some((stage, fault)) = stages.fault().filter(|(stage, fault)| {
        !matches!(stage, Stage::Config | Stage::Policy) && !matches!(fault.blame, Blame::Connector | Blame::Host)
    }) else {
        return;
    };
    match described.connector.diagnose(call, &described.accepted, stage, fault).await {
        Ok(Some(advice)) => stages.replace_words(&advice.message, &advice.remedy),
        Ok(None) => {}
        // The host's own words are good enough; the connector's failure must not hide the fault.
        Err(error) => tracing::warn!(%error, stage = ?stage, "a connector could not diagnose a fault"),
    }
}

fn report(stages: Stages, seen: Seen) -> Report {
    let (stages, endpoints, latency) = stages.finish();
    Report {
        stages,
        endpoints,
        latency,
        server: seen.server,
        privileges: seen.privileges,
        schemas: seen.discovered.schemas,
        truncated: seen.discovered.truncated,
    }
}
