//! The access table.

use super::Permission;

/// A relation to an organization or a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything.
    Admin,
    /// Registers, changes and uses connections.
    Member,
    /// Registers, changes and uses connections.
    Developer,
    /// Uses, disables and enables connections.
    Operator,
    /// Sees connections.
    Viewer,
    /// Manages what belongs to no tenant, such as connectors, and nothing of a tenant's.
    PlatformAdmin,
}

impl Role {
    /// Every role, from most to least.
    pub const ALL: [Self; 7] =
        [Self::Owner, Self::Admin, Self::Member, Self::Developer, Self::Operator, Self::Viewer, Self::PlatformAdmin];

    /// The role's name in tokens.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Developer => "developer",
            Self::Operator => "operator",
            Self::Viewer => "viewer",
            Self::PlatformAdmin => "platform-admin",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether the role allows this where it holds.
    pub fn allows(self, permission: Permission) -> bool {
        use Permission::{Create, Delete, Operate, Read, Use};
        let allowed: &[Permission] = match self {
            Self::Owner | Self::Admin => &[Read, Create, Delete, Use, Operate],
            Self::Member | Self::Developer => &[Read, Create, Use],
            Self::Operator => &[Read, Use, Operate],
            Self::Viewer => &[Read],
            Self::PlatformAdmin => &[],
        };
        allowed.contains(&permission)
    }

    /// Whether the role, held in no project, allows this on the whole platform.
    pub fn allows_on_platform(self, permission: Permission) -> bool {
        self == Self::PlatformAdmin && permission == Permission::ManageConnectors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_the_access_table_holds() {
        //            owner admin member developer operator viewer platform-admin
        for (permission, row) in [
            (Permission::Read, "y y y y y y -"),
            (Permission::Create, "y y y y - - -"),
            (Permission::Delete, "y y - - - - -"),
            (Permission::Use, "y y y y y - -"),
            (Permission::Operate, "y y - - y - -"),
        ] {
            let cells: Vec<bool> = row.split(' ').map(|cell| cell == "y").collect();
            let actual: Vec<bool> = Role::ALL.iter().map(|role| role.allows(permission)).collect();
            assert_eq!(actual, cells, "{permission:?}");
            assert!(Role::ALL.iter().all(|role| !role.allows_on_platform(permission)), "{permission:?}");
        }
        for role in Role::ALL {
            assert!(!role.allows(Permission::ManageConnectors));
            assert_eq!(role.allows_on_platform(Permission::ManageConnectors), role == Role::PlatformAdmin);
        }
    }

    #[test]
    fn names_lead_back_to_their_role() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
        assert_eq!(Role::from_name("Owner"), None);
        assert_eq!(Role::from_name("root"), None);
    }
}
