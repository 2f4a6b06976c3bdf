//! Pages of connections.

use futures_util::TryStreamExt as _;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{Arguments, AssertSqlSafe, Row as _};

use super::{ConnectionRow, Status};
use crate::auth::Tenant;
use crate::store::{Connection, Damaged, Error, Record, project};

/// What the rows of a page may have together, as [`super::super::usage`] counts bytes.
const MAX_PAGE_BYTES: u64 = 8 * 1024 * 1024;

/// The columns that a list can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The name, byte by byte.
    Name,
    /// When it was registered.
    CreatedAt,
    /// When somebody changed it last.
    UpdatedAt,
    /// The status.
    Status,
    /// The connection type.
    ConnectionType,
}

impl Column {
    /// The column with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Name, Self::CreatedAt, Self::UpdatedAt, Self::Status, Self::ConnectionType]
            .into_iter()
            .find(|column| column.name() == name)
    }

    /// Its name, in SQL and for the caller.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::Status => "status",
            Self::ConnectionType => "connection_type",
        }
    }

    /// Whether it has numbers; else it has texts.
    pub fn is_number(self) -> bool {
        matches!(self, Self::CreatedAt | Self::UpdatedAt)
    }
}

/// What a connection has in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// In a column of texts.
    Text(String),
    /// In a column of numbers.
    Number(i64),
}

/// A place in the order of a list: right behind a connection, whether or not that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// What it has in the columns that the list is sorted by.
    pub key: Vec<Key>,
    /// Its id.
    pub id: String,
}

/// A page of connections.
#[derive(Debug)]
pub struct Page {
    /// Its rows.
    pub rows: Vec<Result<ConnectionRow, Damaged>>,
    /// The number of connections on all pages. Damaged ones are counted, too.
    pub total: u64,
    /// Its end; none where nothing follows.
    pub end: Option<Position>,
}

/// Which connections, in which order.
#[derive(Debug, Clone, Default)]
pub struct Selection<'a> {
    /// Text in name or description, in any case.
    pub search: Option<&'a str>,
    /// All of these tags.
    pub tags: &'a [String],
    /// Who registered it.
    pub created_by: Option<&'a str>,
    /// The connection type.
    pub connection_type: Option<&'a str>,
    /// The status.
    pub status: Option<Status>,
    /// Column and whether descending; then the newest first.
    pub sort: Vec<(Column, bool)>,
    /// Only those that come after it.
    pub after: Option<&'a Position>,
    /// How many to skip.
    pub offset: u64,
    /// At most this many.
    pub limit: u32,
}

/// A statement with its placeholders, and the values for them. Only placeholders carry what a caller sent.
#[derive(Debug, Default)]
struct Statement {
    text: String,
    values: Vec<String>,
}

/// What a list chooses from: a project's own, or what belongs to the whole organization.
struct Source {
    /// Behind `from`.
    tables: &'static str,
    /// The columns of the order of creation, from the index that has this order.
    created_at: &'static str,
    id: &'static str,
}

const ALL: Source = Source { tables: "connections", created_at: "connections.created_at", id: "connections.id" };

/// Both databases join inner tables of a `cross join` with a condition as usual; SQLite leaves them in this order (SQLite
/// manual, "The SQLite Query Optimizer Overview", section 7.2).
const TAGGED: Source = Source {
    tables: "connection_tags as tagged cross join connections",
    created_at: "tagged.created_at",
    id: "tagged.connection",
};

/// One page of what the tenant sees.
pub async fn list(connection: &mut Connection, tenant: &Tenant, selection: &Selection<'_>) -> Result<Page, Error> {
    let (rows, is_last) = page(tenant, selection).fetch_page(connection, selection.limit).await?;
    let is_first = selection.offset == 0 && selection.after.is_none();
    let total: i64 = match rows.first() {
        // Every text has been looked at; once is enough.
        Some(first) if selection.search.is_some() => first.try_get("total")?,
        None if selection.search.is_some() && is_first => 0,
        _ => match count(tenant, selection).fetch(connection).await?.first() {
            Some(row) => row.try_get(0)?,
            None => return Err(Error::Damaged("count")),
        },
    };
    let end = if is_last || rows.is_empty() { None } else { Some(end(&rows, selection.order())?) };
    let rows = rows.iter().map(|row| Record::Connection.read(row)).collect();
    Ok(Page { rows, total: u64::try_from(total).map_err(|_| Error::Damaged("count"))?, end })
}

/// The position of the last of these rows that has one: what is damaged behind it comes again on the next page, and is left
/// out there, too.
fn end(rows: &[AnyRow], order: &[(Column, bool)]) -> Result<Position, Error> {
    rows.iter().rev().find_map(|row| position(row, order).ok()).ok_or(Error::Damaged("order of a list"))
}

