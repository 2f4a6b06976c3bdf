//! Answers that are charged to their organization until the client has taken them: who asks for many and takes none would
//! have the host hold them all.

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::response::Response;
use http_body_util::BodyExt as _;

use super::Api;
use super::body::SMALL_BYTES;
use super::error::ApiError;
use super::places::BodyMemory;

/// A piece of an answer, with what it is charged.
struct Charged {
    bytes: Bytes,
    _memory: Arc<BodyMemory>,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Charges an answer whose size is known. A small one takes no more than its connection, which is counted already. A
/// stream has no size: it holds little at a time.
pub(super) fn charge(api: &Api, organization: &String, response: Response) -> Result<Response, ApiError> {
    let Some(size) = response.body().size_hint().exact().filter(|size| *size > SMALL_BYTES as u64) else {
        return Ok(response);
    };
    let memory = Arc::new(api.places.answer(organization, usize::try_from(size).unwrap_or(usize::MAX))?);
    Ok(response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let memory = Arc::clone(&memory);
            // The server's side lets go of the bytes when they have been written.
            frame.map_data(|bytes| Bytes::from_owner(Charged { bytes, _memory: memory }))
        }))
    }))
}
