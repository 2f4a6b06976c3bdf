//! The program `patchpanel`. `patchpanel --help` is its manual.

#[cfg(feature = "kit")]
mod connector;
mod explain;
#[cfg(not(feature = "kit"))]
mod no_kit;
mod secrets;
mod serve;
mod stage_table;
mod token;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;

use patchpanel::connectors::admission::compiler;
use patchpanel::settings::{self, Settings};
use rustix::process::{Resource, Rlimit, setrlimit};

/// The program failed, or the connection does.
const FAILED: u8 = 1;

/// The input is wrong: flags, settings or a configuration.
const BAD_INPUT: u8 = 2;

/// The connection host: a data source is registered once, every application uses it, and none holds the password.
#[derive(Debug, clap::Parser)]
#[command(name = "patchpanel", version, max_term_width = 120)]
#[command(long_about = "\
The connection host: a data source is registered once, every application uses it, and none holds the password.

Without a command it serves. Without any setting it serves in development mode: on 127.0.0.1:8002, with SQLite and a \
local secret store in one data directory, and with tokens from `patchpanel token`. For real users see --production.

Settings come from defaults, then the file of --settings-file, then the environment, then flags; the later ones win. \
Keys, passwords and tokens are never given as flags: they are in files.")]
#[command(after_long_help = "\
Examples:
  patchpanel
      serves in development mode
  export TOKEN=$(patchpanel token --org acme --project sales --role developer)
  curl -H \"Authorization: Bearer $TOKEN\" -H 'X-Project-ID: sales' http://127.0.0.1:8002/assets/data/types
      lists the connection types
  patchpanel verify --type postgres --config connection.json
      tries a connection without a server
  patchpanel explain password_rejected
      says what a code of a connection test means
  patchpanel connector new my-database --lang rust
      writes a project for a connector of one's own, in Rust, Python, JavaScript or C
  patchpanel connector check my-connector.wasm
      says whether a host admits this connector, and what its author can do if not

The HTTP API is described at /docs and /openapi.json.")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Serve(serve::Serve),
    Token(token::Token),
    Verify(verify::Verify),
    Explain(explain::Explain),
    #[cfg(feature = "kit")]
    Connector(connector::Connector),
    #[cfg(not(feature = "kit"))]
    Connector(no_kit::Connector),
    Secrets(secrets::Secrets),
    /// Compiles a component for a host, within limits; only a host calls it.
    #[command(name = compiler::COMMAND, hide = true)]
    CompileConnector(compiler::Arguments),
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
enum Failure {
    /// The input is wrong; the message says what to do.
    Input(anyhow::Error),
    /// Something else; the message says what to do.
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<settings::Error> for Failure {
    fn from(error: settings::Error) -> Self {
        Self::Input(error.into())
    }
}

fn main() -> ExitCode {
    let cli: Cli = match settings::parse(std::env::args_os()) {
        Ok(cli) => cli,
        // Help and version are no errors; clap knows where each goes.
        Err(settings::Error::Usage(error)) => error.exit(),
        Err(error) => return report(Failure::from(error)),
    };
    if let Err(error) = dump_no_core() {
        let error = anyhow::Error::new(error).context("cannot keep this process's memory out of core dumps");
        return report(Failure::Other(error));
    }
    let outcome = match cli.command {
        None => serve::run(&cli.settings).map(|()| ExitCode::SUCCESS),
        Some(Command::Serve(_)) => serve::run(&cli.settings).map(|()| ExitCode::SUCCESS),
        Some(Command::Token(command)) => token::run(&cli.settings, &command).map(|()| ExitCode::SUCCESS),
        Some(Command::Verify(command)) => verify::run(&cli.settings, &command),
        Some(Command::Explain(command)) => explain::run(&command).map(|()| ExitCode::SUCCESS),
        #[cfg(feature = "kit")]
        Some(Command::Connector(command)) => connector::run(&cli.settings, &command),
        #[cfg(not(feature = "kit"))]
        Some(Command::Connector(_)) => Err(no_kit::refuse()),
        Some(Command::Secrets(command)) => secrets::run(&cli.settings, &command).map(|()| ExitCode::SUCCESS),
        Some(Command::CompileConnector(arguments)) => Ok(compiler::run(&arguments)),
    };
    outcome.unwrap_or_else(report)
}

/// Keeps what is in memory, before any secret is, out of core dumps.
fn dump_no_core() -> rustix::io::Result<()> {
    // Smaller than any core file. Where cores go to a program, 0 ends none of them and 1 does (Linux, `fs/coredump.c`).
    setrlimit(Resource::Core, Rlimit { current: Some(1), maximum: Some(1) })
}

/// Says on one line of standard error what went wrong.
fn report(failure: Failure) -> ExitCode {
    let (error, code) = match failure {
        Failure::Input(error) => (error, BAD_INPUT),
        Failure::Other(error) => (error, FAILED),
    };
    // Without a standard error there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "patchpanel: {error:#}");
    ExitCode::from(code)
}

/// Writes to standard output; a reader that has gone is a failure, not a panic.
fn print(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| Failure::Other(anyhow::Error::new(error).context("cannot write to standard output")))
}