fn position(row: &AnyRow, order: &[(Column, bool)]) -> Result<Position, sqlx::Error> {
    let key = order.iter().map(|(column, _)| {
        let name = column.name();
        if column.is_number() { row.try_get(name).map(Key::Number) } else { row.try_get(name).map(Key::Text) }
    });
    Ok(Position { key: key.collect::<Result<_, _>>()?, id: row.try_get("id")? })
}

/// The rows of a page, and the one that follows it if there is one: their ids first, so that no other row is read whole.
fn page(tenant: &Tenant, selection: &Selection<'_>) -> Statement {
    let mut statement = Statement::default();
    let source = if selection.tags.is_empty() { ALL } else { TAGGED };
    let sort = selection.order();
    let columns = sort.iter().map(|(column, _)| match column {
        Column::CreatedAt => format!("{} as created_at", source.created_at),
        column => format!("connections.{0} as {0}", column.name()),
    });
    let columns: Vec<String> = std::iter::once(format!("{} as id", source.id)).chain(columns).collect();
    let columns = columns.join(", ");
    // The project's and the organization's are each in the order of an index, and merged.
    let mut halves = Vec::new();
    for project in projects(tenant) {
        let project = format!("= {}", statement.bind(project));
        let mut condition = statement.condition(tenant, &project, selection);
        if let (Some(position), None) = (selection.after, selection.search) {
            let behind = statement.behind(position, sort, |column| match column {
                None => source.id.to_owned(),
                Some(Column::CreatedAt) => source.created_at.to_owned(),
                Some(column) => format!("connections.{}", column.name()),
            });
            condition = format!("{condition} and {behind}");
        }
        halves.push(format!("select {columns} from {} where {condition}", source.tables));
    }
    let (chosen, order) = (halves.join(" union all "), order(sort));
    let (limit, offset) = (u64::from(selection.limit) + 1, selection.offset);
    let (chosen, total) = if selection.search.is_some() {
        // What comes before the position is counted, too.
        let behind = selection.after.map(|position| {
            let column = |column: Option<Column>| column.map_or("id", Column::name).to_owned();
            format!("where {}", statement.behind(position, sort, column))
        });
        let counted = format!("select chosen.*, count(*) over () as total from ({chosen}) as chosen");
        let counted = format!("select * from ({counted}) as counted {}", behind.unwrap_or_default());
        (counted, ", page.total as total")
    } else {
        (chosen, "")
    };
    statement.text = format!(
        "select connections.*, connector_versions.version as connector_version,
             connector_versions.contract as connector_contract{total}
         from ({chosen} order by {} limit {limit} offset {offset}) as page
             cross join connections
             left join connector_versions on connector_versions.digest = connections.connector_digest
         where connections.id = page.id order by {}",
        order.join(", "),
        order.iter().map(|column| format!("page.{column}")).collect::<Vec<_>>().join(", ")
    );
    statement
}

/// How many connections there are on all pages: from what is kept, if that is known of such a selection.
fn count(tenant: &Tenant, selection: &Selection<'_>) -> Statement {
    let mut statement = Statement::default();
    let projects: Vec<String> = projects(tenant).into_iter().map(|project| statement.bind(project)).collect();
    let projects = format!("in ({})", projects.join(", "));
    let Selection { search, tags, created_by, connection_type, status, .. } = selection;
    let kept = search.is_none() && created_by.is_none() && connection_type.is_none() && status.is_none();
    statement.text = match tags {
        [] if kept => format!(
            "select cast(coalesce(sum(connections), 0) as bigint) from project_usage
             where organization = {} and project {projects}",
            statement.bind(&tenant.organization)
        ),
        [tag] if kept => format!(
            "select cast(coalesce(sum(connections), 0) as bigint) from project_tags
             where organization = {} and project {projects} and tag = {}",
            statement.bind(&tenant.organization),
            statement.bind(tag)
        ),
        tags => {
            let tables = if tags.is_empty() { ALL.tables } else { TAGGED.tables };
            format!("select count(*) from {tables} where {}", statement.condition(tenant, &projects, selection))
        }
    };
    statement
}

/// What the tenant sees: its own, and the organization's.
fn projects(tenant: &Tenant) -> Vec<&str> {
    match project(tenant) {
        "" => vec![""],
        project => vec![project, ""],
    }
}

impl Selection<'_> {
    /// The columns to sort by: without any, the newest come first.
    pub fn order(&self) -> &[(Column, bool)] {
        if self.sort.is_empty() { &[(Column::CreatedAt, true)] } else { &self.sort }
    }
}

