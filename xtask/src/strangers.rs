//! Builds the connectors in `tests/strangers/` to components, each by the stock tools of its language.

use anyhow::{Result, bail};
use test_support::strangers::{Built, Stranger};

use crate::packages::Install;
use crate::progress::Progress;

/// Builds all of them. One whose tool-chain is missing, and may not be installed, is passed over: its tests will be
/// skipped, and in a CI job that is an error.
pub(crate) fn build(install: Install, ci: bool, progress: &mut Progress) -> Result<()> {
    for stranger in Stranger::ALL {
        // Also where the component is there already: the tests of authoring start from nothing.
        if let Err(missing) = stranger.find_tool_chain() {
            if install == Install::Refused && ci {
                bail!(missing);
            }
            if install == Install::Refused {
                println!("! {missing}\n! WITHOUT IT, THE TESTS OF ITS CONNECTORS ARE SKIPPED; `--install` installs it");
                continue;
            }
            let purpose = format!("the tool-chain for {}", stranger.language());
            install.install(stranger.packages(), &purpose, progress)?;
        }
        let title = format!("Building the {} connector", stranger.language());
        progress.step(&title, || match stranger.build()? {
            Built::Component(_) => Ok(()),
            Built::Missing(missing) => bail!(missing),
        })?;
    }
    Ok(())
}
