//! `patchpanel secrets`: what an operator does with the local secret store.

use anyhow::{Context as _, anyhow};
use patchpanel::app;
use patchpanel::logs;
use patchpanel::settings::Settings;

use super::{Failure, print};

/// For operators: what is in the local secret store.
#[derive(Debug, clap::Args)]
pub(super) struct Secrets {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Orphans(Orphans),
}

/// Lists the secrets that no connection points at: organization, key and version of each, never a value.
///
/// There are none unless one of the two stores, metadata.db and secrets.db, was restored without the other. The host must
/// not be running. Nothing is removed without --remove.
#[derive(Debug, clap::Args)]
struct Orphans {
    /// Removes them for good. If metadata.db is older than secrets.db, they may be what connections need once the right
    /// metadata.db is back.
    #[arg(long)]
    remove: bool,
}

pub(super) fn run(settings: &Settings, command: &Secrets) -> Result<(), Failure> {
    let Command::Orphans(Orphans { remove }) = &command.command;
    logs::start(settings.log_format, logs::Level::Warn).context("cannot start logging")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")?;
    let tell = |organization: &str, key: &str, version: i64| {
        print(&format!("{organization} {key} {version}\n")).map_err(|_| anyhow!("cannot write to standard output"))
    };
    let count = runtime.block_on(app::orphans(settings, *remove, tell))?;
    let done = match (count, remove) {
        (0, _) => "every secret has its connection".to_owned(),
        (1, true) => "1 secret that no connection pointed at is removed".to_owned(),
        (1, false) => "no connection points at this secret; --remove removes it for good".to_owned(),
        (_, true) => format!("{count} secrets that no connection pointed at are removed"),
        (_, false) => format!("no connection points at these {count} secrets; --remove removes them for good"),
    };
    print(&format!("{done}\n"))
}
