//! `patchpanel connector` of a build without the kit: what it is, and that it is not here.

use std::ffi::OsString;

use anyhow::anyhow;

use super::Failure;

/// For those who write connectors: not in this build.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(super) struct Connector {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _arguments: Vec<OsString>,
}

pub(super) fn refuse() -> Failure {
    Failure::Input(anyhow!(
        "this build is for servers and has no kit for those who write connectors; use one with the default features \
         (`cargo build --package patchpanel`)"
    ))
}
