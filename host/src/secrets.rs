//! The only code that sees a cipher or a secret store.
//!
//! A secret store keeps versions of secrets: bytes in, the same bytes out. What the rest of the host keeps is a
//! [`Reference`], never a value and never ciphertext.

mod derived;
pub mod local;
mod master_key;
mod sealing;
pub mod value;

use std::fmt;

use futures_util::future::BoxFuture;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::fairness::Refused;
pub use derived::{DerivedKeys, RowFacts};
pub use local::{LocalStore, OpenError};
pub use master_key::{IfMissing, MasterKeyError};
pub use value::{Credentials, Secret};

/// The largest value that every store takes, in bytes: what GCP Secret Manager takes, the smallest of them.
pub const MAX_SECRET_BYTES: usize = 64 * 1024;

/// One version of one secret of one organization.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Whose it is; empty for the installation's own.
    pub organization: String,
    /// The secret's name within the organization.
    pub key: String,
    /// From 1; a version never changes its value.
    pub version: i64,
}

/// Of a row with columns of these names, of whatever table.
impl TryFrom<&AnyRow> for Reference {
    type Error = sqlx::Error;

    fn try_from(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            organization: row.try_get("organization")?,
            key: row.try_get("key")?,
            version: row.try_get("version")?,
        })
    }
}

/// Why a secret store did not do what it was asked. `Display` is fit for the caller: no value, no address, no key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such version.
    #[error("the secret is not in the secret store")]
    NotFound,
    /// The version that was put is there already, with another value.
    #[error("the secret store has another value under that version")]
    Conflict,
    /// The store refuses the host.
    #[error("the secret store refuses access")]
    Denied,
    /// The value exceeds [`MAX_SECRET_BYTES`].
    #[error("the secret has {0} bytes; at most {MAX_SECRET_BYTES} can be stored")]
    TooLarge(usize),
    /// What is stored was damaged, altered, or sealed for something else.
    #[error("the stored secret is damaged")]
    Corrupt,
    /// Others had all turns for too long, or the organization has used up its own.
    #[error("there was no turn at the secret store")]
    Refused(#[source] Refused),
    /// The store does not answer; trying again can help.
    #[error("the secret store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Where secrets are kept. Each call is atomic and durable when it has answered.
pub trait SecretStore: fmt::Debug + Send + Sync {
    /// The store's name, kept with each reference, such as `local`.
    fn name(&self) -> &'static str;

    /// Keeps a value. Doing it again with the same value is fine; with another one it is [`Error::Conflict`].
    fn put<'a>(&'a self, reference: &'a Reference, value: &'a Secret) -> BoxFuture<'a, Result<(), Error>>;

    /// The value, byte for byte.
    fn get<'a>(&'a self, reference: &'a Reference) -> BoxFuture<'a, Result<Secret, Error>>;

    /// Forgets a value for good. One that is not there is fine.
    fn delete<'a>(&'a self, reference: &'a Reference) -> BoxFuture<'a, Result<(), Error>>;

    /// Which of these are not there.
    fn missing<'a>(&'a self, references: &'a [Reference]) -> BoxFuture<'a, Result<Vec<Reference>, Error>>;

    /// Which secrets of organizations are there, at most `limit`, by organization, key and version: those after this one, from
    /// the first when none.
    fn references<'a>(
        &'a self,
        after: Option<&'a Reference>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<Reference>, Error>>;

    /// Finishes what is going on, and closes what is open.
    fn close(&self) -> BoxFuture<'_, ()>;

    /// Whether the store answers.
    fn health(&self) -> BoxFuture<'_, Result<(), Error>>;
}
