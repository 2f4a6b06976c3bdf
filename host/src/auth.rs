//! Who calls, and what they may do: a token becomes a `Caller`, roles become permissions.

/// The tenant that a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// From the token.
    pub organization: String,
    /// From `X-Project-ID`; none is the whole organisation.
    pub project: Option<String>,
}

/// What a role allows; see the table in `role.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// See records.
    Read,
    /// Register and change connections.
    Create,
    /// Delete them.
    Delete,
    /// Test and query them.
    Use,
    /// Disable and enable them.
    Operate,
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// `user:<id>`.
    pub principal: String,
    /// The organisation.
    pub organization: String,
}

impl Caller {
    /// Whether the caller's roles allow this there.
    pub fn may(&self, permission: Permission, tenant: &Tenant) -> bool {
        let _ = (permission, tenant);
        todo!()
    }
}
