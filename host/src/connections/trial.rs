//! Trying a connection: what the connector says of it, then the real thing. Nothing is stored, and nothing here knows a
//! store.

use std::sync::Arc;

use serde_json::Value;
use zeroize::Zeroize;

use super::discover::{Discovered, discover};
use super::{Candidate, Error};
use crate::connectors::contract::{Answer, Purpose};
use crate::connectors::{Accepted, Call, CallError, Connectors, Target, Version, VersionInUse};
use crate::diagnosis::{Blame, Fault, Halted, Report, Stage, Stages, code};
use crate::drivers::{Drivers, Session};
use crate::finding::{self, Finding};
use crate::json;
use crate::secrets::{Credentials, MAX_SECRET_BYTES};
use crate::store::connections::ConnectionRow;

/// What it takes to try a connection.
#[derive(Debug, Clone)]
pub struct Trial {
    connectors: Arc<Connectors>,
    drivers: Drivers,
}

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// Everything at once, with pointers into the request's body.
    pub findings: Vec<Finding>,
    /// The connector and the configuration that it accepted; none when a finding is an error.
    pub accepted: Option<(VersionInUse, Accepted)>,
}

/// All that is known of a connection before anything is dialled.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) connector: VersionInUse,
    pub(super) accepted: Accepted,
    pub(super) target: Target,
    pub(super) warnings: Vec<Finding>,
}

impl Trial {
    /// Tries connections with these connectors and drivers.
    pub fn new(connectors: Arc<Connectors>, drivers: Drivers) -> Self {
        Self { connectors, drivers }
    }

    /// Checks configuration and credentials against the connector's schemas, without calling it.
    pub async fn check_schemas(&self, call: Call<'_>, candidate: Candidate) -> Result<Vec<Finding>, CallError> {
        let connector = match self.connector(&candidate.connection_type) {
            Ok(connector) => connector,
            Err(finding) => return Ok(vec![finding]),
        };
        let wrong_member = check_member(&connector, &candidate.config_member);
        // The schemas are the connector's, so that this takes its turn with its calls.
        let check = move |version: &Version| {
            let found = version.check_config(&candidate.config);
            let mut findings: Vec<_> = finding::under(&candidate.config_member, found).collect();
            if let Ok(method) = version.auth_method(&candidate.config) {
                findings.extend(findings_of_credentials(version, &method.name, &candidate.credentials));
            }
            Ok(findings)
        };
        let found = connector.on_guest_thread(call, "check_schemas", check).await?;
        Ok(wrong_member.into_iter().chain(found).collect())
    }

    /// Checks type, configuration and credentials: every finding at once.
    async fn check(&self, call: Call<'_>, candidate: &Candidate) -> Result<Checked, CallError> {
        let connector = match self.connector(&candidate.connection_type) {
            Ok(connector) => connector,
            Err(finding) => return Ok(Checked { findings: vec![finding], accepted: None }),
        };
        let (mut findings, accepted) = check_config(
            &connector,
            call,
            (&candidate.config_member, &candidate.config),
            &candidate.credentials.names(),
        )
        .await?;
        // A method that the connector does not have is among the findings of the configuration.
        if let Ok(method) = connector.auth_method(&candidate.config) {
            findings.extend(check_credentials(&connector, call, &method.name, &candidate.credentials).await?);
        }
        let accepted = accepted.filter(|_| !finding::refuse(&findings)).map(|accepted| (connector, accepted));
        Ok(Checked { findings, accepted })
    }

    /// Tries a connection: checks it, opens a session and looks around. What is wrong with the input is an error; what
    /// is wrong with the data source is in the report.
    pub async fn run(&self, organization: &str, candidate: &Candidate) -> Result<Report, Error> {
        let mut stages = Stages::start();
        let call = Call { organization, purpose: Purpose::Check };
        let Ok(prepared) =
            stages.run(Stage::Config, async { Ok(self.prepare(call, candidate, Vec::new()).await) }).await
        else {
            return Ok(report(stages, None));
        };
        let prepared = prepared?;
        stages.warn(Stage::Config, prepared.warnings.iter().map(warning).collect());
        self.explore(call, &prepared, &candidate.credentials, stages).await
    }

