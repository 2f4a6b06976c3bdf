//! From bytes to a version that can be activated.

use std::sync::Arc;

use super::library::digest_of;
use super::record::to_json;
use super::{Error, Incoming, Received, Rollout, State, VersionRecord};
use crate::clock::now;
use crate::connectors::Connector;
use crate::crash;
use crate::store;
use crate::store::connector_versions::{self, ConnectorVersionRow};

impl Rollout {
    /// Begins to receive a component.
    pub async fn receive(&self) -> Result<Incoming, Error> {
        Ok(self.library.receive(self.max_component_bytes()).await?)
    }

    /// Keeps a received component, admits it and tries it against the stored connections. One that is there already is
    /// not admitted again, unless it was refused. It goes on when the caller goes away.
    pub async fn upload(self: &Arc<Self>, principal: &str, incoming: Incoming) -> Result<VersionRecord, Error> {
        let (rollout, principal) = (Arc::clone(self), principal.to_owned());
        tokio::spawn(async move {
            let received = rollout.library.keep(incoming).await?;
            let (mut row, connector) = rollout.admit(&received, &principal, None).await?;
            if row.state == State::Pending.name() {
                row.shadow = Some(to_json(&rollout.try_out(&row, &connector).await?)?);
                rollout.set_state(&mut row, State::Shadow).await?;
                crash::point("upload-tried");
            }
            rollout.find(&received.digest).await
        })
        .await?
    }

    /// Admits again what the last process was admitting when it ended.
    pub(super) async fn go_on(&self) -> Result<(), Error> {
        let rows = connector_versions::list(&mut *self.store.reader().await?).await?;
        // Those of the directory are taken in from there.
        for row in rows.into_iter().filter(|row| row.state == State::Pending.name() && row.file.is_none()) {
            let received = Received { digest: row.digest, bytes: row.bytes.unsigned_abs() };
            match self.admit(&received, &row.created_by, None).await {
                Ok((mut row, connector)) => {
                    row.shadow = Some(to_json(&self.try_out(&row, &connector).await?)?);
                    self.set_state(&mut row, State::Shadow).await?;
                }
                // Its reasons are in its row.
                Err(Error::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Keeps bytes that were read from a file.
    pub(super) async fn keep(&self, bytes: &[u8]) -> Result<Received, Error> {
        let digest = digest_of(bytes);
        if self.library.has(&digest) {
            return Ok(Received { digest, bytes: bytes.len() as u64 });
        }
        let mut incoming = self.receive().await?;
        incoming.write(bytes).await?;
        self.library.keep(incoming).await
    }

    /// Admits a version whose bytes are there. Its state is `PENDING` when this returns, unless it had been admitted
    /// before.
    pub(super) async fn admit(
        &self,
        received: &Received,
        created_by: &str,
        file: Option<&str>,
    ) -> Result<(ConnectorVersionRow, Arc<Connector>), Error> {
        let mut row = self.pending(received, created_by, file).await?;
        crash::point("upload-pending");
        let connector = match self.load(&row).await {
            Ok(connector) => connector,
            Err(Error::Refused { digest, reasons }) => {
                row.reasons = to_json(&reasons)?;
                if row.state == State::Pending.name() {
                    self.set_state(&mut row, State::Refused).await?;
                    self.prune(&row.type_name).await?;
                }
                return Err(Error::Refused { digest, reasons });
            }
            Err(error) => return Err(error),
        };
        self.refused().remove(&row.digest);
        row.type_name.clone_from(&connector.manifest().type_name);
        row.version.clone_from(&connector.manifest().version);
        connector.contract().clone_into(&mut row.contract);
        crash::point("upload-admitted");
        Ok((row, connector))
    }

    /// The row of a version, made or made anew unless it has been admitted.
    async fn pending(
        &self,
        received: &Received,
        created_by: &str,
        file: Option<&str>,
    ) -> Result<ConnectorVersionRow, Error> {
        let mut transaction = self.store.begin().await?;
        let found = connector_versions::find(&mut transaction, &received.digest).await?;
        if let Some(row) = found {
            if row.state != State::Refused.name() {
                return Ok(row);
            }
            connector_versions::delete(&mut transaction, &row.digest).await?;
        }
        let row = ConnectorVersionRow {
            digest: received.digest.clone(),
            type_name: String::new(),
            version: String::new(),
            contract: String::new(),
            state: State::Pending.name().to_owned(),
            reasons: "[]".to_owned(),
            shadow: None,
            file: file.map(str::to_owned),
            bytes: i64::try_from(received.bytes).unwrap_or(i64::MAX),
            created_by: created_by.to_owned(),
            created_at: now(),
            changed_at: now(),
            activated_at: None,
        };
        connector_versions::insert(&mut transaction, &row).await?;
        store::commit(transaction).await?;
        self.events.state(&row);
        Ok(row)
    }

    /// Writes a row with another state.
    pub(super) async fn set_state(&self, row: &mut ConnectorVersionRow, state: State) -> Result<(), Error> {
        state.name().clone_into(&mut row.state);
        row.changed_at = now();
        self.write(row).await
    }
}
