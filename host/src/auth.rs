//! Who calls, and what they may do: a token becomes a [`Caller`], roles become permissions.

pub mod development;
pub mod role;
pub mod token;

pub use role::Role;

/// The tenant that a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The organization that the token is for.
    pub organization: String,
    /// The project that `X-Project-ID` names; none is the whole organization.
    pub project: Option<String>,
}

/// What a role allows; the table is in [`role`].
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
    /// Load connectors, activate them and roll them back: for the whole platform.
    ManageConnectors,
}

impl Permission {
    /// The permission's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Use => "use",
            Self::Operate => "operate",
            Self::ManageConnectors => "manage_connectors",
        }
    }
}

/// A role and where it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The project; none is the whole organization and every project in it.
    pub project: Option<String>,
    /// The role that the token gives.
    pub role: Role,
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who calls, as records show it: `user:<id>`.
    pub principal: String,
    /// The organization that the token is for.
    pub organization: String,
    /// The roles, each where it holds.
    pub grants: Vec<Grant>,
}

impl Caller {
    /// Whether the caller's roles allow this there. A role of the organization holds in every project; a role of a
    /// project holds in that project only.
    pub fn may(&self, permission: Permission, tenant: &Tenant) -> bool {
        self.organization == tenant.organization
            && self.grants.iter().any(|grant| {
                (grant.project.is_none() || grant.project == tenant.project) && grant.role.allows(permission)
            })
    }

    /// Whether the caller's roles allow this on the whole platform.
    pub fn may_on_platform(&self, permission: Permission) -> bool {
        self.grants.iter().any(|grant| grant.project.is_none() && grant.role.allows_on_platform(permission))
    }
}

/// Why a name of an organization or project is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name is empty or too long.
    #[error("it must have 1 to 255 characters")]
    Length,
    /// The name has a character that may not be there.
    #[error("it must not contain `/`, `%`, white space around it or control characters")]
    Character,
    /// An organization with a colon would make `data:<org>:<project>:<slug>` ambiguous.
    #[error("it must not contain `:`")]
    Colon,
}

/// Checks the name of a project: an opaque text (a UUID, a slug, `proj:slug`) that is a part of resource URIs.
pub fn check_project(name: &str) -> Result<(), NameError> {
    if name.is_empty() || name.chars().count() > 255 {
        return Err(NameError::Length);
    }
    if name.chars().any(|c| matches!(c, '/' | '%') || c.is_control()) || name.trim() != name {
        return Err(NameError::Character);
    }
    Ok(())
}

/// Checks the name of an organization: as for a project, and without a colon.
pub fn check_organization(name: &str) -> Result<(), NameError> {
    check_project(name)?;
    if name.contains(':') { Err(NameError::Colon) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(project: Option<&str>, role: Role) -> Caller {
        Caller {
            principal: "user:alice".to_owned(),
            organization: "acme".to_owned(),
            grants: vec![Grant { project: project.map(str::to_owned), role }],
        }
    }

    fn tenant(organization: &str, project: Option<&str>) -> Tenant {
        Tenant { organization: organization.to_owned(), project: project.map(str::to_owned) }
    }

    #[test]
    fn roles_of_the_organization_flow_down_and_nowhere_else() {
        for (granted, organization, project, allowed) in [
            (None, "acme", None, true),
            (None, "acme", Some("sales"), true),
            (None, "other", None, false),
            (None, "other", Some("sales"), false),
            (Some("sales"), "acme", Some("sales"), true),
            (Some("sales"), "acme", Some("Sales"), false),
            (Some("sales"), "acme", Some("hr"), false),
            (Some("sales"), "acme", None, false),
            (Some("sales"), "other", Some("sales"), false),
        ] {
            assert_eq!(
                caller(granted, Role::Viewer).may(Permission::Read, &tenant(organization, project)),
                allowed,
                "role in {granted:?}, asked in {organization}/{project:?}"
            );
        }
    }

    #[test]
    fn names_are_opaque_but_bounded() {
        let long = "x".repeat(256);
        for (name, verdict) in [
            ("sales", Ok(())),
            ("proj:sales", Ok(())),
            ("2f1d6d2e-7a58-4a5e-9d0e-0d9f3c1f5a11", Ok(())),
            ("Vertrieb Süd", Ok(())),
            ("", Err(NameError::Length)),
            (&long, Err(NameError::Length)),
            ("a/b", Err(NameError::Character)),
            ("a%3Ab", Err(NameError::Character)),
            ("a\nb", Err(NameError::Character)),
            ("a\u{0}", Err(NameError::Character)),
            ("a\u{85}", Err(NameError::Character)),
            (" a", Err(NameError::Character)),
        ] {
            assert_eq!(check_project(name), verdict, "{name:?}");
        }
        assert_eq!(check_organization("acme"), Ok(()));
        assert_eq!(check_organization("ac:me"), Err(NameError::Colon));
    }
}
