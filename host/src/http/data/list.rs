//! `GET /assets/data`: the connections that the tenant sees.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::record::ConnectionRecord;
use crate::connections::{Filter, Listed};
use crate::http::authentication::Admitted;
use crate::http::body::SMALL_BYTES;
use crate::http::error::{ApiError, refusals};
use crate::http::listing::{ListQuery, Pagination};
use crate::http::{Api, TAG_DATA};

/// One page of connections.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionPage {
    /// The connections.
    data: Vec<ConnectionRecord>,
    /// Where the page stands.
    pagination: Pagination,
}

/// Lists connections
///
/// Those of the project, and those of the whole organization. A parameter without a value is as one that is not there. A list that would read more than a list may is 422
/// `LIST_TOO_LONG`: the page is too far away, or the search has too much to look at. To walk a whole list, send the
/// `next_cursor` of each page as `cursor`: no connection comes twice because others come and go, and no page is far away.
#[utoipa::path(get, path = "/assets/data", tag = TAG_DATA,
    params(
        ("page" = Option<u32>, Query, minimum = 1, maximum = 1_000_000, description = "The page, from 1; 1 by default"),
        ("cursor" = Option<String>, Query, max_length = 4096, description = "Instead of `page`: the `next_cursor` of the \
            page before, with the same `sort` and filters"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Connections on a page; 20 by default"),
        ("search" = Option<String>, Query, max_length = 64, description = "A text in name or description"),
        ("tags" = Option<String>, Query, description = "Comma-separated; a connection has them all"),
        ("sort" = Option<String>, Query, description = "`field:asc` or `field:desc`, comma-separated; fields: name, \
            created_at, updated_at, status, connection_type"),
        ("created_by" = Option<String>, Query, description = "A principal such as `user:alice`"),
        ("owner_id" = Option<String>, Query, deprecated, description = "The same as `created_by`"),
        ("connection_type" = Option<String>, Query, description = "A connection type"),
        ("status" = Option<String>, Query, description = "PENDING, ACTIVE, ERROR or DISABLED"),
    ),
    responses(
        (status = 200, description = "A page of connections", body = ConnectionPage),
        refusals::Any, refusals::OfQuery,
    ))]
pub async fn list_connections(
    admitted: Admitted,
    State(api): State<Arc<Api>>,
    ListQuery(filter): ListQuery,
) -> Result<Response, ApiError> {
    let listed = api.connections.list(admitted.request(), &filter).await?;
    if listed.bytes() <= SMALL_BYTES {
        return Ok(page(&filter, listed));
    }
    // What is made of it is charged when it is there.
    let memory = api.places.memory(admitted.authenticated(), listed.bytes())?;
    let made = api.places.work(admitted.authenticated().organization(), move || {
        let _memory = memory;
        Ok(page(&filter, listed))
    });
    made.await
}

fn page(filter: &Filter, listed: Listed) -> Response {
    let pagination = Pagination::new(filter, listed.total, listed.next.as_ref());
    let data = listed.into_connections().into_iter().map(ConnectionRecord::from).collect();
    Json(ConnectionPage { data, pagination }).into_response()
}
