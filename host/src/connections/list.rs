//! Listing connections.

use super::{Connection, Connections, Cursor, Error, Request, Status, names};
use crate::auth::Permission;
use crate::finding::Finding;
use crate::store::connections::{self, Column, ConnectionRow, Selection};
use crate::store::{self, Damages};

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In name and description.
    pub search: Option<String>,
    /// All of them.
    pub tags: Vec<String>,
    /// `user:<id>`.
    pub created_by: Option<String>,
    /// The connection type.
    pub connection_type: Option<String>,
    /// The status.
    pub status: Option<Status>,
    /// Field and whether descending: `name`, `created_at`, `updated_at`, `status`, `connection_type`.
    pub sort: Vec<(String, bool)>,
    /// From 1; with a cursor, which page of its walk that is.
    pub page: u32,
    /// Where to go on, instead of skipping pages.
    pub cursor: Option<Cursor>,
    /// 1 to [`MAX_LIMIT`].
    pub limit: u32,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Listed {
    rows: Vec<ConnectionRow>,
    damages: Damages,
    /// Of all pages.
    pub total: u64,
    /// Leads to the next page; none on the last one.
    pub next: Option<Cursor>,
}

impl Listed {
    /// How large it is, in bytes: what it takes to make something of it grows with that.
    pub fn bytes(&self) -> usize {
        self.rows.iter().map(|row| row.serving.config.len() + row.config_sent.len() + row.bindings.len()).sum()
    }

    /// The connections, without those whose rows are damaged.
    pub fn into_connections(self) -> Vec<Connection> {
        self.damages.readable(self.rows.into_iter().map(Connection::try_from))
    }
}

/// The largest page.
pub const MAX_LIMIT: u32 = 100;

impl Connections {
    /// Lists the connections that the tenant sees: the project's and the organization's. Without a sort order the
    /// newest come first. Whoever goes on by cursors meets each connection once that is there all the while, as long as what it
    /// is sorted by stays the same.
    pub async fn list(&self, request: Request<'_>, filter: &Filter) -> Result<Listed, Error> {
        request.authorize(Permission::Read)?;
        let limit = filter.limit.min(MAX_LIMIT);
        let search = filter.search.as_deref().map(names::composed);
        let tags: Vec<_> = filter.tags.iter().map(|tag| names::composed(tag)).collect();
        let skipped = u64::from(filter.page.saturating_sub(1)) * u64::from(limit);
        let mut selection = Selection {
            search: search.as_deref(),
            tags: &tags,
            created_by: filter.created_by.as_deref(),
            connection_type: filter.connection_type.as_deref(),
            status: filter.status,
            sort: sort(&filter.sort)?,
            after: None,
            offset: if filter.cursor.is_some() { 0 } else { skipped },
            limit,
        };
        selection.after = match &filter.cursor {
            Some(cursor) => Some(cursor.position_in(selection.order()).ok_or_else(other_order)?),
            None => None,
        };
        let mut reader = self.store.list_reader(&request.tenant.organization).await?;
        let listed = connections::list(&mut reader, request.tenant, &selection).await;
        drop(reader);
        let page = listed.map_err(|error| match error {
            store::Error::TooLong => Error::ListTooLong,
            store::Error::PageTooLarge(most) => Error::Invalid(vec![
                Finding::error("too_large", "?limit", &format!("The page has more than {most} bytes."))
                    .with_hint("Ask for fewer connections at once."),
            ]),
            error => error.into(),
        })?;
        let damages = self.store.damages().clone();
        let next = page.end.map(|end| Cursor::new(filter.page.saturating_add(1), selection.order(), end));
        Ok(Listed { rows: damages.readable(page.rows), damages, total: page.total, next })
    }
}

fn other_order() -> Error {
    let message = "It leads on in a list of another order.";
    let hint = "Send the `sort` of the list that it comes from, or begin anew without a cursor.";
    Error::Invalid(vec![Finding::error("malformed", "?cursor", message).with_hint(hint)])
}

fn sort(fields: &[(String, bool)]) -> Result<Vec<(Column, bool)>, Error> {
    let mut findings = Vec::new();
    let mut columns: Vec<(Column, bool)> = Vec::new();
    for (field, descending) in fields {
        match Column::from_name(field) {
            Some(column) if columns.iter().any(|(earlier, _)| *earlier == column) => {}
            Some(column) => columns.push((column, *descending)),
            None => findings.push(
                Finding::error("unknown_value", "?sort", "Connections cannot be sorted by this field.")
                    .with_hint("Sort by name, created_at, updated_at, status or connection_type."),
            ),
        }
    }
    if findings.is_empty() { Ok(columns) } else { Err(Error::Invalid(findings)) }
}
