//! The signatures of connections' rows, and what they point at, for all tenants: only the host itself calls these functions.

use sqlx::{AssertSqlSafe, Row as _};

use super::connections::ConnectionRow;
use super::{Connection, Damaged, Error, Record};
use crate::secrets::Reference;
use crate::sqlite::placeholders;

/// Where a connection's credentials are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// The connection's id.
    pub connection: String,
    /// The secret store's name.
    pub store: String,
    /// The version.
    pub reference: Reference,
    /// Whether the row has a signature.
    pub is_signed: bool,
}

/// The next connections after this id that have no signature, in the order of their ids.
pub async fn unsigned(
    connection: &mut Connection,
    after: &str,
    limit: u32,
) -> Result<Vec<Result<ConnectionRow, Damaged>>, Error> {
    let rows = sqlx::query(
        "select * from connection_records where signature is null and id > $1
         order by id limit $2",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().map(|row| Record::Connection.read(row)).collect())
}

/// Gives connections their signatures, by id, in one statement.
pub async fn sign(connection: &mut Connection, signatures: &[(String, String)]) -> Result<(), Error> {
    let update = format!(
        "update connections set signature = column2 from (values {}) as signed
         where id = column1 and signature is null",
        placeholders(signatures.len(), 2)
    );
    let mut query = sqlx::query(AssertSqlSafe(update));
    for (id, signature) in signatures {
        query = query.bind(id).bind(signature);
    }
    query.execute(connection).await?;
    Ok(())
}

/// The next connections after this id that have credentials, in the order of their ids.
pub async fn pointers(connection: &mut Connection, after: &str, limit: u32) -> Result<Vec<Pointer>, Error> {
    let rows = sqlx::query(
        "select id, organization, secret_store, secret_key as key, secret_version as version,
             case when signature is null then 0 else 1 end as is_signed
         from connections where secret_store is not null and secret_key is not null and secret_version is not null
             and id > $1
         order by id limit $2",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Pointer {
                connection: row.try_get("id")?,
                store: row.try_get("secret_store")?,
                reference: row.try_into()?,
                is_signed: row.try_get::<i64, _>("is_signed")? == 1,
            })
        })
        .collect()
}

/// Whether anything knows of a secret version: a connection, or what is being put or removed.
pub async fn is_known(connection: &mut Connection, store: &str, reference: &Reference) -> Result<bool, Error> {
    let known: i64 = sqlx::query_scalar(
        "select count(*) from (
             select 1 from connections where secret_store = $1 and organization = $2 and secret_key = $3
                 and secret_version = $4
             union all select 1 from secret_intents where store = $1 and organization = $2 and key = $3 and version = $4
             union all select 1 from secret_removals where store = $1 and organization = $2 and key = $3 and version = $4
         ) as known",
    )
    .bind(store)
    .bind(&reference.organization)
    .bind(&reference.key)
    .bind(reference.version)
    .fetch_one(connection)
    .await?;
    Ok(known > 0)
}
