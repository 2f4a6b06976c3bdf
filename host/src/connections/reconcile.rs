//! Whether the secret store has what the connections point at: after one of the two stores was restored without the other,
//! it has not.

use std::collections::HashSet;

use super::deposit::Depository;
use super::{Connections, Error};
use crate::metric;
use crate::secrets::Reference;
use crate::store::signatures::{self, Pointer};
use crate::store::{self, Turn};

/// Connections that are looked at together.
const BATCH: u32 = 1000;

/// How many connections have credentials that cannot be used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// The secret store does not have them.
    pub(super) lost: u32,
    /// Their rows have no signature.
    pub(super) unsigned: u32,
    /// They are in another secret store.
    pub(super) elsewhere: u32,
}

impl Connections {
    /// Looks once at all connections, and says how many have credentials that cannot be used. It can be dropped at any
    /// moment.
    pub async fn reconcile(&self) {
        let counted = match self.depository.count().await {
            Ok(counted) => counted,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                return tracing::error!(error, "it could not be seen whether all stored credentials are there");
            }
        };
        let Counted { lost, unsigned, elsewhere } = counted;
        for (why, count) in [("lost", lost), ("unsigned", unsigned), ("elsewhere", elsewhere)] {
            metrics::gauge!(metric::UNUSABLE_CREDENTIALS, "why" => why).set(f64::from(count));
        }
        let store = self.depository.secrets.name();
        if lost > 0 {
            tracing::error!(
                connections = lost,
                store,
                "the secret store does not have the credentials of these connections; restore it from the backup that \
                 belongs to the metadata, or have the credentials sent again"
            );
        }
        if unsigned > 0 {
            tracing::error!(
                connections = unsigned,
                "security: the rows of these connections are not as a host has written them; restore the metadata from \
                 the backup that belongs to the secret store, or have the credentials sent again"
            );
        }
        if elsewhere > 0 {
            tracing::error!(
                connections = elsewhere,
                store,
                "the credentials of these connections are in another store"
            );
        }
    }
}

impl Depository {
    pub(super) async fn count(&self) -> Result<Counted, Error> {
        let (mut after, mut counted) = (String::new(), Counted::default());
        loop {
            let page = self.pointers(&after).await?;
            let Some(last) = page.last() else { return Ok(counted) };
            let here = page.iter().filter(|pointer| pointer.store == self.secrets.name());
            let references: Vec<Reference> = here.map(|pointer| pointer.reference.clone()).collect();
            counted.elsewhere += count(page.iter()) - count(references.iter());
            counted.unsigned += count(page.iter().filter(|pointer| !pointer.is_signed));
            let missing: HashSet<Reference> = self.secrets.missing(&references).await?.into_iter().collect();
            if !missing.is_empty() {
                // Those that point there still: others were changed while the store was asked.
                let again = self.pointers(&after).await?;
                counted.lost += count(again.iter().filter(|pointer| missing.contains(&pointer.reference)));
            }
            after.clone_from(&last.connection);
        }
    }

    async fn pointers(&self, after: &str) -> Result<Vec<Pointer>, store::Error> {
        signatures::pointers(&mut self.store.reader(Turn::Host).await?, after, BATCH).await
    }
}

fn count(of: impl Iterator) -> u32 {
    u32::try_from(of.count()).unwrap_or(u32::MAX)
}
