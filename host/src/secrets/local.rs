//! The secret store that is built in: its own SQLite file with envelope encryption. Each organization has a data key
//! that seals its secrets; the data keys are wrapped by the master key, which is in a file of its own.

mod inventory;

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::error::Unspecified;
use futures_util::future::BoxFuture;
use sqlx::Row;

use super::derived::DerivedKeys;
use super::master_key::{IfMissing, MasterKeyError, MasterKeys};
use super::sealing::{Context, Key, NotOpened};
use super::{Error, MAX_SECRET_BYTES, Reference, Secret, SecretStore};
use crate::sqlite::{self, Connection, Party, Pool};

/// The schema's versions, the oldest first. One that has been published never changes.
const MIGRATIONS: &[(&str, &str)] = &[("secrets", include_str!("../../../migrations/secrets/0001_secrets.sql"))];

/// How long a turn may work; each is about one secret.
const WORK: Duration = Duration::from_secs(1);

/// What is sealed to recognise a master key. It also says that the connections which belong to this store are signed
/// with it: who can write to both stores can neither make this value nor, by removing it, have others
/// taken for a store of before.
const CHECK_VALUE: &[u8] = b"patchpanel: connections are signed";

/// The check value in a store of before connections were signed.
const CHECK_VALUE_UNSIGNED: &[u8] = b"patchpanel";

/// The local store. Opened once per process.
pub struct LocalStore {
    /// One connection, in turns: what an abandoned call still does comes before what the next one asks for.
    pool: Pool,
    file: sqlite::File,
    master_keys: MasterKeys,
    derived_keys: DerivedKeys,
    /// Whether the store is of before connections were signed.
    is_unsigned: bool,
}

/// Why the local store cannot be opened. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened or brought up to date.
    #[error("the secret store {path} cannot be opened; check its permissions, or restore it from a backup")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no usable master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// There is no key file, although values are sealed: a new one would be of no use.
    #[error("there is no master key file {master_key}, and the secret store {path} was sealed with one; restore it")]
    KeyMissing {
        /// The store.
        path: PathBuf,
        /// The key file.
        master_key: PathBuf,
    },
    /// The key file lacks a version that values are sealed with.
    #[error(
        "the master key file {master_key} has no version {version}, which sealed the secret store {path}; restore it"
    )]
    VersionMissing {
        /// The store.
        path: PathBuf,
        /// The key file.
        master_key: PathBuf,
        /// Which version.
        version: i64,
    },
    /// The key file belongs to another store.
    #[error(
        "version {version} of the master key file {master_key} is not the key that sealed the secret store {path}; \
         restore the right key file"
    )]
    WrongKey {
        /// The store.
        path: PathBuf,
        /// The key file.
        master_key: PathBuf,
        /// Which version.
        version: i64,
    },
}

impl LocalStore {
    /// Opens the store, making its file when there is none, and makes sure that the master key is the right one.
    /// A missing key file is made only as `if_missing` says, and never for a store that another key has sealed.
    pub async fn open(path: &Path, master_key: &Path, if_missing: IfMissing) -> Result<Self, OpenError> {
        let failed = |source| OpenError::File { path: path.into(), source };
        let (file, pool) = open_file(path).await.map_err(failed)?;
        let mut connection = pool.take(&Party::Host, WORK).await.map_err(|error| failed(error.into()))?;
        let failed = |source: sqlx::Error| OpenError::File { path: path.into(), source: source.into() };
        let checks = sqlx::query("select version, check_value from master_keys order by version")
            .fetch_all(&mut connection)
            .await
            .map_err(failed)?;
        let if_missing = if checks.is_empty() { if_missing } else { IfMissing::Refuse };
        let master_keys = match MasterKeys::open(master_key, if_missing) {
            Err(MasterKeyError::Missing(master_key)) if !checks.is_empty() => {
                return Err(OpenError::KeyMissing { path: path.into(), master_key });
            }
            opened => opened?,
        };
        let mut is_unsigned = false;
        for check in checks {
            let (version, sealed): (i64, Vec<u8>) =
                (check.try_get(0).map_err(failed)?, check.try_get(1).map_err(failed)?);
            let (path, master_key) = (path.into(), master_key.into());
            let Some(key) = master_keys.get(version) else {
                return Err(OpenError::VersionMissing { path, master_key, version });
            };
            match key.open(Context::MasterKeyCheck { version }, &sealed) {
                Ok(value) => is_unsigned |= value.expose() == CHECK_VALUE_UNSIGNED,
                Err(NotOpened) => return Err(OpenError::WrongKey { path, master_key, version }),
            }
        }
        let derived_keys = DerivedKeys::of(&master_keys)?;
        let store = Self { pool, file, master_keys, derived_keys, is_unsigned };
        let value = if is_unsigned { CHECK_VALUE_UNSIGNED } else { CHECK_VALUE };
        let version = store.master_keys.current();
        let check = store.seal_check(version, value).map_err(|Unspecified| MasterKeyError::Random)?;
        sqlx::query("insert into master_keys (version, check_value) values ($1, $2) on conflict (version) do nothing")
            .bind(version)
            .bind(check)
            .execute(&mut connection)
            .await
            .map_err(failed)?;
        Ok(store)
    }

