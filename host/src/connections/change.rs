//! Changing a connection.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::deposit::discard;
use super::record::{self, bindings, bindings_to_json, parse, rendition, schema_properties};
use super::review::{check_config, check_credentials, describe};
use super::write::write;
use super::{
    ATTEMPTS, Change, Connection, Connections, Error, Request, Status, Withheld, binding, certificates, names, now,
    owner, white_space,
};
use crate::audit::Action;
use crate::auth::Permission;
use crate::connectors::contract::Purpose;
use crate::connectors::{Accepted, Call, Target, VersionInUse};
use crate::finding::{self, Finding};
use crate::json;
use crate::meant;
use crate::secrets::Credentials;
use crate::store::connections::ConnectionRow;
use crate::store::connector_versions;

/// A configuration that the connector accepted with the credentials that will be set.
struct Reviewed {
    connector: VersionInUse,
    accepted: Accepted,
    target: Target,
    /// The names of the credentials that stay as they are.
    kept: Vec<String>,
    /// What there is to say of it all the same.
    warnings: Vec<Finding>,
}

impl Connections {
    /// Changes one; `revision` is what the caller saw, if it said so. A changed configuration or credential makes the
    /// connection `PENDING`, unless it is disabled. A change of nothing leaves it as it is. Beside the connection is what
    /// there is to say of the change although it is accepted.
    pub async fn change(
        &self,
        request: Request<'_>,
        resource_uri: &str,
        revision: Option<i64>,
        change: Change,
    ) -> Result<(Connection, Vec<Finding>), Error> {
        let tags = change.tags.map(|tags| tags.iter().map(|tag| names::composed(tag)).collect());
        let change = Change { name: change.name.map(|name| names::composed(&name)), tags, ..change };
        let found = self.find_for(request, resource_uri, Permission::Create).await?;
        let _turn = self.turn_to_change(&found.id).await?;
        for attempt in 1..=ATTEMPTS {
            let row = self.find_for(request, resource_uri, Permission::Create).await?;
            if revision.is_some_and(|revision| revision != row.revision) {
                return Err(Error::RevisionMismatch(row.revision));
            }
            let change = change.clone().without_what_is_so(&row);
            if change == Change::default() {
                return Ok((Connection::try_from(row)?, Vec::new()));
            }
            match self.try_change(request, row, &change).await {
                Ok(Some(warnings)) => return Ok((self.find(request, resource_uri).await?, warnings)),
                Ok(None) => {}
                // Somebody replaced the credentials that were to stay, and they are gone already.
                Err(Error::Withheld { why: Withheld::Lost, .. }) if attempt < ATTEMPTS => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Contended)
    }

    /// Makes the change if nobody else changes the connection meanwhile, and answers the warnings; none if somebody did.
    async fn try_change(
        &self,
        request: Request<'_>,
        before: ConnectionRow,
        change: &Change,
    ) -> Result<Option<Vec<Finding>>, Error> {
        // What is there may stay, also if it could not come today.
        let is_new = |tag: &&String| !before.tags.contains(tag);
        let name = change.name.as_deref().filter(|name| *name != before.name);
        let findings = names::check(name, change.tags.as_deref().unwrap_or_default(), is_new);
        let mut after = before.clone();
        after.name.clone_from(change.name.as_ref().unwrap_or(&before.name));
        after.description.clone_from(change.description.as_ref().unwrap_or(&before.description));
        after.tags.clone_from(change.tags.as_ref().unwrap_or(&before.tags));
        after.updated_by.clone_from(&request.caller.principal);
        after.updated_at = now();
        let owner = owner(&before);
        let mut deposit = None;
        let mut warnings = Vec::new();
        white_space::tell(&mut warnings, "", &json!({ "name": change.name, "tags": change.tags }));
        let keeps_status = change.config.is_none() && change.credentials.is_empty();
        if !keeps_status || change.connection_type.is_some() {
            let mut reviewed = self.review(request, &before, change, findings).await?;
            warnings.append(&mut reviewed.warnings);
            apply(&mut after, change, &reviewed)?;
            if !change.credentials.is_empty() {
                let (credentials, found) = self.resulting_credentials(request, &before, change, &reviewed).await?;
                warnings.extend(found);
                if !credentials.is_empty() {
                    deposit = Some(self.depository.put_next(&owner, &before.id, &credentials).await?);
                }
                after.secret = deposit.as_ref().map(|deposit| deposit.location.clone());
            }
            self.depository.sign(&mut after)?;
        } else if !findings.is_empty() {
            return Err(Error::Invalid(findings));
        }
        let mut recorded = self.store.change(request.event(Action::ConnectionChange, &before)).await?;
        // A version that has been replaced meanwhile must not come back with a configuration of its own.
        let is_reviewed_by_another = after.serving.digest != before.serving.digest
            && !connector_versions::is_active(&mut recorded, &after.serving.digest).await?;
        let is_replaced = after.secret != before.secret;
        if is_reviewed_by_another || !write(&mut recorded, &before, after, keeps_status).await? {
            return Ok(None);
        }
        if let Some(deposit) = &deposit {
            deposit.settle(&mut recorded).await?;
        }
        if is_replaced {
            discard(&mut recorded, &before.organization, before.secret.as_ref()).await?;
        }
        recorded.commit().await?;
        self.depository.pending.changed.notify_one();
        Ok(Some(warnings))
    }

    /// Has the resulting configuration validated and described with the names of the resulting credentials. A stored
    /// credential that is not sent again must go nowhere else than before. `findings` are those that there are already.
    async fn review(
        &self,
        request: Request<'_>,
        before: &ConnectionRow,
        change: &Change,
        mut findings: Vec<Finding>,
    ) -> Result<Reviewed, Error> {
        let type_changes = change.connection_type.as_ref().is_some_and(|sent| *sent != before.connection_type);
        if type_changes {
            let message = "The type of a connection cannot change.";
            findings.push(
                Finding::error("immutable", "/connection_type", message).with_hint("Register another connection."),
            );
        }
        // One that waits for its tenant's agreement does not move by an edit.
        let serving = self.reviewer.connector_of(before).filter(|_| before.upgrade.is_some());
        let connector = match serving.map_or_else(|| self.reviewer.connector(&before.connection_type), Ok) {
            Ok(connector) => connector,
            Err(missing) => return Err(Error::Invalid(findings.into_iter().chain([missing]).collect())),
        };
        let kept = kept(before, change)?;
        // What stays is not blessed if the row was not as the host had written it, and credentials that are sent go by the
        // configuration.
        if !kept.is_empty() || change.config.is_none() {
            self.depository.check(before)?;
        }
        let names = resulting_names(&kept, change);
        let (member, config) = match &change.config {
            Some((member, config)) => (member, config),
            None => (&before.config_member, &Arc::new(parse(before, &before.config_sent, "configuration")?)),
        };
        let call = Call { organization: &request.tenant.organization, purpose: Purpose::Update };
        let (found, accepted) = check_config(&connector, call, (member, config), &names).await?;
        findings.extend(found);
        // A method that the connector does not have is among the findings of the configuration.
        if let Ok(method) = connector.auth_method(config) {
            findings.extend(check_names(&connector, &method.name, &names));
        }
        let Some(accepted) = accepted.filter(|_| !finding::refuse(&findings)) else {
            return Err(Error::Invalid(findings));
        };
        let target = describe(&connector, call, &accepted, member).await?;
        let moved = binding::moved(&kept, &bindings(before)?, &target.bindings);
        if moved.is_empty() {
            Ok(Reviewed { connector, accepted, target, kept, warnings: findings })
        } else {
            Err(Error::CredentialsRequired(moved))
        }
    }

    /// The values of all credentials after the change, and warnings about those that are sent. The stored ones are read only
    /// when some of them stay.
    async fn resulting_credentials(
        &self,
        request: Request<'_>,
        before: &ConnectionRow,
        change: &Change,
        reviewed: &Reviewed,
    ) -> Result<(Credentials, Vec<Finding>), Error> {
        let mut credentials = if reviewed.kept.is_empty() {
            Credentials::default()
        } else {
            self.depository.release(request.caller.into(), Action::ConnectionChange, before).await?
        };
        for (name, value) in &change.credentials {
            match value {
                Some(value) => credentials.set(name.clone(), value.clone()),
                None => credentials.clear(name),
            }
        }
        let call = Call { organization: &before.organization, purpose: Purpose::Update };
        let auth_method = &reviewed.accepted.auth_method;
        let mut findings = check_credentials(&reviewed.connector, call, auth_method, &credentials).await?;
        // What a stored credential is like is not told to whoever may change another one.
        let kept: Vec<_> =
            reviewed.kept.iter().map(|name| finding::bounded(&json::member("/credentials", name))).collect();
        findings.retain(|finding| finding.is_error() || !kept.contains(&finding.pointer));
        findings.extend(certificates::check_keys(&reviewed.target, &credentials));
        if finding::refuse(&findings) { Err(Error::Invalid(findings)) } else { Ok((credentials, findings)) }
    }
}

impl Change {
    /// What of it is not so already: whoever sends a whole record back has changed one member of it, and the others change
    /// nothing. A configuration counts beside credentials, since these go by it.
    fn without_what_is_so(mut self, row: &ConnectionRow) -> Self {
        self.name.take_if(|name| *name == row.name);
        self.description.take_if(|description| *description == row.description);
        self.tags.take_if(|tags| *tags == row.tags);
        self.connection_type.take_if(|name| *name == row.connection_type);
        if self.credentials.is_empty() {
            let stored: Result<Value, _> = serde_json::from_str(&row.serving.config);
            let is_so = |config: &Value| stored.is_ok_and(|stored| stored == *config);
            self.config.take_if(|(member, config)| *member == row.config_member && is_so(config));
        }
        self
    }
}

fn apply(after: &mut ConnectionRow, change: &Change, reviewed: &Reviewed) -> Result<(), Error> {
    if change.config.is_none() && change.credentials.is_empty() {
        return Ok(());
    }
    let Reviewed { connector, accepted, target, .. } = reviewed;
    if let Some((member, _)) = &change.config {
        after.config_member.clone_from(member);
    }
    after.config_sent = accepted.sent.to_string();
    after.serving = rendition(connector, accepted.clone());
    after.bindings = bindings_to_json(&target.bindings)?;
    // The version that it waited for looks at it again.
    (after.before, after.upgrade) = (None, None);
    if after.status != Status::Disabled {
        (after.status, after.status_reason) = (Status::Pending, None);
    }
    Ok(())
}

/// The names of the stored credentials that the change does not mention.
fn kept(before: &ConnectionRow, change: &Change) -> Result<Vec<String>, Error> {
    let stored = record::credentials_set(before)?.into_iter().filter(|(_, set)| *set);
    let untouched = stored.filter(|(name, _)| change.credentials.iter().all(|(changed, _)| changed != name));
    Ok(untouched.map(|(name, _)| name).collect())
}

/// The names of the credentials that will be set, sorted.
fn resulting_names(kept: &[String], change: &Change) -> Vec<String> {
    let set = change.credentials.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name.clone());
    let names: BTreeSet<_> = kept.iter().cloned().chain(set).collect();
    names.into_iter().collect()
}

