//! What earlier versions accepted: it must still be accepted, described, and lead to the same places.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use patchpanel::connectors::contract::{Answer, Purpose};
use patchpanel::connectors::{Accepted, Binding};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cases::{read, shown};
use super::explain::explain;
use super::trial::{Outcome, first_error, patiently};
use super::{Finding, Kit, Tried};

/// One file: a configuration that a version accepted, and what came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    written_by: String,
    sent: Value,
    normalised: Value,
    auth_method: String,
    credentials_set: Vec<String>,
    bindings: Vec<Binding>,
}

pub(super) fn check(kit: &Kit<'_>) -> Tried {
    let (records, mut tried) = read::<Record>(kit.options.recorded.as_deref(), "recorded configuration");
    tried.what = format!("{} recorded configurations", records.len());
    for (file, record) in records {
        match kit.try_with(Purpose::Update, &record.sent, &record.credentials_set) {
            Ok(Outcome { accepted: Some(_), .. }) => {}
            Ok(outcome) => {
                let message = format!("{} is refused{}", shown(&file), first_error(&outcome.findings));
                let remedy = "Go on accepting what an earlier version accepted; a new rule can be a warning.";
                tried.add(Finding::error("recorded_refused", message, remedy).with_input(&record.sent));
            }
            Err(failed) => tried.add(failed.finding(&record.sent)),
        }
        described(kit, &file, record, &mut tried);
    }
    tried
}

/// Looks at how a stored configuration is described: migrated, if this version does that.
fn described(kit: &Kit<'_>, file: &Path, record: Record, tried: &mut Tried) {
    let accepted = Accepted {
        sent: record.sent,
        normalised: record.normalised,
        auth_method: record.auth_method,
        credentials_set: record.credentials_set,
        written_by: record.written_by,
    };
    let accepted = if accepted.written_by == kit.version.manifest().version {
        accepted
    } else {
        // Without a migration it is described as it is.
        match patiently(|| kit.version.migrate(Purpose::Update, &accepted)) {
            Ok(None) => accepted,
            Ok(Some(Answer::Given(migrated))) => migrated,
            Ok(Some(Answer::Refused(findings))) => {
                let message = format!("{} cannot be migrated{}", shown(file), first_error(&findings));
                let remedy = "Let `migrate` bring everything that an earlier version normalised to this one.";
                return tried
                    .add(Finding::error("recorded_not_migrated", message, remedy).with_input(&accepted.normalised));
            }
            Err(error) => return tried.add(explain("migrate", &error).with_input(&accepted.normalised)),
        }
    };
    match patiently(|| kit.version.describe(Purpose::Use, &accepted)) {
        Ok(Answer::Given(target)) if target.bindings == record.bindings => {}
        Ok(Answer::Given(_)) => {
            let message = format!("{} leads elsewhere, or uses its credentials otherwise", shown(file));
            let remedy = "Keep host, port, TLS and credentials as they were: such a connection stays with its old version \
                          until its tenant agrees.";
            tried.add(Finding::warning("recorded_leads_elsewhere", message, remedy).with_input(&accepted.normalised));
        }
        Ok(Answer::Refused(findings)) => {
            let message = format!("{} is not described any more{}", shown(file), first_error(&findings));
            let remedy = "Let `describe` read what every earlier version normalised.";
            tried.add(Finding::error("recorded_not_described", message, remedy).with_input(&accepted.normalised));
        }
        Err(error) => tried.add(explain("describe", &error).with_input(&accepted.normalised)),
    }
}

/// Writes down what this version makes of its examples, in files of its own; returns the new ones.
pub fn record(kit: &Kit<'_>, directory: &Path) -> io::Result<Vec<PathBuf>> {
    let manifest = kit.version.manifest();
    let mut written = Vec::new();
    fs::create_dir_all(directory)?;
    for (index, example) in manifest.examples.iter().enumerate() {
        let Ok(Outcome { accepted: Some(accepted), target: Some(target), .. }) = kit.try_it(example) else {
            continue;
        };
        let path = directory.join(format!("{}-{index}.json", manifest.version));
        let record = Record {
            written_by: accepted.written_by,
            sent: accepted.sent,
            normalised: accepted.normalised,
            auth_method: accepted.auth_method,
            credentials_set: accepted.credentials_set,
            bindings: target.bindings,
        };
        // What was recorded once is not changed: that is what it is for.
        match fs::File::create_new(&path) {
            Ok(mut file) => {
                serde_json::to_writer_pretty(&mut file, &record)?;
                file.write_all(b"\n")?;
                written.push(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}
