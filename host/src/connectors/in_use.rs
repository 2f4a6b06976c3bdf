//! A connector version as a server calls it: on guest threads, so that nothing of the connector's holds up a serving thread,
//! and counted for as long as somebody uses it, so that it is not unloaded meanwhile.

mod dispatch;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::change::compare::{self, Comparison, Stored};
use super::change::probation::Probation;
use super::contract::{Advice, Answer, AuthMethod, Manifest, Page};
use super::guest::breaker::Breaker;
use super::version::Version;
use super::{Accepted, Call, CallError, Target, judge};
use crate::diagnosis;
use crate::finding::Finding;
use crate::statement::Statement;

/// Comparisons one after the other, behind all other calls, before another connector's are.
const TURN: Duration = Duration::from_millis(10);

/// A loaded version, and what is known of it in this process.
#[derive(Debug)]
pub(super) struct Loaded {
    version: Arc<Version>,
    breaker: Arc<Breaker>,
    /// While it is new.
    probation: Mutex<Option<Arc<Probation>>>,
    /// How many [`VersionInUse`] of it there are.
    uses: AtomicUsize,
}

impl Loaded {
    /// Whether there is any [`VersionInUse`] of it. The answer holds for as long as none can begin: see
    /// [`VersionInUse::begin`].
    pub(super) fn is_in_use(&self) -> bool {
        self.uses.load(Ordering::SeqCst) > 0
    }
}

/// One version of a connector, for one use of it, such as a request: as long as this or a clone of it is there, the version
/// stays loaded and does not count as drained. It stays what it is to its end, whatever is published meanwhile.
///
/// Who keeps something of a version for longer than one use, such as a pool of sessions, keeps its digest and asks
/// [`Connectors::find_version`](super::Connectors::find_version) anew for each use: none then means that the version has been
/// unloaded.
#[derive(Debug)]
pub struct VersionInUse(Arc<Loaded>);

impl Clone for VersionInUse {
    fn clone(&self) -> Self {
        Self::begin(&self.0)
    }
}

impl Drop for VersionInUse {
    fn drop(&mut self) {
        self.0.uses.fetch_sub(1, Ordering::SeqCst);
    }
}

impl VersionInUse {
    /// The first use of a version that has just been admitted.
    pub(super) fn first(version: Version, breaker: Arc<Breaker>) -> Self {
        let (version, probation, uses) = (Arc::new(version), Mutex::default(), AtomicUsize::new(0));
        Self::begin(&Arc::new(Loaded { version, breaker, probation, uses }))
    }

