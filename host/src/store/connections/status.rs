//! The statuses of a connection, and which may follow which.

use crate::store::Error;

/// A connection's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Registered or changed, and not tested since.
    Pending,
    /// The last test was good.
    Active,
    /// The last test was bad.
    Error,
    /// Not to be used until an operator enables it.
    Disabled,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Active, Self::Error, Self::Disabled];

    /// Its name, stored and for the caller.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Active => "ACTIVE",
            Self::Error => "ERROR",
            Self::Disabled => "DISABLED",
        }
    }

    /// The status with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether a connection with this status may come to have that one. Staying is no change.
    pub fn may_become(self, next: Self) -> bool {
        let possible: &[Self] = match self {
            // Tested; disabled.
            Self::Pending => &[Self::Active, Self::Error, Self::Disabled],
            // Changed; tested again; disabled.
            Self::Active => &[Self::Pending, Self::Error, Self::Disabled],
            Self::Error => &[Self::Pending, Self::Active, Self::Disabled],
            // Enabled: what is disabled is not tested, and stays disabled when it is changed.
            Self::Disabled => &[Self::Pending],
        };
        self == next || possible.contains(&next)
    }

    /// The status in a column.
    pub(super) fn stored(name: &str) -> Result<Self, Error> {
        Self::from_name(name).ok_or(Error::Damaged("status of a connection"))
    }

    /// Refuses to write a status that cannot follow this one.
    pub(super) fn check_next(self, next: Self) -> Result<(), Error> {
        let (now, next_name) = (self.name(), next.name());
        if self.may_become(next) { Ok(()) } else { Err(Error::Transition { what: "connection", now, next: next_name }) }
    }

    /// Those that may become this one.
    pub(super) fn that_may_become(next: Self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |status| status.may_become(next))
    }
}
