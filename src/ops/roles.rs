//! Roles, and what each may do.

use super::{Cx, Meta, Method, Need, Nothing, Op, Operation, Read};
use crate::base::access::{Permission, Role};
use crate::base::{Result, locale};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) const OPS: &[Op] = &[Op::read::<List>()];

/// Something that may be allowed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Allowed {
    /// The permission.
    permission: Permission,
    /// What it allows, in the reader's language.
    text: String,
    /// Roles that have it.
    roles: Vec<Role>,
}

/// The permissions with the roles that have them.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RoleList {
    /// Every permission.
    items: Vec<Allowed>,
}

struct List;

impl Operation for List {
    const META: Meta = Meta::new("role.list", Method::Get, "/roles", Need::SignedIn).stored();
    type In = Nothing;
    type Out = RoleList;
}

impl Read for List {
    fn read(cx: &Cx, _: Nothing) -> Result<RoleList> {
        let item = |permission: Permission| Allowed {
            permission,
            text: locale::text::<&str>(cx.request.lang, &format!("permission.{}", permission.name()), &[]),
            roles: Role::ALL.into_iter().filter(|role| role.allows(permission)).collect(),
        };
        Ok(RoleList { items: Permission::ALL.into_iter().map(item).collect() })
    }
}
