//! One hostile server: what it does, and what must become of a test that meets it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use test_support::hostile_postgres::{Conversation, Mischief, Moment, Session, Shown};

/// What the servers know, and nobody else may learn.
pub(crate) const PASSWORD: &str = "cAnArY8pW4hostile";

/// How long opening a session may take where nothing shall be waited for in vain.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The same where waiting is what the row is about.
pub(crate) const IMPATIENT: Duration = Duration::from_secs(2);

/// How much later than its time-out a test may end, and how long one may take that waits for nothing.
const MARGIN: Duration = Duration::from_secs(5);

/// How long the look at the privileges and the listing may take.
const STATEMENT_LIMITS: [(Moment, Duration); 2] =
    [(Moment::Privileges, Duration::from_secs(12)), (Moment::Listing, Duration::from_secs(17))];

/// What a server does with one client; `turn` counts the clients.
pub(crate) type Script = Arc<dyn Fn(&mut Session, usize) -> io::Result<()> + Send + Sync>;

/// Codes of which any may come.
pub(crate) type Codes = &'static [&'static str];

/// Who is behind the port.
#[derive(Clone)]
pub(crate) enum Server {
    Script(Script),
    /// Another Patchpanel.
    Ourselves,
}

pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) server: Server,
    /// How many things it does in turn.
    pub(crate) variants: usize,
    pub(crate) ssl_mode: &'static str,
    /// PEM.
    pub(crate) root: Option<String>,
    pub(crate) connect_timeout: Duration,
    pub(crate) outcome: Outcome,
    /// Within which every test must end.
    pub(crate) limit: Duration,
}

/// What must happen.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// The test fails at one of these stages with one of these codes.
    Fails(Vec<&'static str>, Vec<&'static str>),
    /// The connection works, with these warnings.
    Works(Vec<&'static str>),
}

/// The moments after TLS, in their order.
pub(crate) const MOMENTS: [Moment; 7] = [
    Moment::Greeting,
    Moment::Challenge,
    Moment::Verifier,
    Moment::Admission,
    Moment::Session,
    Moment::Privileges,
    Moment::Listing,
];

/// The stage that a moment belongs to.
pub(crate) fn stage(moment: Moment) -> &'static str {
    match moment {
        Moment::Tls => "tls",
        Moment::Greeting | Moment::Challenge | Moment::Verifier | Moment::Admission => "authenticate",
        Moment::Session => "session",
        Moment::Privileges => "privileges",
        Moment::Listing => "discover",
    }
}

impl Row {
    /// A server with this script, without TLS.
    pub(crate) fn new(name: impl Into<String>, script: Script, outcome: Outcome) -> Self {
        Self {
            name: name.into(),
            server: Server::Script(script),
            variants: 1,
            ssl_mode: "disable",
            root: None,
            connect_timeout: CONNECT_TIMEOUT,
            outcome,
            limit: MARGIN,
        }
    }

    /// One that is honest but for one moment; with several mischiefs it has a turn for each.
    pub(crate) fn at(moment: Moment, name: impl Into<String>, mischiefs: Vec<Mischief>, outcome: Outcome) -> Self {
        let deviate = |mischief| Conversation::new(PASSWORD).deviates(moment, mischief);
        Self::holding(name, mischiefs.into_iter().map(deviate).collect(), outcome)
    }

    /// One that holds these conversations in turn.
    pub(crate) fn holding(name: impl Into<String>, conversations: Vec<Conversation>, outcome: Outcome) -> Self {
        let variants = conversations.len();
        let script = move |session: &mut Session, turn: usize| conversations[turn % conversations.len()].hold(session);
        Self { variants, ..Self::new(name, Arc::new(script), outcome) }
    }

    /// One that shows this by TLS and is honest but for one moment.
    pub(crate) fn over_tls(
        name: impl Into<String>,
        shown: &Shown,
        deviation: Option<(Moment, Mischief)>,
        outcome: Outcome,
    ) -> Self {
        let conversation = Conversation::new(PASSWORD).shows(shown.clone());
        let conversation = match deviation {
            Some((moment, mischief)) => conversation.deviates(moment, mischief),
            None => conversation,
        };
        Self { ssl_mode: "require", ..Self::holding(name, vec![conversation], outcome) }
    }

    /// At every moment after TLS the same: what has it fail, at each with these codes, of which `|` separates several.
    pub(crate) fn at_each(name: &str, make: impl Fn(Moment) -> Vec<Mischief>, codes: [&'static str; 7]) -> Vec<Self> {
        let row = |(moment, codes): (Moment, &'static str)| {
            let outcome = Outcome::Fails(vec![stage(moment)], codes.split('|').collect());
            Self::at(moment, format!("{name}, at {moment:?}"), make(moment), outcome)
        };
        MOMENTS.into_iter().zip(codes).map(row).collect()
    }

    /// The same for one that lets others wait until they have enough of it.
    pub(crate) fn waits_in_vain(self, moment: Moment) -> Self {
        let limit = STATEMENT_LIMITS.iter().find(|(of, _)| *of == moment).map(|(_, limit)| *limit);
        match limit {
            Some(limit) => Self { limit: limit + MARGIN, ..self },
            None => self.connect_timeout(IMPATIENT),
        }
    }

    pub(crate) fn connect_timeout(self, timeout: Duration) -> Self {
        Self { connect_timeout: timeout, limit: timeout + MARGIN, ..self }
    }

    pub(crate) fn root(self, certificate: &str) -> Self {
        Self { ssl_mode: "verify-full", root: Some(certificate.to_owned()), ..self }
    }

    pub(crate) fn ssl_mode(self, ssl_mode: &'static str) -> Self {
        Self { ssl_mode, ..self }
    }
}

impl Outcome {
    /// At the stage of this moment, with one of these codes.
    pub(crate) fn fails(moment: Moment, codes: &[&'static str]) -> Self {
        Self::Fails(vec![stage(moment)], codes.to_vec())
    }
}
