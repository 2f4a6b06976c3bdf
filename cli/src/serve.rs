//! `patchpanel serve`: the host itself.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use patchpanel::app;
use patchpanel::http::server::Server;
use patchpanel::logs;
use patchpanel::settings::Settings;
use rustix::process::{DumpableBehavior, Resource, Signal as Number, getrlimit, set_dumpable_behavior, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;

/// Serves the HTTP API; the same as no command.
///
/// SIGTERM, SIGINT or SIGHUP stops accepting and finishes the requests that were taken, for at most 20 seconds; a second
/// one ends at once. Nothing is read anew at SIGHUP: settings are read at start. Where it is ignored, as below nohup, it
/// stays so.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {}

pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    settings.check()?;
    if settings.production {
        // What is in memory is not for a debugger either, nor for whoever reads `/proc` as the same user.
        set_dumpable_behavior(DumpableBehavior::NotDumpable).context("cannot keep this process's memory to itself")?;
    }
    logs::start(settings.log_format, settings.log_level).context("cannot start logging")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")?;
    let outcome = runtime.block_on(serve(settings));
    // What still runs is for nobody, and a look-up can run for minutes.
    runtime.shutdown_background();
    outcome
}

async fn serve(settings: &Settings) -> Result<(), Failure> {
    let stop = Stop::listen().context("cannot listen for signals")?;
    raise_descriptor_limit(settings);
    let server = Server::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}; choose another address with --listen", settings.listen))?;
    let address = server.address();
    // With its port, so that it is known where connections must not lead.
    let mut settings = settings.clone();
    settings.listen = address;
    let app = app::App::start(&settings).await?;
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");
    if settings.development() {
        welcome(address, &settings.data_dir()?, app.console_code(&settings)?.as_deref());
    }
    let stopping = async {
        stop.requested().await;
        app.end_streams();
    };
    server.serve(app.router()?, app.connection_limits(), stopping).await;
    app.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Raises the limit of open descriptors to what the system allows: the usual one is less than there may be connections.
fn raise_descriptor_limit(settings: &Settings) {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open descriptors cannot be raised");
    }
    let (allowed, needed) = (getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX), settings.fairness.descriptors());
    if allowed < needed {
        tracing::warn!(
            allowed,
            needed,
            "fewer descriptors may be open than the settings need; raise the limit (ulimit -n), or lower --http-max-connections and --max-tests"
        );
    }
}

/// Says that this is development mode, and what to do next.
fn welcome(address: SocketAddr, data_dir: &Path, code: Option<&str>) {
    // Whoever comes later signs in with a token.
    let (fragment, for_once) = match code {
        Some(code) => (format!("#t={code}"), "   (signs you in once, within a minute)"),
        None => (String::new(), ""),
    };
    let text = format!(
        "\nDEVELOPMENT MODE: keys are made in the data directory, and connections may lead to this machine and to private\n\
         networks. For real users see --production in `patchpanel --help`.\n\n\
         A token:  patchpanel token --data-dir {} --org acme --project sales --role developer\n\
         The API:  http://{address}/docs\n\
         Console:  http://{address}/console/{fragment}{for_once}\n\n",
        data_dir.display()
    );
    // Without a standard error there is nobody to tell.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// The signals that stop the host.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
    /// None where it is ignored.
    hang_up: Option<Signal>,
}

impl Stop {
    fn listen() -> std::io::Result<Self> {
        let listen = || signal(SignalKind::hangup());
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: if ignores_hang_up()? { None } else { Some(listen()?) },
        })
    }

    async fn next(&mut self) {
        let hang_up = async {
            match &mut self.hang_up {
                Some(hang_up) => drop(hang_up.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = hang_up => {}
        }
    }

    /// Is ready at the first signal. The second one ends the process at once.
    async fn requested(mut self) {
        self.next().await;
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("a second signal: ending at once");
            std::process::exit(130);
        });
    }
}

/// Whether this process was started with SIGHUP ignored, as nohup does: `SigIgn` in proc(5), a bit for each signal.
fn ignores_hang_up() -> std::io::Result<bool> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    Ok(ignored & 1 << (Number::HUP.as_raw() - 1) != 0)
}
