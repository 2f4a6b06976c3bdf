//! Asking twice without having it done twice (`Idempotency-Key`).

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use tokio::sync::OnceCell;

use super::{Connection, Connections, Error, Request, now};
use crate::finding::Finding;
use crate::hex;
use crate::random;
use crate::secrets::{self, Reference, Secret, SecretStore};
use crate::store::idempotency::IdempotencyRow;
use crate::store::{self, Turn};

/// How long a key is kept: 24 hours in microseconds.
const KEPT: i64 = 24 * 60 * 60 * 1_000_000;

/// A client's key, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// 1 to 255 characters.
    pub key: String,
    /// SHA-256 of the whole request body, credentials included. It is stored keyed by a secret, never as it is.
    pub digest: [u8; 32],
}

/// The key for request digests. It is in the secret store: a plain digest in the metadata would tell whoever reads them
/// which of their guesses is the password.
#[derive(Debug, Default)]
pub(super) struct DigestKey(OnceCell<hmac::Key>);

impl DigestKey {
    async fn get(&self, secrets: &dyn SecretStore) -> Result<&hmac::Key, Error> {
        self.0.get_or_try_init(|| make_or_find(secrets)).await
    }
}

#[expect(clippy::disallowed_methods, reason = "a key of the host's own, which leaves it for nobody")]
async fn make_or_find(secrets: &dyn SecretStore) -> Result<hmac::Key, Error> {
    let reference = Reference { organization: String::new(), key: "idempotency-digest".into(), version: 1 };
    let secret = match secrets.get(&reference).await {
        Err(secrets::Error::NotFound) => {
            let mut bytes = [0; 32];
            random::fill(&mut bytes).map_err(|Unspecified| secrets::Error::Unavailable(Unspecified.into()))?;
            let secret = Secret::new(bytes);
            match secrets.put(&reference, &secret).await {
                Ok(()) => secret,
                // Another process was first.
                Err(secrets::Error::Conflict) => secrets.get(&reference).await?,
                Err(error) => return Err(error.into()),
            }
        }
        found => found?,
    };
    Ok(hmac::Key::new(hmac::HMAC_SHA256, secret.expose()))
}

/// The oldest moment from which keys are still kept.
pub(super) fn kept_since(now: i64) -> i64 {
    now - KEPT
}

impl Connections {
    /// The row to keep for this request, if it makes the connection of this resource URI and id.
    pub(super) async fn idempotency_row(
        &self,
        request: Request<'_>,
        idempotency: &Idempotency,
        (resource_uri, connection): (&str, &str),
    ) -> Result<IdempotencyRow, Error> {
        let tag = hmac::sign(self.digest_key.get(self.depository.secrets.as_ref()).await?, &idempotency.digest);
        Ok(IdempotencyRow {
            principal: request.caller.principal.clone(),
            key: idempotency.key.clone(),
            request_digest: hex::encode(tag.as_ref()),
            resource_uri: resource_uri.to_owned(),
            connection: connection.to_owned(),
            created_at: now(),
        })
    }

    /// The connection that the same request has made; none when it has not been made.
    pub(super) async fn replay(&self, request: Request<'_>, row: &IdempotencyRow) -> Result<Option<Connection>, Error> {
        let mut reader = self.store.reader(Turn::of(request.tenant)).await?;
        let since = kept_since(now());
        let earlier = store::idempotency::find(&mut reader, request.tenant, &row.principal, &row.key, since).await?;
        let Some(earlier) = earlier else { return Ok(None) };
        let refuse = |code: &str, message: &str| {
            Err(Error::Invalid(vec![Finding::error(code, "", message).with_hint("Use another Idempotency-Key.")]))
        };
        if earlier.request_digest != row.request_digest {
            return refuse("idempotency_key_reused", "The Idempotency-Key was used for another request.");
        }
        let found = store::connections::find(&mut reader, request.tenant, &earlier.resource_uri).await?;
        // Somebody else may have registered the same name since.
        match found.filter(|found| found.id == earlier.connection) {
            Some(found) => Ok(Some(Connection::try_from(found)?)),
            None => refuse(
                "idempotency_key_spent",
                "The connection that was registered with this Idempotency-Key has been deleted since.",
            ),
        }
    }
}
