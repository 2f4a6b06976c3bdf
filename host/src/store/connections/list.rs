//! Pages of connections.

use sqlx::{AnyConnection, Arguments, AssertSqlSafe, any::AnyArguments};

use super::ConnectionRow;
use crate::auth::Tenant;
use crate::store::{Error, project};

/// The longest text that a search can find something in: name and description, with room for letters whose lower case
/// is longer.
const MAX_SEARCH_CHARS: usize = 3 * (255 + 1 + 1000);

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
    /// The connector's type name.
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
    /// The connector's type name.
    pub connection_type: Option<&'a str>,
    /// The status.
    pub status: Option<&'a str>,
    /// Column and whether descending; then the newest first.
    pub sort: Vec<(Column, bool)>,
    /// How many to skip.
    pub offset: u64,
    /// At most this many.
    pub limit: u32,
}

/// One page of what the tenant sees, and the number of connections on all pages.
pub async fn list(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    selection: &Selection<'_>,
) -> Result<(Vec<ConnectionRow>, u64), Error> {
    if selection.search.is_some_and(|text| text.chars().count() > MAX_SEARCH_CHARS) {
        return Ok((Vec::new(), 0));
    }
    let (condition, values) = condition(tenant, selection);
    let count = format!("select count(*) from connections where {condition}");
    let total: i64 =
        sqlx::query_scalar_with(AssertSqlSafe(count), arguments(&values)?).fetch_one(&mut *connection).await?;
    let page = format!(
        "select * from connection_records where {condition} order by {} limit {} offset {}",
        order(&selection.sort),
        selection.limit,
        selection.offset
    );
    let rows = sqlx::query_with(AssertSqlSafe(page), arguments(&values)?).fetch_all(connection).await?;
    let rows = rows.iter().map(ConnectionRow::try_from).collect::<Result<_, _>>()?;
    Ok((rows, u64::try_from(total).map_err(|_| Error::Damaged("count"))?))
}

/// The condition with its placeholders, and the values for them. Only placeholders carry what a caller sent.
fn condition(tenant: &Tenant, selection: &Selection<'_>) -> (String, Vec<String>) {
    let mut conditions = vec!["organization = $1".to_owned(), "(project = $2 or project = '')".to_owned()];
    let mut values = vec![tenant.organization.clone(), project(tenant).to_owned()];
    for (column, value) in [
        ("created_by", selection.created_by),
        ("connection_type", selection.connection_type),
        ("status", selection.status),
    ] {
        if let Some(value) = value {
            values.push(value.to_owned());
            conditions.push(format!("{column} = ${}", values.len()));
        }
    }
    if let Some(text) = selection.search {
        values.push(format!("%{}%", escape_like(&text.to_lowercase())));
        conditions.push(format!("search_text like ${} escape '\\'", values.len()));
    }
    for tag in selection.tags {
        values.push(tag.clone());
        let number = values.len();
        conditions.push(format!("exists (select 1 from connection_tags where connection = id and tag = ${number})"));
    }
    (conditions.join(" and "), values)
}

fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Ends with the id, so that equal rows have one order and pages do not overlap.
fn order(sort: &[(Column, bool)]) -> String {
    if sort.is_empty() {
        return "created_at desc, id desc".to_owned();
    }
    let mut columns: Vec<_> = sort
        .iter()
        .map(|(column, descending)| format!("{} {}", column.name(), if *descending { "desc" } else { "asc" }))
        .collect();
    columns.push("id".to_owned());
    columns.join(", ")
}

fn arguments(values: &[String]) -> Result<AnyArguments, Error> {
    let mut arguments = AnyArguments::default();
    for value in values {
        arguments.add(value.as_str()).map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
