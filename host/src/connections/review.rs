//! What a connector says of a connection before anything is opened: whether it accepts the configuration and credentials, and
//! what it describes. Nothing is stored here and nothing is dialled.

use std::sync::Arc;

use serde_json::Value;
use zeroize::Zeroize;

use super::{Candidate, Error, Outline, certificates, misplaced, white_space};
use crate::connectors::contract::{Answer, AuthMethod, Manifest};
use crate::connectors::{Accepted, Call, CallError, Connectors, Target, Version, VersionInUse};
use crate::finding::{self, Finding};
use crate::json;
use crate::meant;
use crate::schema::{self, listed};
use crate::secrets::{Credentials, MAX_SECRET_BYTES, Secret};
use crate::store::connections::ConnectionRow;

/// Has connectors review configurations and credentials.
#[derive(Debug, Clone)]
pub struct Reviewer {
    connectors: Arc<Connectors>,
}

/// What a check found.
#[derive(Debug)]
struct Checked {
    /// Everything at once, with pointers into the request's body.
    findings: Vec<Finding>,
    /// The connector and the configuration that it accepted; none when a finding is an error.
    accepted: Option<(VersionInUse, Accepted)>,
}

/// A configuration that its connector has accepted and described: all that is known of a connection before anything is
/// dialled.
#[derive(Debug)]
pub struct Described {
    /// The connector version that did it.
    pub connector: VersionInUse,
    /// The configuration.
    pub accepted: Accepted,
    /// Where it leads, judged.
    pub target: Target,
}

