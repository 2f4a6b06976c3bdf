//! Registering a connection.

use serde_json::json;

use super::record::{bindings_to_json, rendition};
use super::resource_uri::Chosen;
use super::{
    ATTEMPTS, Connection, Connections, Described, Error, NewConnection, Request, Status, names, now, resource_uri,
    white_space,
};
use crate::audit::Action;
use crate::auth::Permission;
use crate::connectors::Call;
use crate::connectors::contract::Purpose;
use crate::finding::Finding;
use crate::random;
use crate::store::connections::{ConnectionRow, ConnectorFacts};
use crate::store::idempotency::IdempotencyRow;
use crate::store::{Turn, connections, connector_versions, idempotency, usage};

impl Connections {
    /// Registers a connection, and says what there is to say of it although it is accepted. Asked again with the same
    /// idempotency key, it answers what it has made before.
    pub async fn register(
        &self,
        request: Request<'_>,
        new: NewConnection,
    ) -> Result<(Connection, Vec<Finding>), Error> {
        request.authorize(Permission::Create)?;
        let tags = new.tags.iter().map(|tag| names::composed(tag)).collect();
        let new = NewConnection { name: names::composed(&new.name), tags, ..new };
        for _ in 0..ATTEMPTS {
            if let Some(made) = self.try_register(request, &new).await? {
                return Ok(made);
            }
        }
        Err(Error::Contended)
    }

    /// Registers it, unless the connector version that has accepted it is replaced meanwhile. Each attempt has an id of
    /// its own, and with it a place of its own for the credentials: those of one that came to nothing are removed.
    async fn try_register(
        &self,
        request: Request<'_>,
        new: &NewConnection,
    ) -> Result<Option<(Connection, Vec<Finding>)>, Error> {
        let chosen = resource_uri::choose(request.tenant, &new.name, new.resource_uri.as_deref());
        let resource_uri = chosen.as_ref().map(|chosen| chosen.resource_uri.as_str()).unwrap_or_default();
        let id = random::ordered_id().to_string();
        let idempotency = match &new.idempotency {
            Some(idempotency) => Some(self.idempotency_row(request, idempotency, (resource_uri, &id)).await?),
            None => None,
        };
        if let Some(row) = &idempotency
            && let Some(made) = self.replay(request, row).await?
        {
            return Ok(Some((made, Vec::new())));
        }
        let call = Call { organization: &request.tenant.organization, purpose: Purpose::Create };
        let named = self.check_names(request, Some(&new.name), &new.tags);
        let mut findings = chosen.as_ref().err().cloned().into_iter().chain(named).collect();
        white_space::tell(&mut findings, "", &json!({ "name": new.name, "tags": new.tags }));
        let (described, warnings) = self.reviewer.review(call, &new.candidate, findings).await?;
        // One that cannot be chosen is among the findings, which have refused it.
        let chosen = chosen.map_err(|finding| Error::Invalid(vec![finding]))?;
        let mut reader = self.store.reader(Turn::of(request.tenant)).await?;
        let holder = connections::with_slug(&mut reader, request.tenant, &chosen.slug).await?;
        if holder.is_none() {
            usage::check_room(&mut reader, request.tenant, self.store.quotas()).await?;
        }
        drop(reader);
        if let Some(holder) = holder {
            // The same request may have been faster.
            let made = match &idempotency {
                Some(row) => self.replay(request, row).await?,
                None => None,
            };
            let made = made.ok_or(Error::AlreadyExists(holder))?;
            return Ok(Some((made, Vec::new())));
        }
        let row = new_row(request, new, (chosen, id), described)?;
        let made = self.insert(request, row, new, idempotency).await?;
        Ok(made.map(|made| (made, warnings)))
    }

    /// None if the connector version of the row has been replaced.
    async fn insert(
        &self,
        request: Request<'_>,
        mut row: ConnectionRow,
        new: &NewConnection,
        idempotency: Option<IdempotencyRow>,
    ) -> Result<Option<Connection>, Error> {
        let credentials = &new.candidate.credentials;
        let deposit = if credentials.is_empty() {
            None
        } else {
            Some(self.depository.put_first(request.tenant, &row.id, credentials).await?)
        };
        row.secret = deposit.as_ref().map(|deposit| deposit.location.clone());
        self.depository.sign(&mut row)?;
        let mut change = self.store.change(request.event(Action::ConnectionRegister, &row)).await?;
        // Rows of a version that has been replaced would be left behind.
        if !connector_versions::is_active(&mut change, &row.serving.digest).await? {
            return Ok(None);
        }
        if let Some(key) = &idempotency {
            let since = super::idempotency::kept_since(now());
            if !idempotency::insert(&mut change, request.tenant, key, since).await? {
                // The same request was faster.
                drop(change);
                let made = self.replay(request, key).await?;
                return made.map(Some).ok_or(Error::AlreadyExists(row.resource_uri));
            }
        }
        // One that a project sees beside it may have been faster, under another resource URI.
        if let Some(holder) = connections::with_slug(&mut change, request.tenant, &row.slug).await? {
            return Err(Error::AlreadyExists(holder));
        }
        if !connections::insert(&mut change, &row).await? {
            return Err(Error::AlreadyExists(row.resource_uri));
        }
        if let Some(deposit) = &deposit {
            deposit.settle(&mut change).await?;
        }
        change.commit().await?;
        Ok(Some(Connection::try_from(row)?))
    }
}

fn new_row(
    request: Request<'_>,
    new: &NewConnection,
    (Chosen { resource_uri, slug }, id): (Chosen, String),
    described: Described,
) -> Result<ConnectionRow, Error> {
    let Described { connector, accepted, target } = described;
    let now = now();
    Ok(ConnectionRow {
        id,
        organization: request.tenant.organization.clone(),
        project: request.tenant.project.clone().unwrap_or_default(),
        resource_uri,
        slug,
        name: new.name.clone(),
        description: new.description.clone(),
        tags: new.tags.clone(),
        connection_type: new.candidate.connection_type.clone(),
        config_member: new.candidate.config_member.clone(),
        config_sent: accepted.sent.to_string(),
        bindings: bindings_to_json(&target.bindings)?,
        secret: None,
        signature: None,
        secret_sequence: 1,
        status: Status::Pending,
        status_reason: None,
        serving: rendition(&connector, accepted),
        connector: Some(ConnectorFacts {
            version: connector.manifest().version.clone(),
            contract: connector.contract().to_owned(),
        }),
        before: None,
        upgrade: None,
        created_by: request.caller.principal.clone(),
        updated_by: request.caller.principal.clone(),
        created_at: now,
        updated_at: now,
        last_tested_at: None,
        revision: 1,
        test_revision: 0,
    })
}