    /// The keys that are derived from the master key.
    pub fn derived_keys(&self) -> &DerivedKeys {
        &self.derived_keys
    }

    /// Whether the connections that belong to it were made before connections were signed.
    pub fn is_unsigned(&self) -> bool {
        self.is_unsigned
    }

    /// Says for good that they all have been signed.
    pub async fn record_signed(&mut self) -> Result<(), Error> {
        let mut transaction = self.pool.take(&Party::Host, WORK).await?.begin().await?;
        let versions: Vec<i64> =
            sqlx::query_scalar("select version from master_keys").fetch_all(&mut *transaction).await?;
        for version in versions {
            sqlx::query("update master_keys set check_value = $2 where version = $1")
                .bind(version)
                .bind(self.seal_check(version, CHECK_VALUE)?)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        self.is_unsigned = false;
        Ok(())
    }

    fn seal_check(&self, version: i64, value: &[u8]) -> Result<Vec<u8>, Unspecified> {
        self.master_keys.get(version).ok_or(Unspecified)?.seal(Context::MasterKeyCheck { version }, value)
    }

    /// A turn of an organization.
    async fn turn(&self, organization: &str) -> Result<Connection, Error> {
        Ok(self.pool.take(&Party::Organization(organization.to_owned()), WORK).await?)
    }

    /// The organization's data key; none when it has none yet.
    async fn find_data_key(&self, connection: &mut Connection, organization: &str) -> Result<Option<Key>, Error> {
        let Some(row) = sqlx::query("select master_key_version, wrapped from data_keys where organization = $1")
            .bind(organization)
            .fetch_optional(&mut *connection)
            .await?
        else {
            return Ok(None);
        };
        let master_key_version: i64 = row.try_get(0)?;
        let wrapped: Vec<u8> = row.try_get(1)?;
        let master_key = self.master_keys.get(master_key_version).ok_or(Error::Corrupt)?;
        let unwrapped = master_key.open(Context::DataKey { organization, master_key_version }, &wrapped)?;
        Key::from_bytes(unwrapped.expose()).map(Some).ok_or(Error::Corrupt)
    }

    /// The organization's data key, made at its first secret.
    async fn data_key(&self, connection: &mut Connection, organization: &str) -> Result<Key, Error> {
        if let Some(key) = self.find_data_key(connection, organization).await? {
            return Ok(key);
        }
        let master_key_version = self.master_keys.current();
        let master_key = self.master_keys.get(master_key_version).ok_or(Error::Corrupt)?;
        let wrapped =
            master_key.seal(Context::DataKey { organization, master_key_version }, Key::generate()?.expose())?;
        sqlx::query(
            "insert into data_keys (organization, master_key_version, wrapped) values ($1, $2, $3)
             on conflict (organization) do nothing",
        )
        .bind(organization)
        .bind(master_key_version)
        .bind(wrapped)
        .execute(&mut *connection)
        .await?;
        // Read back: another call may have been first, and its key is the one that counts.
        self.find_data_key(connection, organization).await?.ok_or(Error::Corrupt)
    }

    async fn put(&self, reference: &Reference, value: &Secret) -> Result<(), Error> {
        let len = value.expose().len();
        if len > MAX_SECRET_BYTES {
            return Err(Error::TooLarge(len));
        }
        let mut connection = self.turn(&reference.organization).await?;
        let key = self.data_key(&mut connection, &reference.organization).await?;
        let sealed = key.seal(Context::Secret(reference), value.expose())?;
        let inserted = sqlx::query(
            "insert into secrets (organization, key, version, sealed) values ($1, $2, $3, $4)
             on conflict (organization, key, version) do nothing",
        )
        .bind(&reference.organization)
        .bind(&reference.key)
        .bind(reference.version)
        .bind(sealed)
        .execute(&mut connection)
        .await?;
        if inserted.rows_affected() == 1 || self.read(&mut connection, reference).await? == *value {
            return Ok(());
        }
        Err(Error::Conflict)
    }

    async fn get(&self, reference: &Reference) -> Result<Secret, Error> {
        self.read(&mut self.turn(&reference.organization).await?, reference).await
    }

    async fn read(&self, connection: &mut Connection, reference: &Reference) -> Result<Secret, Error> {
        let sealed: Option<Vec<u8>> =
            sqlx::query_scalar("select sealed from secrets where organization = $1 and key = $2 and version = $3")
                .bind(&reference.organization)
                .bind(&reference.key)
                .bind(reference.version)
                .fetch_optional(&mut *connection)
                .await?;
        let sealed = sealed.ok_or(Error::NotFound)?;
        let key = self.find_data_key(connection, &reference.organization).await?.ok_or(Error::Corrupt)?;
        Ok(key.open(Context::Secret(reference), &sealed)?)
    }

    async fn delete(&self, reference: &Reference) -> Result<(), Error> {
        let mut connection = self.turn(&reference.organization).await?;
        sqlx::query("delete from secrets where organization = $1 and key = $2 and version = $3")
            .bind(&reference.organization)
            .bind(&reference.key)
            .bind(reference.version)
            .execute(&mut connection)
            .await?;
        Ok(())
    }
}

impl SecretStore for LocalStore {
    fn name(&self) -> &'static str {
        "local"
    }