/// Checks which credentials are set, where their values are not at hand.
fn check_names(connector: &VersionInUse, auth_method: &str, names: &[String]) -> Vec<Finding> {
    let method = connector.manifest().auth_methods.iter().find(|method| method.name == auth_method);
    let required = method.and_then(|method| method.credential_schema.get("required")?.as_array());
    let known: BTreeSet<_> = schema_properties(connector, auth_method).collect();
    let pointer = |name: &str| json::member("/credentials", name);
    let unknown = names.iter().filter(|name| !known.contains(name)).map(|name| {
        let question = meant::question(name, known.iter().map(|known| known.as_str()));
        let message = format!("The authentication method `{auth_method}` has no such credential{question}");
        Finding::error("unknown_member", &pointer(name), &message).with_hint("Leave it out, or clear it with null.")
    });
    let missing =
        required.into_iter().flatten().filter_map(Value::as_str).filter(|name| !names.iter().any(|set| set == name));
    let missing = missing.map(|name| {
        let message = format!("The authentication method `{auth_method}` needs this credential.");
        Finding::error("required", &pointer(name), &message).with_hint("Send it.")
    });
    unknown.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secret;
    use crate::store::connections::Rendition;

    #[test]
    fn absent_keeps_a_value_sets_and_null_clears() {
        let before = super::super::reaper::tests::row("data:acme:sales:a");
        let credentials_set = r#"{"username":true,"password":true,"key":false}"#.into();
        let before = ConnectionRow { serving: Rendition { credentials_set, ..before.serving.clone() }, ..before };
        let secret = || Some(Secret::new(*b"x"));
        for (credentials, expected_kept, expected_names) in [
            (vec![], vec!["username", "password"], vec!["password", "username"]),
            (vec![("password", secret())], vec!["username"], vec!["password", "username"]),
            (vec![("password", None)], vec!["username"], vec!["username"]),
            (vec![("key", secret())], vec!["username", "password"], vec!["key", "password", "username"]),
            (vec![("key", None), ("username", None), ("password", None)], vec![], vec![]),
        ] {
            let credentials = credentials.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let change = Change { credentials, ..Change::default() };
            let kept = kept(&before, &change).unwrap();
            assert_eq!(kept, expected_kept, "{change:?}");
            assert_eq!(resulting_names(&kept, &change), expected_names, "{change:?}");
        }
    }
}
