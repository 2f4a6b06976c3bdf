//! How a call comes to a guest thread and back: past the breaker, in turn, counted, and made once more by the version before
//! where that tells whether a new version is worse.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::VersionInUse;
use crate::connectors::contract::{Manifest, Purpose};
use crate::connectors::guest::{Key, Threads, Unfinished};
use crate::connectors::version::Version;
use crate::connectors::{Accepted, Call, CallError};
use crate::metric;

impl VersionInUse {
    /// Runs something of the connector's in its turn, away from the threads that serve. `function` names it in metrics.
    pub(crate) async fn on_guest_thread<T: Send + 'static>(
        &self,
        call: Call<'_>,
        function: &'static str,
        work: impl Fn(&Version) -> Result<T, CallError> + Send + Sync + 'static,
    ) -> Result<T, CallError> {
        let work = Arc::new(work);
        let again = Arc::clone(&work);
        self.dispatch(call, function, move |version| work(version), |_| false, move |before| again(before).is_ok())
            .await
    }

    /// Runs a call about a configuration that this version has accepted or taken over, in its turn. Another version would have had to
    /// accept it first, from what the tenant sent.
    pub(super) async fn on_stored<T: Send + 'static>(
        &self,
        call: Call<'_>,
        function: &'static str,
        accepted: &Accepted,
        work: impl Fn(&Version, &Accepted) -> Result<T, CallError> + Send + Sync + 'static,
        refuses: fn(&T) -> bool,
    ) -> Result<T, CallError> {
        let (work, accepted) = (Arc::new(work), Arc::new(accepted.clone()));
        let (again, same) = (Arc::clone(&work), Arc::clone(&accepted));
        let before_answers = move |before: &Version| {
            let anew = before.validate(call.purpose, &same.sent, &same.credentials_set);
            let Ok((_, Some(anew))) = anew else { return false };
            again(before, &anew).is_ok_and(|answer| !refuses(&answer))
        };
        self.dispatch(call, function, move |version| work(version, &accepted), refuses, before_answers).await
    }

    /// `refuses` says what is no failure of the connector's in itself, and is one of a new version where the one before
    /// does not do it, which `before_answers` finds out.
    async fn dispatch<T: Send + 'static>(
        &self,
        call: Call<'_>,
        function: &'static str,
        work: impl FnOnce(&Version) -> Result<T, CallError> + Send + 'static,
        refuses: fn(&T) -> bool,
        before_answers: impl FnOnce(&Version) -> bool + Send + 'static,
    ) -> Result<T, CallError> {
        let organization = call.organization.to_owned();
        if let Some(retry_after) = self.0.breaker.open_for(&organization, self.digest(), Instant::now()) {
            self.count(function, "suspended");
            return Err(CallError::Suspended { connector: self.label().to_owned(), retry_after });
        }
        let (connector, span, purpose) = (self.clone(), tracing::Span::current(), call.purpose);
        // In the span of the request, so that what is logged over there can be found from here.
        let job = move || {
            span.in_scope(|| {
                let answer = connector.run(&organization, function, work);
                let is_stored = purpose == Purpose::Use;
                let is_worse = answer.as_ref().map_or_else(CallError::is_of_connector, |it| is_stored && refuses(it));
                if is_worse {
                    connector.on_probation(&organization, is_stored, before_answers);
                }
                answer
            })
        };
        let answer = self.in_turn(&self.version().runtime.threads, call.organization, job).await;
        if matches!(answer, Err(CallError::Busy)) {
            self.count(function, "busy");
        }
        answer?
    }

    /// One call on this thread, counted whether or not somebody still waits for its answer.
    fn run<T>(
        &self,
        organization: &str,
        function: &'static str,
        work: impl FnOnce(&Version) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let start = Instant::now();
        let answer = work(self.version());
        let connection_type = self.manifest().connection_type.clone();
        metrics::histogram!(metric::DURATION, "connector" => connection_type, "function" => function)
            .record(start.elapsed());
        self.count(function, answer.as_ref().err().map_or("answered", CallError::outcome));
        let failed = answer.as_ref().is_err_and(CallError::is_of_connector);
        if failed && self.0.breaker.count(organization, self.digest(), Instant::now()) {
            tracing::error!(connector = &self.label(), organization, "a connector keeps failing and rests");
        }
        answer
    }

    /// Counts a failure against a new version, if the version before does not have it.
    fn on_probation(&self, organization: &str, is_stored: bool, before_answers: impl FnOnce(&Version) -> bool) {
        let probation = self.0.probation.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(probation) = probation.filter(|probation| probation.is_running(Instant::now()))
            && before_answers(&probation.before)
        {
            probation.count(self.digest(), organization, is_stored, Instant::now());
        }
    }

    /// Runs a job on one of these threads, in the turn of an organization.
    pub(super) async fn in_turn<T: Send + 'static>(
        &self,
        threads: &Threads,
        organization: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CallError> {
        let key = Key { organization: organization.to_owned(), connector: self.manifest().connection_type.clone() };
        match threads.run(key, work).await {
            Ok(result) => Ok(result),
            Err(Unfinished::Busy) => Err(CallError::Busy),
            Err(Unfinished::Panicked) => Err(CallError::Trap { connector: self.label().to_owned() }),
        }
    }

    fn count(&self, function: &'static str, outcome: &'static str) {
        let Manifest { connection_type, version, .. } = self.manifest();
        metrics::counter!(metric::CALLS,
            "connector" => connection_type.clone(), "version" => version.clone(), "digest" => self.digest().to_owned(),
            "function" => function, "outcome" => outcome)
        .increment(1);
    }
}
