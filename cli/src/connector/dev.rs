//! `patchpanel connector dev`: at every save, the connector anew.

use std::fmt::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use patchpanel::connectors::admission::Reason;
use patchpanel::connectors::contract::{Answer, Purpose};
use patchpanel::connectors::{Target, Version};
use patchpanel::descriptor::{Parameter, Value};
use patchpanel::finding::Finding;
use patchpanel::json;
use patchpanel::logs;
use patchpanel::settings::{self, Settings};
use patchpanel_kit::authoring::{self, CASES, Change, Project, SAMPLE, Steps, Watch};
use patchpanel_kit::conformance::{CHECKS, Kit, Options};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value as Json;

use super::test::describe;
use super::{Failure, admit, escaped, print};
use crate::Cli;

/// The checks that are made at every save: those that take no time. `connector test` makes them all.
const QUICK: [&str; 3] = ["forms", "cases", "required"];

/// Rebuilds the connector here at every save, admits it as a host would, and shows what it makes of sample.json: what
/// `validate` finds, what is stored, and what `describe` leads to.
///
/// What fails to build or is refused does not replace the one before, as in a host. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
pub(super) struct Dev {
    /// Serves the connector too, at --listen: the HTTP API and its documentation, with what was built last. Its data are
    /// in the project's build/host.
    #[arg(long)]
    serve: bool,
}

pub(super) fn run(settings: &Settings, command: &Dev) -> Result<ExitCode, Failure> {
    // What a connector logs, and why it traps.
    let format = if settings.log_format == logs::Format::Auto { logs::Format::Text } else { settings.log_format };
    logs::start(format, logs::Level::Info).context("cannot start logging")?;
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst)).context("cannot listen for Ctrl-C")?;
    let steps = Steps::until(stop);
    let project = Project::find(Path::new("."))?;
    let mut watch = Watch::start(&project)?;
    let mut server = if command.serve { Some(Server::start(settings, &project)?) } else { None };
    let mut bench = Bench { settings, project, current: None };
    let (mut change, mut since) = (Change::Sources, Instant::now());
    loop {
        match bench.show(change, since, &steps).and_then(|()| {
            watch.next(|| {
                steps.check()?;
                server.as_mut().map_or(Ok(()), Server::check)
            })
        }) {
            Ok(next) => (change, since) = next,
            Err(Failure::Other(error)) if is_interrupted(&error) => return Ok(ExitCode::SUCCESS),
            Err(failure) => return Err(failure),
        }
    }
}

fn is_interrupted(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(authoring::Error::Interrupted))
}

/// A host that follows the directory of what is built.
struct Server(Child);

impl Server {
    fn start(settings: &Settings, project: &Project) -> anyhow::Result<Self> {
        let (component, data) = (project.component(), project.made("host"));
        let directory = component.parent().unwrap_or(project.root());
        std::fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut serve = std::process::Command::new(program);
        serve.env("PATCHPANEL_LOG_LEVEL", "warn").envs(settings::variables::<Cli>(std::env::args_os())?);
        serve.args(["serve", "--connectors-watch"]);
        serve.arg("--connectors-dir").arg(directory).arg("--data-dir").arg(data);
        serve.arg(format!("--listen={}", settings.listen));
        // A terminal's Ctrl-C is for this process, which ends the host in good order; two signals would end it at once.
        serve.process_group(0);
        serve.stdin(Stdio::null()).spawn().map(Self).context("cannot start the host")
    }

    /// An error once it has ended, which nobody has asked it to; it has said why.
    fn check(&mut self) -> Result<(), Failure> {
        match self.0.try_wait().context("cannot look after the host")? {
            Some(status) => Err(Failure::Other(anyhow!("the host that --serve started has ended with {status}"))),
            None => Ok(()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // In good order; it may have ended by itself.
        let id = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        let _ = id.map(|id| kill_process(id, Signal::TERM));
        let _ = self.0.wait();
    }
}

/// The project, and the version of its connector that is in force.
struct Bench<'a> {
    settings: &'a Settings,
    project: Project,
    current: Option<Version>,
}

impl Bench<'_> {
    /// Puts what has been saved in force, if it can be, and shows what is.
    fn show(&mut self, change: Change, since: Instant, steps: &Steps) -> Result<(), Failure> {
        let mut text = String::from("\n");
        if change == Change::Sources || self.current.is_none() {
            match self.replace(steps) {
                Ok(version) => {
                    let manifest = version.manifest();
                    // Writing to a String cannot fail.
                    let _ = writeln!(text, "✓ {} {} is in force", manifest.connection_type, manifest.version);
                    self.current = Some(version);
                }
                Err(failure) => {
                    text.push_str(&failure?);
                    let _ = match &self.current {
                        Some(version) => writeln!(text, "  The one before stays in force ({}).", version.digest()),
                        None => writeln!(text, "  There is none in force yet."),
                    };
                    return finish(text, since);
                }
            }
        }
        if let Some(version) = &self.current {
            self.checks(version, &mut text);
            match self.sample(version) {
                Ok(shown) => text.push_str(&shown),
                Err(error) => {
                    let _ = writeln!(text, "✗ {SAMPLE}: {}", escaped(&format!("{error:#}")));
                }
            }
        }
        finish(text, since)
    }

