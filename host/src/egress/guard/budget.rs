//! What a server may send: limits, what has been spent of them, and what it means when they are broken.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Frame, Kind};
use crate::diagnosis::{Fault, code};

/// What a server may send until the budget is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message.
    pub message_bytes: usize,
    /// Messages, dropped ones included.
    pub messages: usize,
    /// Bytes altogether.
    pub bytes: usize,
    /// How long a message may take from its first byte, beside a second for each 4 KiB of it.
    pub grace: Duration,
    /// Whether the driver gets settings. Where not, they are dropped like notices.
    pub settings: bool,
}

/// How a server broke the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Not a message of the protocol.
    #[error("the server sent something that is not a message of the protocol")]
    Malformed,
    /// A message over the limit.
    #[error("the server sent a message of {0} bytes")]
    MessageTooLarge(usize),
    /// More messages than the limit.
    #[error("the server sent more than {0} messages")]
    TooManyMessages(usize),
    /// More bytes than the limit.
    #[error("the server sent more than {0} bytes")]
    TooManyBytes(usize),
    /// A message that was begun did not end in time.
    #[error("the server sent a message too slowly")]
    TooSlow,
}

impl Violation {
    /// The violation behind an error of a guarded stream.
    pub fn from_io(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Self>().copied()
    }

    /// What it means for a connection.
    pub fn fault(self) -> Fault {
        match self {
            Self::Malformed => Fault::new(&code::PROTOCOL_VIOLATION),
            Self::MessageTooLarge(bytes) => too_large(&format!("a message of {bytes} bytes")),
            Self::TooManyMessages(limit) => too_large(&format!("more than {limit} messages")),
            Self::TooManyBytes(limit) => too_large(&format!("more than {limit} bytes")),
            Self::TooSlow => Fault::new(&code::RESPONSE_TOO_SLOW),
        }
    }
}

fn too_large(what: &str) -> Fault {
    Fault::new(&code::RESPONSE_TOO_LARGE).message(format!("The server sent {what}, which is not accepted."))
}

/// What a server has sent, and may still send. Shared by the guard and whoever renews it.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Mutex<Spent>>);

#[derive(Debug)]
struct Spent {
    limits: Limits,
    messages: usize,
    bytes: usize,
    violation: Option<Violation>,
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        Self(Arc::new(Mutex::new(Spent { limits, messages: 0, bytes: 0, violation: None })))
    }

    /// Starts anew, with other limits. A violation stays: the stream behind it is of no more use.
    pub fn renew(&self, limits: Limits) {
        let mut spent = self.lock();
        *spent = Spent { limits, messages: 0, bytes: 0, violation: spent.violation };
    }

    /// What ended the stream.
    pub fn violation(&self) -> Option<Violation> {
        self.lock().violation
    }

    /// Notes the violation, as the error that ends the stream.
    pub(super) fn violated(&self, violation: Violation) -> io::Error {
        self.lock().violation = Some(violation);
        io::Error::other(violation)
    }

    /// Counts a message that begins; says whether the driver gets it.
    pub(super) fn admit(&self, frame: Frame) -> Result<bool, Violation> {
        let mut spent = self.lock();
        spent.messages += 1;
        if frame.length > spent.limits.message_bytes {
            return Err(Violation::MessageTooLarge(frame.length));
        }
        if spent.messages > spent.limits.messages {
            return Err(Violation::TooManyMessages(spent.limits.messages));
        }
        Ok(match frame.kind {
            Kind::Answer => true,
            Kind::Setting => spent.limits.settings,
            Kind::Notice => false,
        })
    }

    /// Counts bytes that came.
    pub(super) fn count(&self, bytes: usize) -> Result<(), Violation> {
        let mut spent = self.lock();
        spent.bytes = spent.bytes.saturating_add(bytes);
        if spent.bytes > spent.limits.bytes { Err(Violation::TooManyBytes(spent.limits.bytes)) } else { Ok(()) }
    }

    /// How long a message may take before its rate counts.
    pub(super) fn grace(&self) -> Duration {
        self.lock().limits.grace
    }

    fn lock(&self) -> MutexGuard<'_, Spent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
