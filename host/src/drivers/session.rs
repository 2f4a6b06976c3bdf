//! An open session on a data source, whatever the protocol. What not every protocol can do is a facet: none where the
//! session does not have it.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::diagnosis::{Fault, Halted, Privileges, Server, Stages};
use crate::statement::Statement;

/// A row of texts, none where the data source has null.
pub type Row = Vec<Option<String>>;

/// A conversation with a data source, after the login. Dropping it ends it rudely, and has the data source stop what it
/// still does for it.
pub trait Session: fmt::Debug + Send {
    /// What is known of the server.
    fn server(&self) -> &Server;

    /// Looks at what the user may do: the stage privileges, warnings included. None where the protocol cannot tell.
    fn privileges<'a>(&'a mut self, stages: &'a mut Stages) -> Option<BoxFuture<'a, Result<Privileges, Halted>>>;

    /// Runs statements; none where the protocol has none.
    fn sql(&mut self) -> Option<&mut dyn Sql>;

    /// Says good-bye and ends the session, within a second.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// The facet of sessions that run SQL. A session that has failed here is of no more use.
pub trait Sql: Send {
    /// Runs a statement of a connector read-only and returns its rows, at most `max_rows`. One that gives other columns
    /// than `columns`, or any that is not text, is refused; each value is cut to 4 KiB.
    fn fetch<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [&'a str],
        max_rows: usize,
    ) -> BoxFuture<'a, Result<Vec<Row>, Fault>>;

    /// Warnings about tables that the connection names, or that its schema has, and that this listing cannot show: they
    /// are not there, or the user may not read them.
    fn unlisted<'a>(&'a mut self, listing: &'a [Row]) -> BoxFuture<'a, Result<Vec<Fault>, Fault>>;

    /// The schema that the connection is about.
    fn schema(&self) -> &str;

    /// The name of the schema that the connection is about as it comes in a listing that could not be converted to UTF-8.
    fn raw_schema(&mut self) -> BoxFuture<'_, Result<String, Fault>>;

    /// A name that the data source has sent, fit to be shown: short, escaped, without credentials.
    fn show(&self, name: &str) -> String;
}
