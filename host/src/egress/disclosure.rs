//! How much is told of a target. Inside a private network the difference between a closed port, a silent one and one with
//! something else behind it is a map of that network, so that those who may register connections get none of it, unless
//! the operator has named the target.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Deadline, Judged};
use crate::diagnosis::{Code, Fault, Stage, Stages, code};

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disclosure {
    /// Everything.
    Full,
    /// Until a database has spoken: only that none did, and that at the same moment whatever the reason is.
    Uniform,
}

/// How long a private network may take to the first word of a database, and when it is said that there was none.
const PATIENCE: Duration = Duration::from_secs(3);

/// What any port can come to, whatever listens there or does not, before a server has shown that it is a database; beside
/// what a driver says of a server that speaks another protocol.
const ANY_PORT: &[&Code] = &[
    &code::CONNECTION_REFUSED,
    &code::CONNECT_TIMEOUT,
    &code::HOST_UNREACHABLE,
    &code::CONNECT_FAILED,
    &code::CONNECTION_LOST,
    &code::PROTOCOL_VIOLATION,
    &code::RESPONSE_TOO_LARGE,
    &code::RESPONSE_TOO_SLOW,
    &code::TLS_REQUEST_FAILED,
    &code::TLS_TIMEOUT,
    &code::TLS_HANDSHAKE_FAILED,
    &code::AUTHENTICATE_TIMEOUT,
];

impl Judged<'_> {
    /// Until when a server has to have shown that it is a database, for a session that has to be open by the deadline.
    pub fn first_word(&self, deadline: Deadline) -> Deadline {
        match self.disclosure {
            Disclosure::Full => deadline,
            Disclosure::Uniform => deadline.at_most(PATIENCE),
        }
    }

    /// The addresses to dial, each when the one before has failed. Where little is told it is one: whoever owns the name
    /// could add an address of their own and see there what has become of the one before.
    pub(super) fn dialled(&self) -> &[SocketAddr] {
        match self.disclosure {
            Disclosure::Full => &self.addresses,
            Disclosure::Uniform => self.addresses.get(..1).unwrap_or_default(),
        }
    }

    /// Makes one fault of all that would tell a closed port from an open one, and gives it when the time for a first word
    /// is over; `mismatch` is the driver's code for a server that speaks another protocol. The true one is logged.
    pub async fn conceal(&self, mismatch: &Code, first_word: Deadline, stages: &mut Stages) {
        let Some((stage, fault)) = stages.fault() else { return };
        let is_of_any_port = fault.code == mismatch.name || ANY_PORT.iter().any(|code| code.name == fault.code);
        if self.disclosure == Disclosure::Full || !is_of_any_port || !is_unproven(stage, stages) {
            return;
        }
        let (host, port) = (&self.endpoint.host, self.endpoint.port);
        tracing::info!(
            host,
            port,
            stage = stage.name(),
            code = fault.code,
            "no database answered at a private address"
        );
        tokio::time::sleep(first_word.left()).await;
        let message = format!("No database answered at {host} port {port}.");
        stages.conceal(Stage::Connect, Fault::new(&code::NO_DATABASE).message(message), first_word.limit());
    }
}

/// Whether a fault of this stage comes before a server has shown what it is. After TLS it was one that has a certificate
/// which we accept, or that was asked for none.
fn is_unproven(stage: Stage, stages: &Stages) -> bool {
    match stage {
        Stage::Connect | Stage::Tls => true,
        Stage::Authenticate => !stages.passed(Stage::Tls),
        _ => false,
    }
}
