//! .
#[derive(Debug, clap::Args)]
pub(crate) struct Options {}
pub(crate) fn run(_: &Options, _: crate::Source, _: crate::Install, _: &mut crate::Progress) -> anyhow::Result<()> {
    Ok(())
}
