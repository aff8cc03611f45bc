//! Accounts.

use super::Op;

pub(super) const OPS: &[Op] = &[];