    /// Begins a use. Of a version that can be unloaded, only under the lock that unloading takes alone, or beside another use.
    pub(super) fn begin(loaded: &Arc<Loaded>) -> Self {
        loaded.uses.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(loaded))
    }

    /// What is used, to be kept without a use.
    pub(super) fn handle(&self) -> Arc<Loaded> {
        Arc::clone(&self.0)
    }

    /// The version, to be called on the calling thread.
    pub fn version(&self) -> &Version {
        &self.0.version
    }

    /// The version, to be called on the calling thread, without a use of it.
    pub(super) fn version_handle(&self) -> Arc<Version> {
        Arc::clone(&self.0.version)
    }

    /// Begins or ends to watch it.
    pub(super) fn watch(&self, probation: Option<Probation>) {
        *self.0.probation.lock().unwrap_or_else(PoisonError::into_inner) = probation.map(Arc::new);
    }

    /// Name and version, such as `postgres 1.0.0`.
    pub fn label(&self) -> &str {
        &self.version().label
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        self.version().manifest()
    }

    /// `sha256:` and 64 hex digits of the component's bytes.
    pub fn digest(&self) -> &str {
        self.version().digest()
    }

    /// The version of the contract that it was built for.
    pub fn contract(&self) -> &str {
        &self.version().surface().contract
    }

    /// The optional interfaces it has: `catalog`, `diagnosis`, `migration`.
    pub fn capabilities(&self) -> Vec<&'static str> {
        self.version().capabilities()
    }

    /// The authentication method that a configuration chooses; a finding if it is not one of the manifest's.
    pub fn auth_method(&self, config: &Value) -> Result<&AuthMethod, Finding> {
        self.version().auth_method(config)
    }

    /// Has a configuration validated on a guest thread: every finding, and the accepted configuration when none is an error. One
    /// that is too long for the limits of the call is refused by a finding. Pointers start at the configuration.
    pub async fn validate(
        &self,
        call: Call<'_>,
        config: &Arc<Value>,
        credentials_set: &[String],
    ) -> Result<(Vec<Finding>, Option<Accepted>), CallError> {
        let (config, credentials_set) = (Arc::clone(config), credentials_set.to_vec());
        let validate = move |version: &Version| {
            let answer = version.validate(call.purpose, &config, &credentials_set);
            answer.or_else(|error| Ok((vec![judge::too_long(&config, error, version.limits())?], None)))
        };
        self.on_guest_thread(call, "validate", validate).await
    }

    /// Has an accepted configuration described on a guest thread, and the descriptor judged. A configuration that is too long
    /// for the limits of the call is refused by a finding.
    pub async fn describe(&self, call: Call<'_>, accepted: &Accepted) -> Result<Answer<Target>, CallError> {
        let describe = move |version: &Version, accepted: &Accepted| {
            let answer = version.describe(call.purpose, accepted);
            answer.or_else(|error| {
                Ok(Answer::Refused(vec![judge::too_long(&accepted.normalised, error, version.limits())?]))
            })
        };
        self.on_stored(call, "describe", accepted, describe, Answer::is_refused).await
    }

    /// Has one page of the catalog planned on a guest thread; none without the interface `catalog`.
    pub async fn plan(
        &self,
        call: Call<'_>,
        accepted: &Accepted,
        page: &Page,
    ) -> Result<Option<Answer<Statement>>, CallError> {
        let page = page.clone();
        let plan = move |version: &Version, accepted: &Accepted| version.plan(call.purpose, accepted, &page);
        self.on_stored(call, "plan", accepted, plan, |plan| plan.as_ref().is_some_and(Answer::is_refused)).await
    }

    /// Asks on a guest thread for better words for a fault; none without the interface `diagnosis`, or if there are none.
    pub async fn diagnose(
        &self,
        call: Call<'_>,
        accepted: &Accepted,
        stage: diagnosis::Stage,
        fault: &diagnosis::Fault,
    ) -> Result<Option<Advice>, CallError> {
        let fault = fault.clone();
        let diagnose =
            move |version: &Version, accepted: &Accepted| version.diagnose(call.purpose, accepted, stage, &fault);
        self.on_stored(call, "diagnose", accepted, diagnose, |_| false).await
    }

    /// Has a stored connection looked at by this version and by the one that serves it, in the turn of an organization.
    pub async fn compare(&self, organization: &str, stored: Stored) -> Result<Comparison, CallError> {
        let candidate = self.clone();
        self.in_turn(&self.version().runtime.threads, organization, move || {
            compare::compare(candidate.version(), &stored)
        })
        .await
    }

    /// Has stored connections looked at by this version and by those that serve them, behind all other calls, since no request
    /// waits for it: for the first of these, one at least and as many as
    /// the turn is long enough for.
    pub async fn compare_behind(&self, stored: Vec<Stored>) -> Result<Vec<Comparison>, CallError> {
        let candidate = self.clone();
        let compare = move || {
            let (start, mut compared) = (Instant::now(), Vec::new());
            for stored in &stored {
                compared.push(compare::compare(candidate.version(), stored));
                if start.elapsed() >= TURN {
                    break;
                }
            }
            compared
        };
        self.in_turn(&self.version().runtime.threads_behind, "", compare).await
    }
}
