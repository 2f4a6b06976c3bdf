//! A write transaction, which keeps the count of what its tenants have.

use std::ops::{Deref, DerefMut};

use super::{Connection, Error, Quotas};
use crate::sqlite;

/// A write transaction. One that is dropped without a commit has done nothing.
#[derive(Debug)]
pub struct Transaction {
    inner: sqlite::Transaction,
    quotas: Quotas,
}

impl Transaction {
    pub(super) fn new(inner: sqlite::Transaction, quotas: Quotas) -> Self {
        Self { inner, quotas }
    }

    /// What its tenants may have.
    pub(super) fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Commits; what it did is durable when this returns.
    pub async fn commit(self) -> Result<(), Error> {
        Ok(self.inner.commit().await?)
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.inner
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.inner
    }
}
