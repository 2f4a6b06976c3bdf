//! Write transactions: the host's own, which keep the count of what tenants have, and changes for somebody, which are
//! recorded in the audit trail too.

use std::ops::{Deref, DerefMut};

use super::audit::{self, Due};
use super::{Connection, Error, Quotas};
use crate::audit::{Event, Outcome};
use crate::sqlite;

/// A write transaction. One that is dropped without a commit has done nothing.
#[derive(Debug)]
pub struct Transaction {
    inner: sqlite::Transaction,
    quotas: Quotas,
}

/// A write transaction in which somebody does something. One that is dropped without a commit has done nothing, and has no
/// row in the audit trail.
#[derive(Debug)]
pub struct Change {
    transaction: Transaction,
    event: Event,
    due: Due,
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

impl Change {
    pub(super) fn new(transaction: Transaction, event: Event, due: Due) -> Self {
        Self { transaction, event, due }
    }

    /// Records what was done, and commits; both are durable when this returns.
    pub async fn commit(mut self) -> Result<(), Error> {
        let expected = self.due.expect(&self.event, Outcome::Done);
        let number = audit::insert(&mut self.transaction, &self.event, Outcome::Done).await?;
        self.transaction.commit().await?;
        expected.written(number);
        Ok(())
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

impl Deref for Change {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.transaction
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut Transaction {
        &mut self.transaction
    }
}
