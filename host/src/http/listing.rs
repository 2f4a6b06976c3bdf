//! Lists: their query parameters and their pages.

use axum::extract::{FromRequestParts, RawQuery};
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;
use crate::connections::{Cursor, Filter, MAX_LIMIT, Status};
use crate::finding::Finding;
use crate::meant;
use crate::schema::listed;
use crate::stranger::shown;

/// The fields that a list can be sorted by.
const SORT_FIELDS: &[&str] = &["name", "created_at", "updated_at", "status", "connection_type"];

/// The parameters. Those without a value are as those that are not there.
const PARAMETERS: [&str; 10] =
    ["page", "cursor", "limit", "search", "tags", "sort", "created_by", "owner_id", "connection_type", "status"];

/// Longer texts are refused in every parameter.
const MAX_TEXT_CHARS: usize = 255;

/// Longer texts are refused in a search: it looks for the text at each place of each name and description.
const MAX_SEARCH_CHARS: usize = 64;

/// More tags or sort fields are refused.
const MAX_ELEMENTS: usize = 20;

/// Pages beyond this are refused, so that offsets stay small.
const MAX_PAGE: u32 = 1_000_000;

/// Where a page stands in its list.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pagination {
    /// This page, from 1.
    page: u32,
    /// Elements on a page at most.
    limit: u32,
    /// Elements on all pages.
    total_items: u64,
    /// How many pages there are.
    total_pages: u64,
    /// Null on the last page.
    next_page: Option<u32>,
    /// Null on the first page.
    prev_page: Option<u32>,
    /// The value of `cursor` that leads to the next page, whatever comes and goes meanwhile; null on the last page.
    next_cursor: Option<String>,
}

impl Pagination {
    /// The place of the page that the filter asked for, where there are so many elements in all. That of a walk by cursors
    /// counts the pages of the walk.
    pub fn new(filter: &Filter, total: u64, next: Option<&Cursor>) -> Self {
        let total_pages = total.div_ceil(u64::from(filter.limit));
        let has_next = match filter.cursor {
            Some(_) => next.is_some(),
            None => u64::from(filter.page) < total_pages,
        };
        Self {
            page: filter.page,
            limit: filter.limit,
            total_items: total,
            total_pages,
            next_page: has_next.then(|| filter.page.saturating_add(1)),
            prev_page: (filter.page > 1).then_some(filter.page - 1),
            next_cursor: next.map(Cursor::to_string),
        }
    }
}

/// The query parameters of the list of connections.
#[derive(Debug)]
pub struct ListQuery(pub Filter);

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Ok(RawQuery(query)) = RawQuery::from_request_parts(parts, state).await;
        parse(query.as_deref().unwrap_or_default()).map(Self).map_err(ApiError::Validation)
    }
}

/// Reads all parameters, and says everything that is wrong with them.
fn parse(query: &str) -> Result<Filter, Vec<Finding>> {
    let mut filter = Filter { page: 1, limit: 20, ..Filter::default() };
    let mut findings = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if value.is_empty() && PARAMETERS.contains(&&*name) {
            // A form sends the fields that nobody has filled in.
            continue;
        }
        let verdict = if seen.contains(&name.to_string()) {
            Err(("repeated", "It is there twice.".to_owned()))
        } else {
            set(&mut filter, &name, &value)
        };
        if let Err((code, message)) = verdict {
            findings.push(Finding::error(code, &format!("?{}", shown(&name)), &message));
        }
        seen.push(name.into_owned());
    }
    if let Some(cursor) = &filter.cursor {
        if seen.iter().any(|name| name == "page") {
            let message = "A cursor says which page it is; send one of the two.";
            findings.push(Finding::error("conflict", "?page", message));
        }
        filter.page = cursor.page;
    }
    if findings.is_empty() { Ok(filter) } else { Err(findings) }
}

