//! Signing the connections of before connections were signed, once for an installation.

use super::Error;
use super::deposit::sign;
use crate::crash;
use crate::secrets::DerivedKeys;
use crate::store::{Store, Turn, id_of, signatures};

/// Connections that are signed in one statement.
const BATCH: u32 = 200;

/// Connections between two lines of the log.
const LINE: u64 = 10_000;

/// Signs every connection that has no signature. What a killed process has left undone is done by the next one.
pub(crate) async fn sign_all(store: &Store, keys: &DerivedKeys) -> Result<u64, Error> {
    let (mut after, mut signed) = (String::new(), 0);
    loop {
        let rows = signatures::unsigned(&mut store.reader(Turn::Host).await?, &after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(signed) };
        after.clone_from(id_of(last, |row| &row.id));
        let mut signatures = Vec::with_capacity(rows.len());
        for mut row in store.damages().readable(rows) {
            sign(keys, &mut row)?;
            signatures.extend(row.signature.take().map(|signature| (row.id.clone(), signature)));
        }
        signatures::sign(&mut store.host_writer(Turn::Host).await?, &signatures).await?;
        crash::point("signing");
        let before = signed;
        signed += signatures.len() as u64;
        if signed / LINE > before / LINE {
            tracing::info!(signed, "signing the connections of an earlier version");
        }
    }
}