/// Ends with the id, so that equal rows have one order and pages do not overlap. In the direction of the last column: an
/// index is read from one end or the other.
fn order(sort: &[(Column, bool)]) -> Vec<String> {
    let direction = |descending: bool| if descending { "desc" } else { "asc" };
    let columns = sort.iter().map(|(column, descending)| format!("{} {}", column.name(), direction(*descending)));
    let id = sort.last().map(|(_, descending)| format!("id {}", direction(*descending)));
    columns.chain(id).collect()
}

impl Statement {
    /// The placeholder of a value.
    fn bind(&mut self, value: &str) -> String {
        self.values.push(value.to_owned());
        format!("${}", self.values.len())
    }

    /// What a connection fulfils that is chosen. The first tag leads to it, and all else is looked at then.
    fn condition(&mut self, tenant: &Tenant, project: &str, selection: &Selection<'_>) -> String {
        let organization = self.bind(&tenant.organization);
        let mut conditions = Vec::new();
        let mut tags = selection.tags.iter();
        if let Some(first) = tags.next() {
            let first = self.bind(first);
            conditions.push(format!(
                "tagged.organization = {organization} and tagged.project {project} and tagged.tag = {first}
                 and connections.id = tagged.connection"
            ));
        } else {
            conditions.push(format!("connections.organization = {organization} and connections.project {project}"));
        }
        for tag in tags {
            let tag = self.bind(tag);
            conditions.push(format!(
                "exists (select 1 from connection_tags as other where other.connection = tagged.connection
                     and other.tag = {tag})"
            ));
        }
        for (column, value) in [
            ("created_by", selection.created_by),
            ("connection_type", selection.connection_type),
            ("status", selection.status.map(Status::name)),
        ] {
            if let Some(value) = value {
                let value = self.bind(value);
                conditions.push(format!("connections.{column} = {value}"));
            }
        }
        if let Some(text) = selection.search {
            let text = self.bind(&format!("%{}%", escape_like(&text.to_lowercase())));
            conditions.push(format!("connections.search_text like {text} escape '\\'"));
        }
        conditions.join(" and ")
    }

    /// What a connection fulfils that comes after a position; `name` is how a column is called there, or the id. The first
    /// column by itself is what an index finds.
    fn behind(
        &mut self,
        position: &Position,
        sort: &[(Column, bool)],
        name: impl Fn(Option<Column>) -> String,
    ) -> String {
        let after = |descending: bool| if descending { "<" } else { ">" };
        let mut condition = match sort.last() {
            Some((_, descending)) => format!("{} {} {}", name(None), after(*descending), self.bind(&position.id)),
            None => return "1 = 1".to_owned(),
        };
        for (index, ((column, descending), key)) in sort.iter().zip(&position.key).enumerate().rev() {
            let (column, after) = (name(Some(*column)), after(*descending));
            let key = match key {
                Key::Text(text) => self.bind(text),
                Key::Number(number) => format!("cast({} as bigint)", self.bind(&number.to_string())),
            };
            condition = format!("({column} {after} {key} or ({column} = {key} and {condition}))");
            if index == 0 {
                condition = format!("{column} {after}= {key} and {condition}");
            }
        }
        condition
    }

    async fn fetch(self, connection: &mut Connection) -> Result<Vec<AnyRow>, Error> {
        let arguments = self.arguments()?;
        Ok(sqlx::query_with(AssertSqlSafe(self.text), arguments).fetch_all(connection).await?)
    }

    /// The rows of a page, unless they are too much to hold, and whether it is the last one.
    async fn fetch_page(self, connection: &mut Connection, limit: u32) -> Result<(Vec<AnyRow>, bool), Error> {
        let arguments = self.arguments()?;
        let mut stream = sqlx::query_with(AssertSqlSafe(self.text), arguments).fetch(connection);
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while let Some(row) = stream.try_next().await? {
            if rows.len() >= limit as usize {
                return Ok((rows, false));
            }
            // Nothing where that is damaged: the rows of a page are few.
            bytes += row.try_get::<i64, _>("bytes").unwrap_or_default().unsigned_abs();
            if bytes > MAX_PAGE_BYTES {
                return Err(Error::PageTooLarge(MAX_PAGE_BYTES));
            }
            rows.push(row);
        }
        Ok((rows, true))
    }

    fn arguments(&self) -> Result<AnyArguments, Error> {
        let mut arguments = AnyArguments::default();
        for value in &self.values {
            arguments.add(value.as_str()).map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }
}

fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests;
