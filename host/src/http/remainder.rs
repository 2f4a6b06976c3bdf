//! What is left of a request's body when the answer is ready: an early refusal leaves it unread.
//!
//! A connection that is closed with unread bytes is reset, and a client that still sends would see the reset instead of
//! the answer (RFC 9112, section 9.6). So the rest is read and thrown away first, within bounds.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};

use super::Api;

/// More is not read, in bytes; the client of a larger body may see a reset.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// How much is read of what remains of a body whose request was refused for a limit: to read on would be what the limit
/// prevents.
const MAX_BYTES_BEYOND_A_LIMIT: usize = 64 * 1024;

/// How long the reading may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Runs a request, then reads what it has left of its body.
pub(super) async fn discard(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    // Such a client waits to be asked for the body, and is not asked by the answer.
    if request.headers().contains_key(EXPECT) || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = Arc::new(Mutex::new(body));
    let lent = Body::new(Lent(Arc::clone(&body)));
    let response = next.run(Request::from_parts(parts, lent)).await;
    if let Some(body) = Arc::into_inner(body) {
        let body = body.into_inner().unwrap_or_else(PoisonError::into_inner);
        let is_of_a_limit = response.status() == StatusCode::TOO_MANY_REQUESTS;
        let most = if is_of_a_limit { MAX_BYTES_BEYOND_A_LIMIT } else { MAX_BYTES };
        // Too slow is as bad as too large: the answer goes out in any case.
        let read = tokio::time::timeout(TIMEOUT, read(body, most));
        let _ = api.stop.bound(async { Ok(read.await) }).await;
    }
    response
}

async fn read(mut body: Body, most: usize) {
    let mut bytes = 0;
    while bytes < most
        && !body.is_end_stream()
        && let Some(Ok(frame)) = body.frame().await
    {
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// A body that its lender gets back.
struct Lent(Arc<Mutex<Body>>);

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
