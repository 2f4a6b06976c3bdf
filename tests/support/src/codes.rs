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
        let pages = names.map(|name| Ok((name.to_owned(), Page::read(&explain(host, Some(name))?)?)));
        Ok(Self(pages.collect::<Result<_>>()?))
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
    fn read(text: &str) -> Result<Self> {
        let line = |name: &str| {
            let found = text.lines().find_map(|line| line.trim().strip_prefix(name));
            found.map(str::trim).with_context(|| format!("{name:?} is not in {text}"))
        };
        Ok(Self {
            stages: line("Stages:")?.split(", ").map(str::to_owned).collect(),
            blame: line("Whose fault:")?.to_owned(),
            retryable: line("A retry:")? == "can help",
        })
    }
}

fn explain(host: &Patchpanel, code: Option<&str>) -> Result<String> {
    let output = host.command("explain").args(code).output().context("cannot start patchpanel")?;
    ensure!(output.status.success(), "patchpanel explain: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?)
}
