//! `GET /assets/connectors/events`: what happens to connector versions, as it happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde::Serialize;
use utoipa::ToSchema;

use super::digest::Digest;
use super::record::RefusalReason;
use crate::http::authentication::Admitted;
use crate::http::error::{ApiError, refusals};
use crate::http::{Api, TAG_STREAMS};
use crate::rollout::{self, News, Rollout, Standing};

/// How often a silent stream shows that it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long a stream lasts: a client comes back with a token that is still good.
const LIFE: Duration = Duration::from_hours(1);

/// The data of an event `state`: a version has a new state.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateEvent {
    /// The version.
    #[schema(value_type = Digest)]
    digest: String,
    /// The connection type of the version; null until it has been admitted.
    connection_type: Option<String>,
    /// The semantic version of the connector; null until it has been admitted.
    version: Option<String>,
    /// Where the version stands.
    #[schema(value_type = Standing)]
    state: &'static str,
    /// Why, if that has a reason.
    reasons: Vec<RefusalReason>,
}

/// The data of an event `progress`: a version is being tried against the stored connections.
#[derive(Debug, Serialize)]
struct ProgressEvent {
    /// The version.
    digest: String,
    /// How many have been looked at.
    done: u64,
    /// Of how many.
    total: u64,
}

/// The data of an event `deleted`: a version is gone.
#[derive(Debug, Serialize)]
struct DeletedEvent {
    /// The version.
    digest: String,
}

/// The data of an event `missed`: the client was too slow, and should list the versions.
#[derive(Debug, Serialize)]
struct MissedEvent {
    /// How many events it has missed.
    missed: u64,
}

/// Follows the connector versions
///
/// Server-sent events: first `state` for every version that is there, then `state` whenever one changes; `progress` with
/// `digest`, `done` and `total` while one is tried against the stored connections; `deleted` with `digest` when one is gone.
/// A client that was too slow gets how many it has `missed`, and should list the versions. A stream ends after an hour.
#[utoipa::path(get, path = "/assets/connectors/events", tag = TAG_STREAMS, responses(
    (status = 200, description = "Events, without end", body = StateEvent, content_type = "text/event-stream"),
    refusals::Any,
))]
pub async fn follow_connector_versions(
    admitted: Admitted,
    State(api): State<Arc<Api>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    Rollout::authorize(admitted.caller())?;
    // Before the list, so that nothing is lost in between.
    let subscription = api.rollout.events().subscribe(LIFE).ok_or(ApiError::Busy(LIFE / 60))?;
    let present = api.rollout.list().await?.into_iter().map(|record| {
        event(
            "state",
            &StateEvent {
                digest: record.digest,
                connection_type: record.connection_type,
                version: record.version,
                state: record.state.name(),
                reasons: record.reasons.into_iter().map(Into::into).collect(),
            },
        )
    });
    let news = stream::unfold(subscription, |mut subscription| async {
        let next = subscription.next().await?;
        Some((next.map_or_else(|missed| event("missed", &MissedEvent { missed }), to_event), subscription))
    });
    let events = stream::StreamExt::chain(stream::iter(present.collect::<Vec<_>>()), news);
    Ok(Sse::new(stream::StreamExt::map(events, Ok)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn to_event(happened: rollout::Event) -> Event {
    let known = |text: String| Some(text).filter(|text| !text.is_empty());
    match happened.news {
        News::State(state, reasons) => event(
            "state",
            &StateEvent {
                digest: happened.digest,
                connection_type: known(happened.connection_type),
                version: known(happened.version),
                state: state.name(),
                reasons: reasons.into_iter().map(Into::into).collect(),
            },
        ),
        News::Progress(done, total) => event("progress", &ProgressEvent { digest: happened.digest, done, total }),
        News::Deleted => event("deleted", &DeletedEvent { digest: happened.digest }),
    }
}

fn event(name: &str, data: &impl Serialize) -> Event {
    // Such data are always JSON; the fallback is never seen.
    Event::default().event(name).json_data(data).unwrap_or_default()
}
