//! PostgreSQL, spoken by the host itself: the login, so that the stages are told apart and nothing weak is answered, and
//! the statements, so that no server leads it into work without an end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use futures_util::future::BoxFuture;
use postgres_protocol::message::frontend;

use super::session::{self, Row, Sql};
use super::{Driver, Opener, schemes};
use crate::descriptor::Descriptor;
use crate::diagnosis::{Code, Fault, Halted, Privileges, Server, ServerText, Stage, Stages, code};
use crate::egress::guard::Limits;
use crate::egress::{Connection, Deadline, Wire};
use crate::fairness::Shares;
use crate::secrets::Credentials;

mod cancel;
mod fetch;
mod frames;
mod login;
mod messages;
mod names;
mod privileges;
mod scram;
mod sentences;
mod server_error;
mod statement;
mod tables;
mod target;
#[cfg(test)]
mod tests;
mod tls_request;

use cancel::Cancel;
use login::{Login, Proof};
use messages::Messages;
use scram::Hashing;
use statement::{Encoding, Failure, Sink, Statement};
use target::Target;

/// The driver `postgres`.
pub static DRIVER: Driver = Driver {
    name: "postgres",
    parameters: target::PARAMETERS,
    schemes: &[&schemes::PASSWORD],
    languages: &["sql"],
    mismatch: &code::NOT_POSTGRES,
    check: |descriptor, credentials| Target::read(descriptor, credentials).map(drop),
    start: |settings| Arc::new(Postgres { settings: settings.postgres, hashing: scram::turns() }),
};

/// What the operator decides about PostgreSQL servers.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The least rounds of hashing the password by SCRAM that a server may ask for.
    pub scram_min_iterations: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { scram_min_iterations: scram::MIN_ITERATIONS }
    }
}

/// How long saying good-bye may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long one message may take before its rate counts.
const GRACE: Duration = Duration::from_secs(5);

/// A session, after login. Dropped while a statement runs, it has the server stop that.
#[derive(Debug)]
struct Session {
    /// Taken when this is dropped, by the request to cancel.
    messages: Option<Messages>,
    cancel: Option<Cancel>,
    texts: ServerText,
    server: Server,
    schema: String,
    tables: Vec<String>,
}

/// How much of everything a statement may take.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    limits: Limits,
    time: Duration,
    /// What it means when the time is over.
    late: &'static Code,
}

/// What logs in, with what all logins share.
#[derive(Debug)]
struct Postgres {
    settings: Settings,
    /// Turns at hashing passwords, between those whom sessions count for.
    hashing: Shares<String>,
}

impl Opener for Postgres {
    fn read<'a>(
        &'a self,
        descriptor: &'a Descriptor,
        credentials: &'a Credentials,
    ) -> Result<Box<dyn super::Login + 'a>, Fault> {
        let target = Target::read(descriptor, credentials)?;
        // The startup message says them to everybody.
        let texts = ServerText::hiding(credentials, &[&target.user, &target.database]);
        Ok(Box::new(Opening { postgres: self, target, texts }))
    }
}

/// A session to be.
struct Opening<'a> {
    postgres: &'a Postgres,
    target: Target,
    texts: ServerText,
}

impl super::Login for Opening<'_> {
    fn time_limit(&self) -> Duration {
        self.target.connect_timeout
    }

    fn log_in<'a>(
        &'a self,
        wire: Wire,
        deadline: Deadline,
        stages: &'a mut Stages,
    ) -> BoxFuture<'a, Result<Box<dyn session::Session>, Halted>> {
        Box::pin(async move { Ok(Box::new(self.log_in(wire, deadline, stages).await?) as Box<dyn session::Session>) })
    }
}

