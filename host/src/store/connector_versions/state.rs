//! The states of a connector version, and which may follow which.

use crate::store::Error;

/// What the row of a connector version says of it. What can be seen beside that, such as that one still drains, is not
/// stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its bytes are there, and it is being admitted.
    Pending,
    /// It is admitted, and has been tried against the stored connections.
    Shadow,
    /// It serves what is new, and all connections that it has taken over.
    Active,
    /// It is active no more.
    Retired,
    /// It is not admitted.
    Refused,
    /// It was active and was put back.
    RolledBack,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Shadow, Self::Active, Self::Retired, Self::Refused, Self::RolledBack];

    /// Its name, stored and for the caller.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Shadow => "SHADOW",
            Self::Active => "ACTIVE",
            Self::Retired => "RETIRED",
            Self::Refused => "REFUSED",
            Self::RolledBack => "ROLLED_BACK",
        }
    }

    /// Whether a version with this state may come to have that one. Staying is no change.
    pub fn may_become(self, next: Self) -> bool {
        let possible: &[Self] = match self {
            // Tried; activated by its file in the directory; not admitted.
            Self::Pending => &[Self::Shadow, Self::Active, Self::Refused],
            // Another one was activated, or its file is gone; it was rolled back.
            Self::Active => &[Self::Retired, Self::RolledBack],
            // Activated, for the first time or again; or the version after it was rolled back.
            Self::Shadow | Self::Retired | Self::RolledBack => &[Self::Active],
            // When it comes again, a new row takes the place of its own.
            Self::Refused => &[],
        };
        self == next || possible.contains(&next)
    }

    /// Refuses to write a state that cannot follow this one.
    pub(super) fn check_next(self, next: Self) -> Result<(), Error> {
        let (now, next_name) = (self.name(), next.name());
        let refused = || Error::Transition { what: "connector version", now, next: next_name };
        if self.may_become(next) { Ok(()) } else { Err(refused()) }
    }

    /// The state in a column.
    pub(super) fn stored(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|state| state.name() == name).ok_or(Error::Damaged("state of a connector version"))
    }
}