    /// Checks a candidate and has it described; `findings` are those that the caller has already.
    pub(super) async fn prepare(
        &self,
        call: Call<'_>,
        candidate: &Candidate,
        mut findings: Vec<Finding>,
    ) -> Result<Prepared, Error> {
        let checked = self.check(call, candidate).await?;
        findings.extend(checked.findings);
        let Some((connector, accepted)) = checked.accepted.filter(|_| !finding::refuse(&findings)) else {
            return Err(Error::Invalid(findings));
        };
        let target = describe(&connector, call, &accepted, &candidate.config_member).await?;
        Ok(Prepared { connector, accepted, target, warnings: findings })
    }

    /// The connector of this type.
    pub(super) fn connector(&self, type_name: &str) -> Result<VersionInUse, Finding> {
        self.connectors.find(type_name).ok_or_else(|| {
            let known: Vec<_> = self.connectors.list().iter().map(|c| c.manifest().type_name.clone()).collect();
            Finding::error("unknown_value", "/connection_type", "No connector for this type is loaded.")
                .with_hint(&format!("The types are: {}.", known.join(", ")))
        })
    }

    /// The version that serves a stored connection; none when it is not loaded.
    pub(super) fn connector_of(&self, row: &ConnectionRow) -> Option<VersionInUse> {
        self.connectors.find_version(&row.connection_type, &row.serving.digest)
    }

    /// Opens a session and looks around; better words for a fault come from the connector, if it has any.
    pub(super) async fn explore(
        &self,
        call: Call<'_>,
        prepared: &Prepared,
        credentials: &Credentials,
        mut stages: Stages,
    ) -> Result<Report, Error> {
        let payer = call.organization;
        stages.warn(Stage::Config, of_connector(&prepared.target).into_iter().collect());
        let seen = match self.drivers.open(payer, &prepared.target.descriptor, credentials, &mut stages).await {
            Ok(mut session) => {
                let seen = look_around(call, prepared, &mut *session, &mut stages).await;
                session.close().await;
                Some(seen?)
            }
            Err(Halted) => None,
        };
        refine_words(call, prepared, &mut stages).await;
        Ok(report(stages, seen))
    }
}

/// Asks for the descriptor; the findings of a refusal get pointers into the request's body.
pub(super) async fn describe(
    connector: &VersionInUse,
    call: Call<'_>,
    accepted: &Accepted,
    config_member: &str,
) -> Result<Target, Error> {
    match connector.describe(call, accepted).await? {
        Answer::Given(target) => Ok(target),
        Answer::Refused(findings) => Err(Error::Invalid(finding::under(config_member, findings).collect())),
    }
}

/// Checks a configuration that was sent as this member: every finding, with pointers into the request's body.
pub(super) async fn check_config(
    connector: &VersionInUse,
    call: Call<'_>,
    (member, config): (&str, &Arc<Value>),
    credentials_set: &[String],
) -> Result<(Vec<Finding>, Option<Accepted>), CallError> {
    let mut findings: Vec<_> = check_member(connector, member).into_iter().collect();
    let (found, accepted) = connector.validate(call, config, credentials_set).await?;
    findings.extend(finding::under(member, found));
    let accepted = accepted.filter(|_| !finding::refuse(&findings));
    Ok((findings, accepted))
}

/// Whether a configuration was sent as the member that connections of this type have it in.
fn check_member(connector: &VersionInUse, member: &str) -> Option<Finding> {
    let right_member = &connector.manifest().config_member;
    (member != right_member).then(|| {
        let message = format!("A connection of this type is configured in `{right_member}`.");
        Finding::error("wrong_member", &json::member("", member), &message)
            .with_hint(&format!("Send the configuration as `{right_member}`."))
    })
}

