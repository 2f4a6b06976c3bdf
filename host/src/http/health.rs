//! `GET /health/live` and `GET /health/ready`: for probes.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;

use super::error::{ApiError, ErrorBody};
use super::{Api, TAG_HEALTH};

/// How long what was seen stands for what is: looking writes to the disk, and everybody may ask.
const KEPT: Duration = Duration::from_secs(1);

/// How long a look may take. Whatever does not answer by then is not ready.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// What was seen last, and when; whoever asks meanwhile waits for the look that is under way.
#[derive(Debug, Default)]
pub(super) struct Readiness(Mutex<Option<(Instant, Vec<&'static str>)>>);

/// The answer of a host that is well.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `live` or `ready`.
    #[schema(example = "ready")]
    status: &'static str,
}

/// Checks that the process answers
#[utoipa::path(get, path = "/health/live", tag = TAG_HEALTH, security(()), responses(
    (status = 200, description = "It answers", body = Health),
))]
pub async fn check_liveness() -> Json<Health> {
    Json(Health { status: "live" })
}

/// Checks that requests can be served
///
/// The metadata store can be written and read, the secret store answers, and a connector is loaded. What was seen stands
/// for a second.
#[utoipa::path(get, path = "/health/ready", tag = TAG_HEALTH, security(()), responses(
    (status = 200, description = "Requests can be served", body = Health),
    (status = 503, description = "What is missing", body = ErrorBody),
))]
pub async fn check_readiness(State(api): State<Arc<Api>>) -> Result<Json<Health>, ApiError> {
    // On a task of its own: a prober that hangs up in the middle would break a write off, and with it the connection.
    let look = tokio::spawn(async move { api.readiness.missing(&api).await });
    let missing = look.await.map_err(|error| ApiError::internal(&error))?;
    if missing.is_empty() {
        Ok(Json(Health { status: "ready" }))
    } else {
        Err(ApiError::Unavailable(format!("Not ready: {}.", missing.join(", ")).into()))
    }
}

impl Readiness {
    /// What keeps requests from being served.
    async fn missing(&self, api: &Api) -> Vec<&'static str> {
        let mut seen = self.0.lock().await;
        if let Some((when, missing)) = &*seen
            && when.elapsed() < KEPT
        {
            return missing.clone();
        }
        let mut missing = look(api).await;
        if api.connectors.list().is_empty() {
            missing.push("no connector is loaded");
        }
        *seen = Some((Instant::now(), missing.clone()));
        missing
    }
}

/// Asks the stores, both at once.
async fn look(api: &Api) -> Vec<&'static str> {
    let (store, secrets) = tokio::join!(
        failure("the metadata store does not answer", api.store.health()),
        failure("the secret store does not answer", api.secrets.health()),
    );
    store.into_iter().chain(secrets).collect()
}

/// What is missing if this does not answer that all is well; the reason is logged.
async fn failure<E: Error + 'static>(
    missing: &'static str,
    answer: impl Future<Output = Result<(), E>>,
) -> Option<&'static str> {
    match timeout(LOOK_TIMEOUT, answer).await {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => tracing::error!(error = &error as &dyn Error, "not ready: {missing}"),
        Err(late) => tracing::error!(error = &late as &dyn Error, "not ready: {missing}"),
    }
    Some(missing)
}
