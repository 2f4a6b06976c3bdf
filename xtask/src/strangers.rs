//! The tool-chains for the connectors in `tests/strangers/`, and for those that the tests of authoring begin.

use anyhow::{Result, bail};
use test_support::strangers::Stranger;

use crate::packages::Install;
use crate::progress::Progress;

/// Gets what is missing. Where that may not be installed, the tests of that language will be skipped; in a CI job that is
/// an error.
pub(crate) fn get_tool_chains(install: Install, ci: bool, progress: &mut Progress) -> Result<()> {
    for stranger in Stranger::ALL {
        let Err(missing) = stranger.find_tool_chain() else { continue };
        if install == Install::Refused {
            if ci {
                bail!(missing);
            }
            println!("! {missing}\n! WITHOUT IT, THE TESTS OF ITS CONNECTORS ARE SKIPPED; `--install` installs it");
            continue;
        }
        let purpose = format!("the tool-chain for {}", stranger.language());
        install.install(stranger.packages(), &purpose, progress)?;
        stranger.find_tool_chain()?;
    }
    Ok(())
}