impl Opening<'_> {
    async fn log_in(&self, mut wire: Wire, deadline: Deadline, stages: &mut Stages) -> Result<Session, Halted> {
        let Self { postgres, target, texts } = self;
        let (first_word, certificate) = (wire.first_word(), wire.has_client_certificate());
        if wire.wants_tls() {
            let asked = first_word.bound(&code::TLS_TIMEOUT, tls_request::send(&mut wire));
            stages.run(Stage::Tls, asked).await?;
        }
        let Connection { stream, route, tls } = wire.secure(stages).await?;
        let mut login = Login::new(stream, tls.as_ref(), certificate, target, texts);
        // Without TLS its first word is about the login.
        let until = if tls.is_some() { deadline } else { first_word };
        let authenticated = login.authenticate(Hashing {
            min_iterations: postgres.settings.scram_min_iterations,
            turns: &postgres.hashing,
            payer: route.payer(),
            deadline: until,
        });
        let proof = stages.run(Stage::Authenticate, until.bound(&code::AUTHENTICATE_TIMEOUT, authenticated)).await?;
        let started = Instant::now();
        let opened = deadline.bound(&code::SESSION_TIMEOUT, login.open_session()).await;
        let opened = stages.record(login::stage_of(&opened), started.elapsed(), opened)?;
        if proof == Proof::None {
            stages.warn(Stage::Authenticate, vec![Fault::new(&code::PASSWORD_NOT_ASKED)]);
        }
        let server = Server {
            version: opened.version,
            tls_version: tls.as_ref().map(|tls| tls.version.clone()),
            tls_cipher: tls.map(|tls| tls.cipher),
            address: route.address().to_string(),
            authentication: proof.name().to_owned(),
        };
        Ok(Session {
            messages: Some(opened.messages),
            cancel: opened.key.map(|key| Cancel { route, key }),
            texts: texts.clone(),
            server,
            schema: target.schema.clone(),
            tables: target.tables.clone(),
        })
    }
}

impl session::Session for Session {
    fn server(&self) -> &Server {
        &self.server
    }

    fn privileges<'a>(&'a mut self, stages: &'a mut Stages) -> Option<BoxFuture<'a, Result<Privileges, Halted>>> {
        Some(Box::pin(self.privileges(stages)))
    }

    fn sql(&mut self) -> Option<&mut dyn Sql> {
        Some(self)
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if let Some(messages) = self.messages.as_mut().filter(|messages| !messages.outstanding()) {
                let mut farewell = BytesMut::new();
                frontend::terminate(&mut farewell);
                // A server that has gone already need not be told.
                let _ = tokio::time::timeout(CLOSE_TIMEOUT, messages.close(&farewell)).await;
            }
        })
    }
}

impl Sql for Session {
    fn fetch<'a>(
        &'a mut self,
        statement: &'a crate::statement::Statement,
        columns: &'a [&'a str],
        max_rows: usize,
    ) -> BoxFuture<'a, Result<Vec<Row>, Fault>> {
        Box::pin(self.fetch(statement, columns, max_rows))
    }

    fn unlisted<'a>(&'a mut self, listing: &'a [Row]) -> BoxFuture<'a, Result<Vec<Fault>, Fault>> {
        Box::pin(self.unlisted(listing))
    }

    fn schema(&self) -> &str {
        &self.schema
    }

    fn raw_schema(&mut self) -> BoxFuture<'_, Result<String, Fault>> {
        Box::pin(self.raw_schema())
    }

    fn show(&self, name: &str) -> String {
        self.texts.clean(name.as_bytes())
    }
}

impl Session {
    /// Runs a statement within its bounds, hands its rows to the sink and gives that back. What the server has and cannot
    /// convert to UTF-8 is asked for once more as it is.
    async fn run<S: Sink + Clone>(&mut self, statement: Statement<'_>, sink: S, bounds: Bounds) -> Result<S, Failure> {
        let Some(messages) = &mut self.messages else { return Err(Fault::new(&code::CONNECTION_LOST).into()) };
        let mut attempt = async |encoding| {
            let mut sink = sink.clone();
            messages.renew(bounds.limits);
            statement::run(messages, statement, encoding, &mut sink).await.map(|()| sink)
        };
        let work = async {
            Ok(match attempt(Encoding::Utf8).await {
                Err(Failure::Refused(error)) if error.is_of_encoding() => attempt(Encoding::Raw).await,
                done => done,
            })
        };
        Deadline::after(bounds.time).bound(bounds.late, work).await?
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let messages = self.messages.take().filter(Messages::outstanding);
        if let (Some(messages), Some(cancel)) = (messages, self.cancel.take()) {
            cancel.spawn(messages);
        }
    }
}