impl Reviewer {
    /// Has these connectors review.
    pub fn new(connectors: Arc<Connectors>) -> Self {
        Self { connectors }
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
            let (member, config) = (&candidate.config_member, &*candidate.config);
            let method = version.auth_method(config).ok();
            let mut findings =
                findings_of_config((member, config), (version.manifest(), method), version.check_config(config));
            if let Some(method) = method {
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

    /// Checks a candidate and has it described; `findings` are those that the caller has already, and what is answered
    /// beside has them too, all of them warnings.
    pub(crate) async fn review(
        &self,
        call: Call<'_>,
        candidate: &Candidate,
        mut findings: Vec<Finding>,
    ) -> Result<(Described, Vec<Finding>), Error> {
        let checked = self.check(call, candidate).await?;
        findings.extend(checked.findings);
        let Some((connector, accepted)) = checked.accepted.filter(|_| !finding::refuse(&findings)) else {
            return Err(Error::Invalid(findings));
        };
        let target = describe(&connector, call, &accepted, &candidate.config_member).await?;
        let unusable = certificates::check_keys(&target, &candidate.credentials);
        if !unusable.is_empty() {
            findings.extend(unusable);
            return Err(Error::Invalid(findings));
        }
        Ok((Described { connector, accepted, target }, findings))
    }

    /// Checks and describes what is there without any credential: every finding, and what was described when no finding is an
    /// error.
    pub(crate) async fn outline(
        &self,
        call: Call<'_>,
        outline: &Outline,
    ) -> Result<(Vec<Finding>, Option<Described>), Error> {
        let Outline { connection_type, config_member, config, credentials_set } = outline;
        let connector = match self.connector(connection_type) {
            Ok(connector) => connector,
            Err(finding) => return Ok((vec![finding], None)),
        };
        let (mut findings, accepted) = check_config(&connector, call, (config_member, config), credentials_set).await?;
        if let Ok(method) = connector.auth_method(config) {
            findings.extend(check_names(&connector, call, &method.name, credentials_set).await?);
        }
        let Some(accepted) = accepted.filter(|_| !finding::refuse(&findings)) else { return Ok((findings, None)) };
        match describe(&connector, call, &accepted, config_member).await {
            Ok(target) => Ok((findings, Some(Described { connector, accepted, target }))),
            Err(Error::Invalid(refused)) => {
                findings.extend(refused);
                Ok((findings, None))
            }
            Err(error) => Err(error),
        }
    }

    /// The connector of this type.
    pub(super) fn connector(&self, connection_type: &str) -> Result<VersionInUse, Finding> {
        self.connectors.find(connection_type).ok_or_else(|| {
            let known = self.connectors.list();
            let known: Vec<&str> = known.iter().map(|version| version.manifest().connection_type.as_str()).collect();
            let question = meant::question(connection_type, known.iter().copied());
            let message = format!("No connector for this type is loaded{question}");
            let finding = Finding::error("unknown_value", "/connection_type", &message);
            match &*known {
                [] => finding.with_hint("No connector is loaded yet; ask whoever runs this installation."),
                known => finding.with_hint(&format!("The types are {}.", listed(known, "and"))),
            }
        })
    }

    /// The version that serves a stored connection; none when it is not loaded.
    pub(crate) fn connector_of(&self, row: &ConnectionRow) -> Option<VersionInUse> {
        self.connectors.find_version(&row.connection_type, &row.serving.digest)
    }
}

/// Asks for the descriptor, and reads the certificates in it; the findings of a refusal get pointers into the request's body.
pub(super) async fn describe(
    connector: &VersionInUse,
    call: Call<'_>,
    accepted: &Accepted,
    config_member: &str,
) -> Result<Target, Error> {
    match connector.describe(call, accepted).await? {
        Answer::Given(target) => match check_certificates(connector, call, &target, accepted, config_member).await? {
            findings if findings.is_empty() => Ok(target),
            findings => Err(Error::Invalid(findings)),
        },
        Answer::Refused(findings) => Err(Error::Invalid(finding::under(config_member, findings).collect())),
    }
}

/// Reads the certificates that a descriptor has of the configuration. They may be as large as a body, so that this takes its
/// turn with the connector's calls.
async fn check_certificates(
    connector: &VersionInUse,
    call: Call<'_>,
    target: &Target,
    accepted: &Accepted,
    config_member: &str,
) -> Result<Vec<Finding>, CallError> {
    if !certificates::are_in(target) {
        return Ok(Vec::new());
    }
    let (target, accepted, member) = (target.clone(), accepted.clone(), config_member.to_owned());
    let check = move |_: &Version| Ok(certificates::check(&target, &member, &accepted.sent));
    connector.on_guest_thread(call, "check_certificates", check).await
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
    let decided = (connector.manifest(), connector.auth_method(config).ok());
    findings.extend(findings_of_config((member, config), decided, found));
    let accepted = accepted.filter(|_| !finding::refuse(&findings));
    Ok((findings, accepted))
}

/// What was found about a configuration that was sent as this member, with pointers into the request's body, and what the host
/// adds to it.
fn findings_of_config(
    (member, config): (&str, &Value),
    (manifest, method): (&Manifest, Option<&AuthMethod>),
    found: Vec<Finding>,
) -> Vec<Finding> {
    let mut findings: Vec<_> = finding::under(member, found).collect();
    if let Some(method) = method {
        misplaced::in_config(&mut findings, member, manifest, method);
    }
    // What is too large to say where it is wrong is too large to look through.
    if !schema::is_too_large(&findings) {
        white_space::tell(&mut findings, &json::member("", member), config);
    }
    findings
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

/// Checks which credentials are there by the method's schema: what is missing and what is unknown. What a value is nobody knows
/// here, so that nothing is said of it.
async fn check_names(
    connector: &VersionInUse,
    call: Call<'_>,
    auth_method: &str,
    names: &[String],
) -> Result<Vec<Finding>, CallError> {
    let mut credentials = Credentials::default();
    for name in names {
        credentials.set(name.clone(), Secret::new("?"));
    }
    let found = check_credentials(connector, call, auth_method, &credentials).await?;
    Ok(found.into_iter().filter(|finding| ["required", "unknown_member"].contains(&finding.code.as_str())).collect())
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
    let manifest = version.manifest();
    let method = manifest.auth_methods.iter().find(|method| method.name == auth_method);
    misplaced::in_credentials(&mut findings, manifest, method);
    if !schema::is_too_large(&findings) {
        white_space::tell(&mut findings, "/credentials", &object);
    }
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
