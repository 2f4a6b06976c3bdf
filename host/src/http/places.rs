//! Places: what a request has to have before it is worked on. Each organization has a share of them, and what waits for a
//! network (a body that arrives, a data source that is tested) never has one that a list needs.

use std::time::Duration;

use axum::http::Method;

use super::address::Stranger;
use super::authentication::Authenticated;
use super::error::ApiError;
use crate::fairness::{Rate, Rates, Refused, Share, Shares};
use crate::settings::FairnessSettings;

/// How long a request waits for its place.
const WAIT: Duration = Duration::from_secs(5);

/// When to come back for a share of something that requests hold for moments only.
const MOMENT: Duration = Duration::from_secs(1);

/// What memory is a share of.
const BYTES: &str = "bytes in bodies of your organization";

/// When to come back for a connection test: one that hangs ends by its own time limit.
const TEST: Duration = Duration::from_secs(5);

/// Large bodies and answers that are worked on at once: what waits for its turn takes no core from the threads that serve.
const WORKED_ON_AT_ONCE: usize = 1;

/// The places of all requests, and how often each caller may ask.
#[derive(Debug)]
pub(super) struct Places {
    /// Of requests whose token is not known yet.
    strangers: Shares<Stranger>,
    requests: Shares<String>,
    tests: Shares<String>,
    memory: Shares<String>,
    work: Shares<String>,
    reads: RequestRates,
    writes: RequestRates,
    /// By organization, project and principal.
    test_rate: Rates<(String, Option<String>, String)>,
    /// By organization and principal.
    validation_rate: Rates<(String, String)>,
}

/// The rates of one kind of request.
#[derive(Debug)]
struct RequestRates {
    organizations: Rates<String>,
    principals: Rates<(String, String)>,
}

/// A place, until it is dropped.
#[derive(Debug)]
#[must_use = "the place is given back when it is dropped"]
pub(super) struct Place(#[expect(dead_code, reason = "held for its drop")] Share<String>);

impl Places {
    pub(super) fn new(settings: &FairnessSettings) -> Self {
        let shares = |total: u32, most: u32| Shares::new(total as usize, most as usize);
        let memory = Shares::new(settings.max_body_memory(), settings.max_body_memory_per_organization());
        Self {
            strangers: Shares::new(
                settings.http_max_connections as usize,
                settings.http_max_connections_per_address as usize,
            ),
            requests: shares(settings.max_requests, settings.max_requests_per_organization),
            tests: shares(settings.max_tests, settings.max_tests_per_organization),
            memory,
            work: Shares::new(WORKED_ON_AT_ONCE, WORKED_ON_AT_ONCE),
            reads: RequestRates::new(settings.read_rate()),
            writes: RequestRates::new(settings.write_rate()),
            test_rate: Rates::new(settings.test_rate()),
            validation_rate: Rates::new(settings.validation_rate()),
        }
    }

    /// The share of an address in the requests whose token is not known yet.
    pub(super) fn stranger(&self, stranger: Stranger) -> Result<Share<Stranger>, ApiError> {
        self.strangers.try_take(&stranger, 1).map_err(refused("requests from your address", MOMENT))
    }

    /// Counts a request of this caller against the rates of its kind.
    pub(super) fn count(&self, method: &Method, organization: &str, principal: &str) -> Result<(), ApiError> {
        let (rates, what) =
            if method.is_safe() { (&self.reads, "reading requests") } else { (&self.writes, "writing requests") };
        rates.check(organization, principal).map_err(|retry_after| {
            let message = format!("You or your organization send too many {what}; try again after a while.");
            ApiError::RateLimited { message, retry_after }
        })
    }

    /// A place for a request, as soon as it is this organization's turn.
    pub(super) async fn enter(&self, who: &Authenticated) -> Result<Place, ApiError> {
        let taken = self.requests.take(who.organization(), 1, WAIT).await;
        taken.map(Place).map_err(refused("requests of your organization", MOMENT))
    }

    /// A place for a connection test.
    pub(super) fn enter_test(&self, who: &Authenticated) -> Result<Place, ApiError> {
        let place = self.tests.try_take(who.organization(), 1);
        let place = place.map(Place).map_err(refused("connection tests of your organization", TEST))?;
        let key = (who.organization().clone(), who.project().cloned(), who.caller().principal.clone());
        self.test_rate.check(&key).map_err(|retry_after| {
            let message = "You have begun too many connection tests; try again after a while.".to_owned();
            ApiError::RateLimited { message, retry_after }
        })?;
        Ok(place)
    }

    /// Counts a validation, of which a form asks for one at every pause in typing.
    pub(super) fn count_validation(&self, who: &Authenticated) -> Result<(), ApiError> {
        let key = (who.organization().clone(), who.caller().principal.clone());
        self.validation_rate.check(&key).map_err(|retry_after| {
            let message = "You validate too often; try again after a while.".to_owned();
            ApiError::RateLimited { message, retry_after }
        })
    }

    /// Room for a body that is charged for so many bytes at the least, to grow as it arrives.
    pub(super) fn memory(&self, who: &Authenticated, bytes: usize) -> Result<BodyMemory, ApiError> {
        let share = self.memory.try_take(who.organization(), bytes);
        share.map(BodyMemory).map_err(refused(BYTES, MOMENT))
    }

    /// Room for an answer of so many bytes, until its client has taken it.
    pub(super) fn answer(&self, organization: &String, bytes: usize) -> Result<BodyMemory, ApiError> {
        self.memory.try_take(organization, bytes).map(BodyMemory).map_err(refused(BYTES, MOMENT))
    }

    /// Works on a large body or answer when it is the organization's turn, away from the threads that serve. What was
    /// begun is done to its end, even if nobody waits for it any more.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        organization: &String,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = self.work.take(organization, 1, WAIT).await;
        let turn = turn.map_err(refused("large bodies of your organization", MOMENT))?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|error| ApiError::internal(&error))?
    }
}

/// Bytes of memory that a body or an answer is charged for, until this is dropped.
#[derive(Debug)]
pub(super) struct BodyMemory(Share<String>);

impl BodyMemory {
    /// Charges so many bytes more.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), ApiError> {
        self.0.grow(bytes).map_err(refused(BYTES, MOMENT))
    }
}

impl RequestRates {
    fn new(rate: Rate) -> Self {
        let half = Rate { burst: rate.burst.div_ceil(2), per_second: rate.per_second.div_ceil(2) };
        Self { organizations: Rates::new(rate), principals: Rates::new(half) }
    }

    /// The principal's first: what it is refused must not count for its organization.
    fn check(&self, organization: &str, principal: &str) -> Result<(), Duration> {
        self.principals.check(&(organization.to_owned(), principal.to_owned()))?;
        self.organizations.check(&organization.to_owned())
    }
}

/// What the caller is told: that it has had its share, or that the host has no more.
fn refused(what: &'static str, retry_after: Duration) -> impl Fn(Refused) -> ApiError {
    move |refused| match refused {
        Refused::Key => ApiError::RateLimited {
            message: format!("There are too many {what} at once; try again in a moment."),
            retry_after,
        },
        Refused::All => ApiError::Busy(retry_after),
    }
}