fn set(filter: &mut Filter, name: &str, value: &str) -> Result<(), (&'static str, String)> {
    match name {
        "page" => filter.page = number(value, MAX_PAGE)?,
        "cursor" => filter.cursor = Some(cursor(value)?),
        "limit" => filter.limit = number(value, MAX_LIMIT)?,
        "search" => filter.search = Some(search(value)?),
        "tags" => filter.tags = elements(value)?,
        "sort" => filter.sort = elements(value)?.iter().map(|element| sort(element)).collect::<Result<_, _>>()?,
        "created_by" | "owner_id" => {
            let principal = principal(value)?;
            if filter.created_by.as_ref().is_some_and(|other| *other != principal) {
                let message = "created_by and owner_id mean the same, and are not the same here.";
                return Err(("contradiction", message.to_owned()));
            }
            filter.created_by = Some(principal);
        }
        "connection_type" => filter.connection_type = Some(text(value)?),
        "status" => filter.status = Some(status(value)?),
        _ => {
            let known = listed(&PARAMETERS, "and");
            let question = meant::question(name, PARAMETERS);
            return Err(("unknown_parameter", format!("There is no such parameter{question} There are {known}.")));
        }
    }
    Ok(())
}

fn number(value: &str, max: u32) -> Result<u32, (&'static str, String)> {
    // `parse` alone would take a sign.
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse() {
        Ok(number) if digits && (1..=max).contains(&number) => Ok(number),
        _ => Err(("out_of_range", format!("It must be a number from 1 to {max}."))),
    }
}

fn cursor(value: &str) -> Result<Cursor, (&'static str, String)> {
    value.parse().map_err(|_| {
        let message = "It must be the next_cursor of another page, as it was given; begin anew without one.";
        ("malformed", message.to_owned())
    })
}

fn text(value: &str) -> Result<String, (&'static str, String)> {
    text_of_at_most(value, MAX_TEXT_CHARS)
}

fn search(value: &str) -> Result<String, (&'static str, String)> {
    text_of_at_most(value, MAX_SEARCH_CHARS)
}

fn text_of_at_most(value: &str, most: usize) -> Result<String, (&'static str, String)> {
    let length = value.chars().count();
    if length == 0 || length > most || value.chars().any(char::is_control) {
        let message = format!("It must have 1 to {most} characters, none of them a control character.");
        return Err(("malformed", message));
    }
    Ok(value.to_owned())
}

fn elements(value: &str) -> Result<Vec<String>, (&'static str, String)> {
    let elements: Vec<&str> = value.split(',').map(str::trim).collect();
    if elements.len() > MAX_ELEMENTS || elements.iter().any(|element| text(element).is_err()) {
        return Err(("malformed", format!("It must be a comma-separated list of 1 to {MAX_ELEMENTS} elements.")));
    }
    Ok(elements.into_iter().map(str::to_owned).collect())
}

fn sort(element: &str) -> Result<(String, bool), (&'static str, String)> {
    let (field, direction) = element.split_once(':').unwrap_or((element, "asc"));
    let descending = match direction {
        "asc" => Some(false),
        "desc" => Some(true),
        _ => None,
    };
    match descending {
        Some(descending) if SORT_FIELDS.contains(&field) => Ok((field.to_owned(), descending)),
        _ => {
            let fields = listed(SORT_FIELDS, "or");
            let is_known = SORT_FIELDS.contains(&field);
            let question = if is_known { ".".to_owned() } else { meant::question(field, SORT_FIELDS.iter().copied()) };
            Err(("malformed", format!("It must be field:asc or field:desc, the field {fields}{question}")))
        }
    }
}

fn principal(value: &str) -> Result<String, (&'static str, String)> {
    let value = text(value)?;
    if value.strip_prefix("user:").is_none_or(str::is_empty) {
        return Err(("malformed", "It must be a principal such as user:alice.".to_owned()));
    }
    Ok(value)
}

