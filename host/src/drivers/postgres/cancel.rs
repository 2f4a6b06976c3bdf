//! Has the server stop a statement whose answer nobody waits for any more (PostgreSQL manual, "Canceling Requests in
//! Progress").

use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Handle;

use super::messages::Messages;
use super::tls_request;
use crate::diagnosis::{Fault, code};
use crate::egress::Route;

/// How long all of it may take. What has not been stopped then is stopped by its own time-out.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What it takes to stop the statement of one session.
#[derive(Debug, Clone)]
pub(super) struct Cancel {
    /// Where the session leads: a request that went anywhere else would give the key away.
    pub(super) route: Route,
    pub(super) key: SessionKey,
}

/// What a server knows a session by.
#[derive(Clone, Copy)]
pub(super) struct SessionKey {
    pub(super) process_id: i32,
    pub(super) secret_key: i32,
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SessionKey(…)")
    }
}

impl Cancel {
    /// Asks for it in the background, and then lets the session go: a pooler forgets the key together with the session.
    pub(super) fn spawn(self, session: Messages) {
        // Without a runtime the whole process is about to end.
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            match tokio::time::timeout(TIMEOUT, self.send()).await {
                Ok(Ok(())) => tracing::debug!("a statement was cancelled"),
                Ok(Err(fault)) => tracing::debug!(code = fault.code, "a statement could not be cancelled"),
                Err(_) => tracing::debug!("a statement could not be cancelled in time"),
            }
            drop(session);
        });
    }

    async fn send(&self) -> Result<(), Fault> {
        let lost = |_| Fault::new(&code::CONNECTION_LOST);
        let (mut wire, _share) = self.route.open(TIMEOUT).await?;
        if wire.wants_tls() {
            tls_request::send(&mut wire).await?;
        }
        let mut stream = wire.handshake().await?.stream;
        let mut message = BytesMut::new();
        frontend::cancel_request(self.key.process_id, self.key.secret_key, &mut message);
        stream.write_all(&message).await.map_err(lost)?;
        stream.flush().await.map_err(lost)?;
        // It hangs up when it has passed the request on. No server says anything before.
        stream.read(&mut [0]).await.map_err(lost).map(drop)
    }
}
