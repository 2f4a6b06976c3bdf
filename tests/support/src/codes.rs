//! What `patchpanel explain` says of the codes of connection tests.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::patchpanel::Patchpanel;

/// Every code that there is, by its name.
#[derive(Debug)]
pub struct Codes(HashMap<String, Page>);

#[derive(Debug)]
struct Page {
    stages: Vec<String>,
    blame: String,
    retryable: bool,
}

impl Codes {
    /// Asks the program of this host.
    pub fn ask(host: &Patchpanel) -> Result<Self> {
        let list = explain(host, None)?;
        let names = list.lines().filter_map(|line| line.split_whitespace().next());
        let mut pages = HashMap::new();
        for name in names {
            if let Some(page) = Page::read(&explain(host, Some(name))?)? {
                pages.insert(name.to_owned(), page);
            }
        }
        ensure!(!pages.is_empty(), "no code is one of a stage: {list}");
        Ok(Self(pages))
    }

    /// Whether the stage, the blame and the worth of a retry of a failed stage are those of its code.
    pub fn explain(&self, failed: &Value) -> bool {
        let Some(page) = failed["code"].as_str().and_then(|code| self.0.get(code)) else { return false };
        page.stages.iter().any(|stage| failed["stage"] == stage.as_str())
            && failed["blame"] == page.blame.as_str()
            && failed["retryable"] == page.retryable
    }
}

impl Page {
    /// None of a code that no stage has.
    fn read(text: &str) -> Result<Option<Self>> {
        let line = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim);
        let Some(stages) = line("Where:").and_then(|place| place.strip_prefix("code of a stage: ")) else {
            return Ok(None);
        };
        let said = |name| line(name).with_context(|| format!("{name:?} is not in {text}"));
        Ok(Some(Self {
            stages: stages.split(", ").map(str::to_owned).collect(),
            blame: said("Whose fault:")?.to_owned(),
            retryable: said("A retry:")? == "can help",
        }))
    }
}

fn explain(host: &Patchpanel, code: Option<&str>) -> Result<String> {
    let output = host.command("explain").args(code).output().context("cannot start patchpanel")?;
    ensure!(output.status.success(), "patchpanel explain: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?)
}
