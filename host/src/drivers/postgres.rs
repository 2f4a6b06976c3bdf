//! PostgreSQL. The host logs in itself, so that the stages are told apart and nothing weak is answered; then
//! tokio-postgres takes the session over.

use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::descriptor::{Descriptor, Endpoint};
use crate::diagnosis::{Code, Fault, Halted, Server, ServerText, Stage, Stages, code};
use crate::egress::guard::{Budget, Limits};
use crate::egress::{Deadline, Egress, TlsRequest};
use crate::secrets::Credentials;

mod fetch;
mod frames;
mod handover;
mod login;
mod privileges;
mod scram;
mod server_error;
mod target;
#[cfg(test)]
mod tests;

use login::Login;
use server_error::ServerError;
pub(super) use target::PARAMETERS;
use target::Target;

/// How long the server has to end a session that is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long one message may take before its rate counts.
const GRACE: Duration = Duration::from_secs(5);

/// A session, after login.
#[derive(Debug)]
pub struct Session {
    client: Client,
    connection: Connection,
    budget: Budget,
    texts: ServerText,
    server: Server,
    schema: String,
}

/// Whether the driver takes a descriptor.
pub(super) fn check(descriptor: &Descriptor, credentials: &Credentials) -> Result<(), Fault> {
    Target::read(descriptor, credentials).map(drop)
}

/// Opens a session on the first endpoint that can be reached.
pub(super) async fn open(
    egress: &Egress,
    descriptor: &Descriptor,
    credentials: &Credentials,
    stages: &mut Stages,
) -> Result<Session, Halted> {
    let target = match Target::read(descriptor, credentials) {
        Ok(target) => target,
        Err(fault) => return stages.settle(Stage::Config, Err(fault)),
    };
    let deadline = egress.deadline(target.connect_timeout);
    let texts = ServerText::hiding(credentials);
    let Some((last, others)) = target.endpoints.split_last() else {
        return stages.settle(Stage::Config, Err(target::unsupported("The connector names no endpoint.")));
    };
    for endpoint in others {
        match open_at(egress, endpoint, &target, credentials, &texts, deadline, stages).await {
            Err(Halted) if can_try_another(stages) => stages.try_again(),
            outcome => return outcome,
        }
    }
    open_at(egress, last, &target, credentials, &texts, deadline, stages).await
}

/// Only where the endpoint was not reached at all: a rejected password would be rejected again, and count twice.
fn can_try_another(stages: &Stages) -> bool {
    stages.fault().is_some_and(|(stage, _)| matches!(stage, Stage::Resolve | Stage::Connect))
}

async fn open_at(
    egress: &Egress,
    endpoint: &Endpoint,
    target: &Target,
    credentials: &Credentials,
    texts: &ServerText,
    deadline: Deadline,
    stages: &mut Stages,
) -> Result<Session, Halted> {
    let connection = egress.connect(endpoint, TlsRequest::Postgres, credentials, deadline, stages).await?;
    let address = connection.address;
    let tls = connection.tls;
    let mut login = Login::new(connection.stream, tls.as_ref(), endpoint.tls.identity.is_some(), target, texts);
    let proof =
        stages.run(Stage::Authenticate, deadline.bound(&code::AUTHENTICATE_TIMEOUT, login.authenticate())).await?;
    let started = Instant::now();
    let opened = deadline.bound(&code::SESSION_TIMEOUT, login.open_session()).await;
    // The server looks the user up after it has said that all is well.
    let stage = match &opened {
        Err(fault) if fault.code == code::UNKNOWN_USER.name || fault.code == code::LOGIN_NOT_PERMITTED.name => {
            Stage::Authenticate
        }
        _ => Stage::Session,
    };
    let opened = stages.record(stage, started.elapsed(), opened)?;
    if proof == login::Proof::None {
        stages.warn(Stage::Authenticate, vec![Fault::new(&code::PASSWORD_NOT_ASKED)]);
    }
    let budget = opened.stream.budget();
    let handed_over = handover::take(opened.stream, &target.user, opened.key, opened.rest);
    let (client, connection) = stages.run(Stage::Session, deadline.bound(&code::SESSION_TIMEOUT, handed_over)).await?;
    let server = Server {
        version: opened.version,
        tls_version: tls.as_ref().map(|tls| tls.version.clone()),
        tls_cipher: tls.map(|tls| tls.cipher),
        address: address.to_string(),
        authentication: proof.name().to_owned(),
    };
    let connection = Connection::start(connection);
    Ok(Session { client, connection, budget, texts: texts.clone(), server, schema: target.schema.clone() })
}

impl Session {
    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) async fn close(self) {
        let Self { client, mut connection, .. } = self;
        // tokio-postgres says good-bye when its client is gone.
        drop(client);
        connection.finish(CLOSE_TIMEOUT).await;
    }

    /// Runs one operation on the session within its own limits of time and size.
    async fn bounded<T>(
        &self,
        limits: Limits,
        time: Duration,
        late: &Code,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        self.budget.renew(limits);
        Deadline::after(time).bound(late, work).await
    }

    /// What an error of tokio-postgres means: the guard's violation, the server's own error, or a lost connection.
    async fn fault(&mut self, error: tokio_postgres::Error, of_server: impl FnOnce(&ServerError) -> Fault) -> Fault {
        // The client only knows that the connection is gone; the connection knows why.
        let error =
            if error.is_closed() { self.connection.finish(CLOSE_TIMEOUT).await.unwrap_or(error) } else { error };
        if let Some(violation) = self.budget.violation() {
            return violation.fault();
        }
        if let Some(error) = error.as_db_error() {
            return of_server(&ServerError::from(error));
        }
        match error.source().and_then(<dyn Error>::downcast_ref::<io::Error>) {
            // tokio-postgres gives messages that it cannot read the kinds of input.
            Some(cause) if !matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
                Fault::new(&code::CONNECTION_LOST)
            }
            None if error.is_closed() => Fault::new(&code::CONNECTION_LOST),
            _ => Fault::new(&code::PROTOCOL_VIOLATION),
        }
    }
}

/// The task that drives the connection; it ends with the session.
#[derive(Debug)]
struct Connection(Option<JoinHandle<Result<(), tokio_postgres::Error>>>);

impl Connection {
    fn start(connection: impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static) -> Self {
        Self(Some(tokio::spawn(connection)))
    }

    /// Waits for the end, at most so long; answers why, if it is not because the client is gone.
    async fn finish(&mut self, time: Duration) -> Option<tokio_postgres::Error> {
        let mut task = self.0.take()?;
        match tokio::time::timeout(time, &mut task).await {
            Ok(Ok(Err(error))) => Some(error),
            Ok(Ok(Ok(())) | Err(_)) => None,
            Err(_) => {
                task.abort();
                None
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