    /// Builds and admits. An error is what to show, or what ends the command.
    fn replace(&self, steps: &Steps) -> Result<Version, Result<String, Failure>> {
        let component = self.project.build(steps).map_err(|error| match error {
            authoring::Error::Interrupted => Err(Failure::from(error)),
            error => Ok(format!("✗ {:#}\n", anyhow!(error))),
        })?;
        let admitted = admit(self.settings, &component, "Admitting", steps).map_err(Err)?;
        admitted.map_err(|reasons| Ok(reasons.iter().map(refusal).collect()))
    }

    fn checks(&self, version: &Version, text: &mut String) {
        let cases = Some(self.project.root().join(CASES));
        let options = Options { configs: 0, seed: 0, cases, recorded: None };
        let kit = Kit::new(version, 0, &options);
        for (name, check) in CHECKS.into_iter().filter(|(name, _)| QUICK.contains(name)) {
            let tried = check(&kit);
            if tried.findings.is_empty() {
                let _ = writeln!(text, "✓ {name}: {}", tried.what);
            }
            for finding in &tried.findings {
                describe(text, name, finding);
            }
        }
    }

    /// What becomes of the sample.
    fn sample(&self, version: &Version) -> anyhow::Result<String> {
        let path = self.project.root().join(SAMPLE);
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let body = json::parse(&bytes).context("it is not usable JSON")?;
        let member = &version.manifest().config_member;
        let config = body.get(member).with_context(|| format!("it has no {member}"))?;
        let credentials = body.get("credentials").cloned().unwrap_or_default();
        let set = credentials.as_object().into_iter().flat_map(|members| members.keys().cloned());
        let mut set: Vec<String> = set.collect();
        set.sort();

        let mut text = format!("\nvalidate {SAMPLE}\n");
        let (findings, accepted) = version.validate(Purpose::Check, config, &set)?;
        text.extend(findings.iter().map(finding));
        let Some(accepted) = accepted else { return Ok(text + "  it is refused\n") };
        let _ = writeln!(text, "  stored: {}", escaped(&accepted.normalised.to_string()));
        for refused in version.check_credentials(&accepted.auth_method, &credentials) {
            let refused = Finding { pointer: format!("/credentials{}", refused.pointer), ..refused };
            text.push_str(&finding(&refused));
        }
        text.push_str("describe\n");
        match version.describe(Purpose::Check, &accepted)? {
            Answer::Given(target) => descriptor(&mut text, &target),
            Answer::Refused(findings) => text.extend(findings.iter().map(finding)),
        }
        Ok(text)
    }
}

fn finish(mut text: String, since: Instant) -> Result<(), Failure> {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  {:.1} s after the save; waiting for the next", since.elapsed().as_secs_f64());
    print(&text)
}

fn refusal(reason: &Reason) -> String {
    let Reason { code, message, remedy } = reason;
    format!("✗ refused: {code}\n    {}\n    → {}\n", escaped(message), escaped(remedy))
}

fn finding(finding: &Finding) -> String {
    let severity = if finding.is_error() { "error" } else { "warning" };
    let pointer = if finding.pointer.is_empty() { "(all of it)" } else { &finding.pointer };
    let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!("    {}\n", escaped(hint)));
    format!("  {severity}: {} {}: {}\n{hint}", escaped(pointer), finding.code, escaped(&finding.message))
}

fn descriptor(text: &mut String, target: &Target) {
    let descriptor = &target.descriptor;
    let _ = writeln!(text, "  driver {}", descriptor.driver);
    for endpoint in &descriptor.endpoints {
        let (role, host, port, mode) = (&endpoint.role, &endpoint.host, endpoint.port, endpoint.tls.mode);
        let _ = writeln!(text, "  {} endpoint {} port {port}, TLS {mode}", escaped(role), escaped(host));
    }
    for authentication in &descriptor.authentications {
        let role = escaped(&authentication.endpoint_role);
        let _ = writeln!(text, "  at {role} by {}: {}", authentication.scheme, list(&authentication.parameters));
    }
    if !descriptor.parameters.is_empty() {
        let _ = writeln!(text, "  {}", list(&descriptor.parameters));
    }
}

fn list(parameters: &[Parameter]) -> String {
    let shown = parameters.iter().map(|parameter| {
        let value = match &parameter.value {
            Value::Text(text) => Json::from(text.as_str()).to_string(),
            Value::Credential(name) => format!("the credential {name}"),
        };
        escaped(&format!("{} = {value}", parameter.name)).to_string()
    });
    shown.collect::<Vec<_>>().join(", ")
}
