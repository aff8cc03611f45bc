//! Every operation, in the order in which documents show them.

use super::meta::Op;
use super::{
    accounts, audit, guard, jobs, logs, machine, nginx, roles, sessions, settings, setup, sites, state, system, tokens,
    unlock, users, views,
};
use std::sync::LazyLock;

/// Every operation. The families are constant lists; this only strings them together.
pub static ALL: LazyLock<Vec<Op>> = LazyLock::new(|| FAMILIES.concat());

const FAMILIES: [&[Op]; 18] = [
    sites::OPS,
    state::OPS,
    jobs::OPS,
    system::OPS,
    nginx::OPS,
    machine::OPS,
    logs::OPS,
    accounts::OPS,
    sessions::OPS,
    users::OPS,
    roles::OPS,
    tokens::OPS,
    views::OPS,
    settings::OPS,
    guard::OPS,
    setup::OPS,
    audit::OPS,
    unlock::OPS,
];

/// The operation of that id.
pub fn find(id: &str) -> Option<&'static Op> {
    ALL.iter().find(|op| op.meta.id == id)
}