/// Checks the values of all credentials against the method's schema: every finding, with pointers into the request's
/// body, never a value. The schema is the connector's, so that this takes its turn with its calls.
pub(super) async fn check_credentials(
    connector: &VersionInUse,
    call: Call<'_>,
    auth_method: &str,
    credentials: &Credentials,
) -> Result<Vec<Finding>, CallError> {
    let (auth_method, credentials) = (auth_method.to_owned(), credentials.clone());
    let check = move |version: &Version| Ok(findings_of_credentials(version, &auth_method, &credentials));
    connector.on_guest_thread(call, "check_credentials", check).await
}

fn findings_of_credentials(version: &Version, auth_method: &str, credentials: &Credentials) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut object = serde_json::Map::new();
    for (name, value) in credentials.iter() {
        if let Ok(text) = str::from_utf8(value.expose()) {
            object.insert(name.to_owned(), Value::from(text));
        } else {
            let pointer = json::member("/credentials", name);
            findings.push(Finding::error("wrong_type", &pointer, "The credential is not UTF-8 text."));
        }
    }
    let mut object = Value::Object(object);
    findings.extend(finding::under("credentials", version.check_credentials(auth_method, &object)));
    for value in object.as_object_mut().into_iter().flat_map(|members| members.values_mut()) {
        if let Value::String(text) = value {
            text.zeroize();
        }
    }
    let len = credentials.to_secret().expose().len();
    if len > MAX_SECRET_BYTES {
        let message = format!("The credentials have {len} bytes together; at most {MAX_SECRET_BYTES} can be kept.");
        findings.push(Finding::error("too_large", "/credentials", &message));
    }
    findings
}

/// What an open session shows.
#[derive(Default)]
struct Seen {
    server: Option<crate::diagnosis::Server>,
    privileges: Option<crate::diagnosis::Privileges>,
    discovered: Discovered,
}

async fn look_around(
    call: Call<'_>,
    prepared: &Prepared,
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
    let listing = discover(call, prepared, sql);
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

async fn refine_words(call: Call<'_>, prepared: &Prepared, stages: &mut Stages) {
    // What the host decides, and what the connector itself did wrong, is not the connector's to explain.
    let Some((stage, fault)) = stages.fault().filter(|(stage, fault)| {
        !matches!(stage, Stage::Config | Stage::Policy) && !matches!(fault.blame, Blame::Connector | Blame::Host)
    }) else {
        return;
    };
    match prepared.connector.diagnose(call, &prepared.accepted, stage, fault).await {
        Ok(Some(advice)) => stages.replace_words(&advice.message, &advice.remedy),
        Ok(None) => {}
        // The host's own words are good enough; the connector's failure must not hide the fault.
        Err(error) => tracing::warn!(%error, stage = ?stage, "a connector could not diagnose a fault"),
    }
}

fn report(stages: Stages, seen: Option<Seen>) -> Report {
    let seen = seen.unwrap_or_default();
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

/// A report of a test that ended before anything was dialled.
pub(super) fn halted(stages: Stages) -> Report {
    report(stages, None)
}

/// What the connector decides of the protection, with the operator's approval.
fn of_connector(target: &Target) -> Option<Fault> {
    let message = || format!("{} Here: {}.", code::TLS_OF_CONNECTOR.message, target.own.join(", "));
    (!target.own.is_empty()).then(|| Fault::new(&code::TLS_OF_CONNECTOR).message(message()))
}

/// A connector's warning as a line of the report.
fn warning(finding: &Finding) -> Fault {
    debug_assert!(!finding.is_error(), "an error would have been refused");
    let fault = Fault::new(&code::CONFIG_WARNING).message(finding.to_string());
    match &finding.hint {
        Some(hint) => fault.remedy(hint),
        None => fault,
    }
}