fn status(value: &str) -> Result<Status, (&'static str, String)> {
    let names = Status::ALL.map(Status::name);
    let wrong = || format!("It must be {}{}", listed(&names, "or"), meant::question(value, names));
    Status::from_name(value).ok_or_else(|| ("unknown_value", wrong()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_parameter() {
        let filter = parse(
            "page=2&limit=100&search=a%20b&tags=x,y&sort=name:desc,created_at&created_by=user:alice\
             &owner_id=user:alice&connection_type=postgres&status=ACTIVE",
        )
        .unwrap();
        assert_eq!((filter.page, filter.limit), (2, 100));
        assert_eq!(filter.search.as_deref(), Some("a b"));
        assert_eq!(filter.tags, ["x", "y"]);
        assert_eq!(filter.sort, [("name".to_owned(), true), ("created_at".to_owned(), false)]);
        assert_eq!(filter.created_by.as_deref(), Some("user:alice"));
        assert_eq!(filter.connection_type.as_deref(), Some("postgres"));
        assert_eq!(filter.status, Some(Status::Active));
        let empty: Vec<String> = PARAMETERS.iter().map(|name| format!("{name}=")).collect();
        for query in ["", "tags", &empty.join("&"), "status=&page=1&status="] {
            let filter = parse(query).unwrap();
            assert_eq!((filter.page, filter.limit), (1, 20), "{query}");
            assert!(filter.tags.is_empty() && filter.sort.is_empty() && filter.search.is_none(), "{query}");
            assert!(filter.created_by.is_none() && filter.status.is_none() && filter.connection_type.is_none());
        }
        assert_eq!(parse("owner_id=user:bob").unwrap().created_by.as_deref(), Some("user:bob"));
    }

    #[test]
    fn names_everything_that_is_wrong() {
        let findings = parse(
            "page=0&limit=101&search=%00&tags=a,,b&sort=password:asc&created_by=alice&status=active&offset=&page=1\
             &owner_id=user:a&created_by=user:b",
        )
        .unwrap_err();
        let pointers: Vec<&str> = findings.iter().map(|finding| finding.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "?page",
                "?limit",
                "?search",
                "?tags",
                "?sort",
                "?created_by",
                "?status",
                "?offset",
                "?page",
                "?created_by"
            ]
        );
        assert!(parse(&format!("search={}", "ä".repeat(64))).is_ok());
        assert_eq!(parse(&format!("search={}", "a".repeat(65))).unwrap_err().len(), 1);
        for query in ["page=+1", "page=1.0", "page=-1", "page=99999999999", "sort=name:down", "search=a%00", "x=\n"] {
            assert_eq!(parse(query).unwrap_err().len(), 1, "{query}");
        }
    }

    #[test]
    fn asks_for_what_was_meant() {
        for (query, expected) in [
            ("pages=2", "There is no such parameter; did you mean `page`? There are page, cursor, limit, "),
            ("per_page=2", "did you mean `limit`?"),
            ("offset=2", "There is no such parameter. There are page, cursor, limit, "),
            ("sort=create_at:desc", "connection_type; did you mean `created_at`?"),
            ("status=active", "did you mean `ACTIVE`?"),
        ] {
            let findings = parse(query).unwrap_err();
            assert!(findings[0].message.contains(expected), "{query}: {findings:?}");
        }
    }

    #[test]
    fn the_document_says_what_is_accepted() {
        let document = serde_json::to_value(crate::http::document()).unwrap();
        let parameters = document["paths"]["/assets/data"]["get"]["parameters"].as_array().unwrap();
        for (name, max) in [("page", MAX_PAGE), ("limit", MAX_LIMIT)] {
            let parameter = parameters.iter().find(|parameter| parameter["name"] == name).unwrap();
            assert_eq!(parameter["schema"]["maximum"], max, "{name}");
        }
        let mut documented: Vec<&str> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        documented.sort_unstable();
        let mut accepted = PARAMETERS.to_vec();
        accepted.sort_unstable();
        assert_eq!(documented, accepted);
        let search = parameters.iter().find(|parameter| parameter["name"] == "search").unwrap();
        assert_eq!(search["schema"]["maxLength"], MAX_SEARCH_CHARS);
    }

    #[test]
    fn pages_end_with_null_at_both_ends() {
        let page = |page, limit, total| {
            let filter = Filter { page, limit, ..Filter::default() };
            let pagination = Pagination::new(&filter, total, None);
            (pagination.total_pages, pagination.prev_page, pagination.next_page)
        };
        assert_eq!(page(1, 20, 0), (0, None, None));
        assert_eq!(page(1, 20, 20), (1, None, None));
        assert_eq!(page(1, 20, 21), (2, None, Some(2)));
        assert_eq!(page(2, 20, 60), (3, Some(1), Some(3)));
        assert_eq!(page(3, 20, 60), (3, Some(2), None));
    }
}
