//! Every operation, in the order in which documents show them.

use super::meta::Op;
use super::{accounts, audit, jobs, sites, state, system};
use std::sync::LazyLock;

/// Every operation. The families are constant lists; this only strings them together.
pub static ALL: LazyLock<Vec<Op>> =
    LazyLock::new(|| [sites::OPS, state::OPS, jobs::OPS, system::OPS, accounts::OPS, audit::OPS].concat());

/// The operation of that id.
pub fn find(id: &str) -> Option<&'static Op> {
    ALL.iter().find(|op| op.meta.id == id)
}
