//! The demo: everything set up and started, the main job done over HTTP in front of the user, and up until Ctrl-C.

mod database;
mod main_job;

use std::net::{SocketAddr, TcpListener};
use std::process::Command;

use anyhow::{Context, Result, bail};
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::Patchpanel;

use self::database::{Database, Target};
use crate::progress::Progress;
use crate::{plugins, workspace};

/// How the demo is run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The address and port that Patchpanel serves on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8002")]
    listen: SocketAddr,

    /// Stops after the main job instead of staying up
    #[arg(long)]
    once: bool,

    #[command(flatten)]
    target: Target,
}

/// Does it. Whatever was started is stopped on return, in the reverse order.
pub(crate) fn run(options: &Options, progress: &mut Progress) -> Result<()> {
    let given = options.target.database()?;
    check_free(options.listen)?;
    let connectors = plugins::build(progress)?;
    let mut cargo = Command::new(workspace::cargo());
    cargo.current_dir(workspace::root()).args(["build", "--locked", "--package", "patchpanel", "--bin", "patchpanel"]);
    progress.run("Building Patchpanel", &mut cargo, "see the compiler's messages above")?;

    // Held to the end: dropping it stops the server.
    let (database, _server) = if let Some(database) = given {
        (database, None)
    } else {
        let (database, server) = progress.step("Starting a throw-away PostgreSQL", Database::throw_away)?;
        (database, Some(server))
    };
    let notes = TemporaryDirectory::new("demo")?;
    let mut host = progress.step("Starting Patchpanel", || {
        Patchpanel::builder()
            .program(&workspace::target().join("debug").join("patchpanel"))
            .setting("CONNECTORS_DIR", connectors.to_str().context("the repository's path is not UTF-8")?)
            .listen(options.listen)
            .start()
    })?;
    progress.summary();

    main_job::run(&host, &database, &notes, &progress.interrupt)?;
    if options.once {
        return Ok(());
    }
    stay(&mut host, progress)
}

/// Somebody else's server must not be taken for ours.
fn check_free(address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address);
    listener
        .map(drop)
        .with_context(|| format!("cannot serve on {address}; stop what does, or choose another with --listen"))
}

fn stay(host: &mut Patchpanel, progress: &Progress) -> Result<()> {
    println!("\nAPI:     {}/docs", host.origin());
    println!("Console: {}/console/", host.origin());
    println!("Log:     {}", host.directory().path().join("log").display());
    println!("\nCtrl-C stops everything.");
    while progress.interrupt.pause().is_ok() {
        if let Some(status) = host.ended()? {
            bail!("Patchpanel ended with {status}; its log ends with\n{}", host.log_tail());
        }
    }
    println!("\nStopping …");
    Ok(())
}
