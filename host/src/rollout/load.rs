//! Which versions are in memory: those that something needs, from the library, and no others.

use std::collections::BTreeSet;

use super::{Error, Rollout, State, library};
use crate::connectors::admission::Reason;
use crate::connectors::{VersionInUse, log_refusal};
use crate::store::connector_versions::{self, ConnectorVersionRow};
use crate::store::{Turn, id_of, serving};

impl Rollout {
    /// Loads what the last process left: the active versions, those that serve connections, and what can be gone back
    /// to.
    pub(super) async fn resume(&self) -> Result<(), Error> {
        let rows = connector_versions::list(&mut self.store.reader(Turn::Host).await?).await?;
        let known: BTreeSet<String> = rows.iter().map(|row| id_of(row, |row| &row.digest).clone()).collect();
        // The bytes of a damaged one stay.
        for digest in self.library.list().await?.iter().filter(|digest| !known.contains(*digest)) {
            // A killed process has deleted its row, or has not come to write it.
            if let Err(error) = self.library.delete(digest).await {
                tracing::warn!(digest, %error, "a component that no row knows cannot be removed");
            }
        }
        let rows = self.store.damages().readable(rows);
        let needed = self.needed().await?;
        for row in rows.iter().filter(|row| needed.contains(&row.digest)) {
            match self.load(row).await {
                Ok(connector) if row.state == State::Active => self.connectors.activate(&connector),
                Ok(connector) => self.connectors.keep(&connector),
                Err(Error::Refused { reasons, .. }) => {
                    log_refusal(row.file.as_deref().unwrap_or(&row.digest), &reasons);
                    self.refused().insert(row.digest.clone(), reasons);
                }
                // The others serve.
                Err(Error::Library(error)) => {
                    tracing::error!(digest = row.digest, %error, "a connector's file in the library cannot be read");
                    let reason = Reason::new(library::DAMAGED, error.to_string(), "Mend the library's file system.");
                    self.refused().insert(row.digest.clone(), vec![reason]);
                }
                Err(error) => return Err(error),
            }
        }
        for row in rows.iter().filter(|row| row.state == State::Active) {
            self.watch(&row.connection_type, &row.digest).await?;
        }
        self.go_on_draining().await
    }

    /// The digests of the versions that have to be loaded.
    pub(super) async fn needed(&self) -> Result<BTreeSet<String>, Error> {
        let needed = serving::needed(&mut self.store.reader(Turn::Host).await?).await?;
        let mut needed: BTreeSet<String> = needed.into_iter().collect();
        needed.extend(self.awaiting_activation().clone());
        Ok(needed)
    }

    /// Unloads what nothing needs any more, once the last request that began with it has ended.
    pub(super) async fn unload(&self) -> Result<(), Error> {
        let needed = self.needed().await?;
        self.connectors.unload_all_but(&needed);
        Ok(())
    }

    /// Has the active version watched, if there is one to go back to, which stays loaded for that.
    pub(super) async fn watch(&self, connection_type: &str, digest: &str) -> Result<(), Error> {
        let last_good =
            connector_versions::last_good(&mut self.store.reader(Turn::Host).await?, connection_type).await?;
        let before = match last_good.filter(|row| !self.refused().contains_key(&row.digest)) {
            None => None,
            Some(row) => match self.load(&row).await {
                Ok(connector) => {
                    self.connectors.keep(&connector);
                    Some(connector)
                }
                Err(Error::Refused { reasons, .. }) => {
                    log_refusal(&row.digest, &reasons);
                    None
                }
                Err(error) => return Err(error),
            },
        };
        self.connectors.watch(digest, before.as_ref());
        Ok(())
    }

    /// The version of this row, loaded now if it is not yet.
    pub(super) async fn load(&self, row: &ConnectorVersionRow) -> Result<VersionInUse, Error> {
        if let Some(connector) = self.connectors.loaded(&row.digest) {
            return Ok(connector);
        }
        let name = row.file.clone().unwrap_or_else(|| row.digest.clone());
        let admitted = match self.library.get(&row.digest).await? {
            Ok(bytes) => self.connectors.admit_apart(bytes, name).await?,
            Err(damage) => match self.take_again(row).await? {
                Some(bytes) => self.connectors.admit_apart(bytes, name).await?,
                None => Err(damage),
            },
        };
        admitted.map_err(|reasons| Error::Refused { digest: row.digest.clone(), reasons })
    }

    /// Has a version serve again that was refused when the host started, although its row says that it serves.
    pub(super) async fn revive(&self, row: &ConnectorVersionRow, connector: &VersionInUse) -> Result<(), Error> {
        self.refused().remove(&row.digest);
        if self.connectors.loaded(&row.digest).is_some() {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        if self.find_row(&row.digest).await?.state == State::Active {
            self.connectors.activate(connector);
        } else if self.needed().await?.contains(&row.digest) {
            self.connectors.keep(connector);
        }
        Ok(())
    }
}
