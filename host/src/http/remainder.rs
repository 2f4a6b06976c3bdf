//! What is left of a request's body when its answer is ready: an early refusal leaves it unread.
//!
//! A connection that is closed with unread bytes is reset, and a client that still sends would see the reset instead of
//! the answer (RFC 9112, section 9.6). So the answer goes out at once, and the rest is read beside it and thrown away,
//! within bounds; then the connection has room for the next request.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, EXPECT, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};

use super::Stop;
use super::authentication::Payer;
use super::server::Pacing;

/// More is not read, in bytes; the client of a larger body may see a reset.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// How much is read of what remains of a body whose request was refused for a limit: to read on would be what the limit
/// prevents.
const MAX_BYTES_BEYOND_A_LIMIT: usize = 64 * 1024;

/// How long the reading may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Runs a request, and has what it has left of its body read beside its answer.
///
/// Meanwhile its connection keeps no pace; but it is as idle as one without a request, so that it makes room for another one.
/// A client behind a proxy, whose connections nobody counts, stays counted for the request.
pub(super) async fn discard(State(stop): State<Stop>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let waits_to_be_asked = parts.headers.contains_key(EXPECT);
    let pacing = parts.extensions.get::<Pacing>().cloned();
    let shared = Arc::new(Shared { body: Mutex::new(body), is_read: AtomicBool::new(false) });
    let lent = Body::new(Lent(Arc::clone(&shared)));
    let mut response = next.run(Request::from_parts(parts, lent)).await;
    let Some(Shared { body, is_read }) = Arc::into_inner(shared) else { return response };
    let body = body.into_inner().unwrap_or_else(PoisonError::into_inner);
    if body.is_end_stream() {
        return response;
    }
    let most = match response.status() {
        StatusCode::TOO_MANY_REQUESTS => MAX_BYTES_BEYOND_A_LIMIT,
        _ => MAX_BYTES,
    };
    // To read a body whose client waits to be asked for it would be to ask for it.
    let is_unasked = waits_to_be_asked && !is_read.into_inner();
    let is_too_slow = response.status() == StatusCode::REQUEST_TIMEOUT;
    if is_unasked || is_too_slow || body.size_hint().lower() > most as u64 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if !is_unasked {
        let payer = response.extensions().get::<Payer>().cloned();
        tokio::spawn(async move {
            // Too slow is as bad as too large: then the connection is closed.
            let read = tokio::time::timeout(TIMEOUT, read(body, most));
            let _ = stop.bound(async { Ok(read.await) }).await;
            drop((payer, pacing));
        });
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

/// A body, and whether anybody has begun to read it.
struct Shared {
    body: Mutex<Body>,
    is_read: AtomicBool,
}

/// A body that its lender gets back.
struct Lent(Arc<Shared>);

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.0.is_read.store(true, Ordering::Relaxed);
        Pin::new(&mut *self.0.body.lock().unwrap_or_else(PoisonError::into_inner)).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.body.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.body.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
