//! `patchpanel verify`: one connection test without a server.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use patchpanel::app;
use patchpanel::connections::{Candidate, Reviewer};
use patchpanel::connectors::Call;
use patchpanel::connectors::contract::Purpose;
use patchpanel::finding::{Finding, Severity};
use patchpanel::http::body::{Body, MAX_BODY_BYTES};
use patchpanel::http::data::candidate;
use patchpanel::http::data::report::TestResult;
use patchpanel::http::data::verify::VerifyRequest;
use patchpanel::http::error::ApiError;
use patchpanel::http::{self, schemas::Schemas};
use patchpanel::json;
use patchpanel::sessions;
use patchpanel::settings::Settings;
use serde_json::Value;

use super::{Failure, stage_table};

/// On whose behalf connectors are called here, in their logs.
const ORGANIZATION: &str = "command-line";

/// Tries a connection without a server and without storing anything.
///
/// Prints each stage of the test with its time, then what is wrong and what to do. The exit code is 0 when the connection
/// works, 1 when it does not, and 2 when the input is wrong.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Example:
  cat > connection.json <<'END'
  {
    \"database_config\": {\"host\": \"db.example.com\", \"database\": \"orders\"},
    \"credentials\": {\"username\": \"reader\", \"password\": \"…\"}
  }
  END
  patchpanel verify --type postgres --config connection.json")]
pub(super) struct Verify {
    /// The connection type. Not needed when the file has a `connection_type`.
    #[arg(long = "type", value_name = "TYPE")]
    pub(super) connection_type: Option<String>,
    /// The body of `POST /assets/data/verify`, as JSON; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Prints exactly what the HTTP API would answer.
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(settings: &Settings, command: &Verify) -> Result<ExitCode, Failure> {
    let body = read(command).map_err(Failure::Input)?;
    patchpanel::logs::start(settings.log_format, patchpanel::logs::Level::Warn).context("cannot start logging")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")?;
    let outcome = runtime.block_on(verify(settings, command, body));
    // A look-up that the report did not wait for can run for minutes.
    runtime.shutdown_background();
    outcome
}

/// Reads the body, with the connection type of the command line.
fn read(command: &Verify) -> anyhow::Result<Value> {
    let text = read_bounded(&command.config)?;
    let mut body = json::parse(&text).with_context(|| format!("{} cannot be used", name(&command.config)))?;
    let Some(connection_type) = &command.connection_type else { return Ok(body) };
    let members = body
        .as_object_mut()
        .ok_or_else(|| anyhow!("{} is no JSON object; `patchpanel verify --help` has one", name(&command.config)))?;
    match members.get("connection_type") {
        Some(other) if other != connection_type.as_str() => {
            Err(anyhow!("--type is {connection_type}, but {} names another connection_type", name(&command.config)))
        }
        _ => {
            members.insert("connection_type".to_owned(), Value::String(connection_type.clone()));
            Ok(body)
        }
    }
}

/// What a file is called in messages.
fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

fn read_bounded(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    let limit = MAX_BODY_BYTES as u64 + 1;
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut text))
    };
    read.with_context(|| format!("cannot read {}", name(path)))?;
    if text.len() > MAX_BODY_BYTES {
        return Err(anyhow!("{} is larger than {MAX_BODY_BYTES} bytes", name(path)));
    }
    Ok(text)
}

async fn verify(settings: &Settings, command: &Verify, body: Value) -> Result<ExitCode, Failure> {
    let (reviewer, drivers) = app::without_stores(settings).await?;
    let schemas = Schemas::compile(&http::document()).context("cannot check the configuration")?;
    let mut body: Body<VerifyRequest> = Body::check(&schemas, body);
    let result = if body.findings.is_empty() {
        let candidate = body.convert().and_then(|request| Candidate::try_from(request).map_err(ApiError::Validation));
        match candidate {
            Ok(candidate) => {
                sessions::verify(&reviewer, &drivers, ORGANIZATION, &candidate).await.map_err(ApiError::from)
            }
            Err(error) => Err(error),
        }
    } else {
        Err(reject(&reviewer, body).await)
    };
    match result {
        Ok(report) => show(&TestResult::from(report), command.json),
        Err(error) => refuse(error, command.json),
    }
}

/// The findings of the schema and of the connector at once, as the API would answer them.
async fn reject(reviewer: &Reviewer, body: Body<VerifyRequest>) -> ApiError {
    let Some(candidate) = candidate::usable(&body.value) else { return ApiError::Validation(body.findings) };
    let call = Call { organization: ORGANIZATION, purpose: Purpose::Check };
    match reviewer.check_schemas(call, candidate).await {
        Ok(more) => ApiError::Validation(candidate::merge(body.findings, more)),
        Err(error) => ApiError::Connector(error),
    }
}

fn show(result: &TestResult, json: bool) -> Result<ExitCode, Failure> {
    let text = if json {
        let body = serde_json::to_string_pretty(result).context("cannot write the result")?;
        format!("{body}\n")
    } else {
        stage_table::render(result, std::io::stdout().is_terminal())
    };
    super::print(&text)?;
    Ok(if result.success { ExitCode::SUCCESS } else { ExitCode::from(super::FAILED) })
}

/// Says why there was no test: 2 when the input is wrong, 1 when something else is.
fn refuse(error: ApiError, json: bool) -> Result<ExitCode, Failure> {
    let code = if matches!(error, ApiError::Validation(_)) { super::BAD_INPUT } else { super::FAILED };
    let text = if json {
        let body = serde_json::to_string_pretty(&error.into_body()).context("cannot write the error")?;
        format!("{body}\n")
    } else {
        match &error {
            ApiError::Validation(findings) => findings.iter().map(line).collect(),
            other => format!("{other}\n"),
        }
    };
    super::print(&text)?;
    Ok(ExitCode::from(code))
}

/// One finding for people.
fn line(finding: &Finding) -> String {
    let pointer = if finding.pointer.is_empty() { "(whole body)" } else { &finding.pointer };
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let hint = finding.hint.as_ref().map_or(String::new(), |hint| format!("\n    {hint}"));
    format!("{severity}: {pointer}: {}{hint}\n", finding.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_readable() {
        let finding = Finding::error("required", "/database_config/host", "It is required.").with_hint("Send it.");
        assert_eq!(line(&finding), "error: /database_config/host: It is required.\n    Send it.\n");
    }
}
