//! Permissions and the three roles. The matrix is generated into `assets/permissions.md`.

use serde::{Deserialize, Serialize};

/// What a caller may be allowed to do. One per family of operations and strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// See sites and their configuration.
    SitesRead,
    /// Create and change sites.
    SitesChange,
    /// Delete sites.
    SitesDelete,
    /// See jobs and plans.
    JobsRead,
    /// Cancel jobs.
    JobsChange,
    /// See the machine, its components and health.
    SystemRead,
    /// Install components, change settings.
    SystemChange,
    /// Read the logs of the panel, of nginx and of services.
    LogsRead,
    /// Manage users, their sessions and everybody's tokens.
    AccountsManage,
    /// Make and revoke one's own API tokens.
    TokensOwn,
    /// Read and export the audit trail.
    AuditRead,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Permission; 11] = [
        Permission::SitesRead,
        Permission::SitesChange,
        Permission::SitesDelete,
        Permission::JobsRead,
        Permission::JobsChange,
        Permission::SystemRead,
        Permission::SystemChange,
        Permission::LogsRead,
        Permission::AccountsManage,
        Permission::TokensOwn,
        Permission::AuditRead,
    ];

    /// Its name in scopes, documents and the API.
    pub fn name(self) -> &'static str {
        match self {
            Permission::SitesRead => "sites-read",
            Permission::SitesChange => "sites-change",
            Permission::SitesDelete => "sites-delete",
            Permission::JobsRead => "jobs-read",
            Permission::JobsChange => "jobs-change",
            Permission::SystemRead => "system-read",
            Permission::SystemChange => "system-change",
            Permission::LogsRead => "logs-read",
            Permission::AccountsManage => "accounts-manage",
            Permission::TokensOwn => "tokens-own",
            Permission::AuditRead => "audit-read",
        }
    }

    /// The permission of that name.
    pub fn from_name(name: &str) -> Option<Permission> {
        Permission::ALL.into_iter().find(|p| p.name() == name)
    }
}

/// A user's role: the ceiling of everything done in their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks, changes nothing.
    Viewer,
    /// Runs the sites.
    Operator,
    /// Everything, accounts and settings included.
    Admin,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Operator, Role::Admin];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|r| r.name() == name)
    }

    /// Whether the role includes `permission`.
    pub fn allows(self, permission: Permission) -> bool {
        use Permission::{
            AccountsManage, AuditRead, JobsChange, LogsRead, SitesChange, SitesDelete, SystemChange, TokensOwn,
        };
        match self {
            Role::Admin => true,
            Role::Operator => !matches!(permission, AccountsManage | SystemChange | AuditRead),
            Role::Viewer => !matches!(
                permission,
                SitesChange
                    | SitesDelete
                    | JobsChange
                    | SystemChange
                    | LogsRead
                    | AccountsManage
                    | TokensOwn
                    | AuditRead
            ),
        }
    }
}