    fn put<'a>(&'a self, reference: &'a Reference, value: &'a Secret) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.put(reference, value))
    }

    fn get<'a>(&'a self, reference: &'a Reference) -> BoxFuture<'a, Result<Secret, Error>> {
        Box::pin(self.get(reference))
    }

    fn delete<'a>(&'a self, reference: &'a Reference) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.delete(reference))
    }

    fn missing<'a>(&'a self, references: &'a [Reference]) -> BoxFuture<'a, Result<Vec<Reference>, Error>> {
        Box::pin(self.find_missing(references))
    }

    fn references<'a>(
        &'a self,
        after: Option<&'a Reference>,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<Reference>, Error>> {
        Box::pin(self.find_references(after, limit))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.pool.close().await;
            self.file.close().await;
        })
    }

    fn health(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            let mut connection = self.pool.take(&Party::Health, WORK).await?;
            sqlx::query("select version from master_keys limit 1").fetch_one(&mut connection).await?;
            Ok(())
        })
    }
}

impl std::fmt::Debug for LocalStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LocalStore").finish_non_exhaustive()
    }
}

async fn open_file(path: &Path) -> Result<(sqlite::File, Pool), Box<dyn std::error::Error + Send + Sync>> {
    let file = sqlite::File::open(path).await?;
    file.migrate(MIGRATIONS).await?;
    let pool = file.pool((1, 1), ("secure_delete", "on"));
    Ok((file, pool))
}

impl From<sqlite::Error> for Error {
    fn from(error: sqlite::Error) -> Self {
        match error {
            sqlite::Error::Refused(refused) => Self::Refused(refused),
            sqlite::Error::Failed(error) => Self::Unavailable(error.into()),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<NotOpened> for Error {
    fn from(NotOpened: NotOpened) -> Self {
        Self::Corrupt
    }
}

impl From<Unspecified> for Error {
    fn from(error: Unspecified) -> Self {
        Self::Unavailable(error.into())
    }
}

#[cfg(test)]
mod tests;
