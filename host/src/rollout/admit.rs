//! From bytes to a version that can be activated.

use std::sync::Arc;

use super::record::to_json;
use super::{Error, Incoming, Received, Rollout, State, VersionRecord, version_event};
use crate::audit::{Action, Actor};
use crate::clock::now;
use crate::connectors::VersionInUse;
use crate::crash;
use crate::store::Turn;
use crate::store::connector_versions::{self, ConnectorVersionRow};

impl Rollout {
    /// Begins to receive a component.
    pub async fn receive(&self) -> Result<Incoming, Error> {
        let Ok(place) = Arc::clone(&self.uploads).try_acquire_owned() else { return Err(Error::TooManyUploads) };
        Ok(self.library.receive(self.max_component_bytes(), Some(place)).await?)
    }

    /// Keeps a received component, admits it and tries it against the stored connections. One that is there already is
    /// not admitted again, unless it was refused. It goes on when the caller goes away.
    pub async fn upload(self: &Arc<Self>, actor: Actor, mut incoming: Incoming) -> Result<VersionRecord, Error> {
        let rollout = Arc::clone(self);
        tokio::spawn(async move {
            let _place = incoming.take_place();
            let received = rollout.library.put(incoming).await?;
            let (row, connector) = rollout.admit(&received, &actor, None).await?;
            if row.state == State::Pending {
                rollout.await_activation(&row, &connector).await?;
                crash::point("upload-tried");
            }
            rollout.find(&received.digest).await
        })
        .await?
    }

    /// Tries an admitted version against the stored connections; then it waits to be activated.
    async fn await_activation(&self, row: &ConnectorVersionRow, connector: &VersionInUse) -> Result<(), Error> {
        let shadow = to_json(&self.try_out(row, connector).await?)?;
        let row = self.change(&row.digest, |row| {
            // The same bytes may have come twice at once.
            if row.state == State::Pending {
                describe(row, connector);
                row.state = State::Shadow;
                row.shadow = Some(shadow);
            }
        });
        let row = row.await?;
        if row.state == State::Shadow {
            *self.awaiting_activation() = Some(row.digest.clone());
            self.connectors.keep(connector);
        }
        self.prune(&row.connection_type).await
    }

    /// Admits again what the last process was admitting when it ended.
    pub(super) async fn go_on(&self) -> Result<(), Error> {
        let rows = connector_versions::list(&mut self.store.reader(Turn::Host).await?).await?;
        // Those of the directory are taken in from there.
        for row in self
            .store
            .damages()
            .readable(rows)
            .into_iter()
            .filter(|row| row.state == State::Pending && row.file.is_none())
        {
            let digest = row.digest.clone();
            let received = Received { digest: row.digest, bytes: row.bytes.unsigned_abs() };
            let admitted = async {
                let (row, connector) = self.admit(&received, &Actor::Host, None).await?;
                self.await_activation(&row, &connector).await
            };
            match admitted.await {
                // The reasons of a refusal are in its row.
                Ok(()) | Err(Error::Refused { .. } | Error::NotFound) => {}
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(digest, error, "a connector version could not be admitted again");
                }
            }
        }
        Ok(())
    }

    /// Keeps bytes of this digest that were read from a file.
    pub(super) async fn keep(&self, digest: String, bytes: &[u8]) -> Result<Received, Error> {
        if self.library.has(&digest).await {
            return Ok(Received { digest, bytes: bytes.len() as u64 });
        }
        let mut incoming = self.library.receive(self.max_component_bytes(), None).await?;
        incoming.write(bytes).await?;
        self.library.put(incoming).await
    }

    /// Admits a version whose bytes are there. Its state is `PENDING` when this returns, unless it had been admitted
    /// before.
    pub(super) async fn admit(
        &self,
        received: &Received,
        actor: &Actor,
        file: Option<&str>,
    ) -> Result<(ConnectorVersionRow, VersionInUse), Error> {
        let mut row = self.pending(received, actor, file).await?;
        crash::point("upload-pending");
        let connector = match self.load(&row).await {
            Ok(connector) => connector,
            Err(Error::Refused { digest, reasons }) => {
                let written = to_json(&reasons)?;
                let row = self.change(&digest, |row| {
                    if row.state == State::Pending {
                        row.state = State::Refused;
                        row.reasons = written;
                    }
                });
                self.prune(&row.await?.connection_type).await?;
                return Err(Error::Refused { digest, reasons });
            }
            Err(error) => return Err(error),
        };
        self.revive(&row, &connector).await?;
        crash::point("upload-admitted");
        describe(&mut row, &connector);
        Ok((row, connector))
    }

    /// The row of a version, made or made anew unless it has been admitted.
    async fn pending(
        &self,
        received: &Received,
        actor: &Actor,
        file: Option<&str>,
    ) -> Result<ConnectorVersionRow, Error> {
        let event = version_event(actor, Action::ConnectorUpload, &received.digest);
        let mut change = self.store.change(event).await?;
        let found = connector_versions::find(&mut change, &received.digest).await?;
        if let Some(row) = found {
            if row.state != State::Refused {
                return Ok(row);
            }
            connector_versions::delete(&mut change, &row.digest).await?;
        }
        let row = ConnectorVersionRow {
            digest: received.digest.clone(),
            connection_type: String::new(),
            version: String::new(),
            contract: String::new(),
            state: State::Pending,
            reasons: "[]".to_owned(),
            shadow: None,
            file: file.map(str::to_owned),
            bytes: i64::try_from(received.bytes).unwrap_or(i64::MAX),
            created_by: actor.name().to_owned(),
            created_at: now(),
            changed_at: now(),
            activated_at: None,
        };
        connector_versions::insert(&mut change, &row).await?;
        change.commit().await?;
        self.events.state(&row);
        Ok(row)
    }
}

/// Writes into a row what the connector says of itself.
pub(super) fn describe(row: &mut ConnectorVersionRow, connector: &VersionInUse) {
    row.connection_type.clone_from(&connector.manifest().connection_type);
    row.version.clone_from(&connector.manifest().version);
    connector.contract().clone_into(&mut row.contract);
}
