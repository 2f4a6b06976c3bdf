//! The cases that an author wrote down: a configuration, and exactly what must be said of it.

use std::fs;
use std::path::{Path, PathBuf};

use patchpanel::connectors::contract::Purpose;
use patchpanel::json;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Finding, Kit, Tried};

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    config: Value,
    /// The names of the credentials that are set; those that are required where this is absent.
    credentials_set: Option<Vec<String>>,
    /// `POINTER CODE` of every finding, errors and warnings.
    findings: Vec<String>,
}

pub(super) fn check(kit: &Kit<'_>) -> Tried {
    let (cases, mut tried) = read::<Case>(kit.options.cases.as_deref(), "case");
    tried.what = format!("{} cases", cases.len());
    for (file, case) in cases {
        let set = case.credentials_set.clone().unwrap_or_else(|| kit.required_credentials(&case.config));
        match kit.try_with(Purpose::Check, &case.config, &set) {
            Ok(outcome) => {
                let said = outcome.findings.iter().map(|finding| format!("{} {}", finding.pointer, finding.code));
                let (mut said, mut expected) = (said.collect::<Vec<_>>(), case.findings.clone());
                said.sort();
                expected.sort();
                if said != expected {
                    let message = format!("{}: it says {said:?}, and should say {expected:?}", shown(&file));
                    let remedy = "Mend the connector, or the case if that is what it should say.";
                    tried.add(Finding::error("case", message, remedy).with_input(&case.config));
                }
            }
            Err(failed) => tried.add(failed.finding(&case.config)),
        }
    }
    tried
}

/// Every JSON file of a directory, sorted by name; what cannot be read is found. A directory that is absent has none.
pub(super) fn read<T: DeserializeOwned>(directory: Option<&Path>, what: &str) -> (Vec<(PathBuf, T)>, Tried) {
    let mut tried = Tried::default();
    let Some(entries) = directory.and_then(|directory| fs::read_dir(directory).ok()) else {
        return (Vec::new(), tried);
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let bytes = fs::read(&file).map_err(|error| error.to_string());
        let value = bytes.and_then(|bytes| json::parse(&bytes).map_err(|error| error.to_string()));
        match value.and_then(|value| serde_json::from_value(value).map_err(|error| error.to_string())) {
            Ok(value) => found.push((file, value)),
            Err(error) => {
                let message = format!("{} cannot be read: {error}", shown(&file));
                tried.add(Finding::error("unreadable", message, format!("Write a {what} as README.md describes it.")));
            }
        }
    }
    (found, tried)
}

pub(super) fn shown(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().escape_debug().to_string()
}
