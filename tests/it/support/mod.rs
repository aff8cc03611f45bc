//! Shared by the tests.

pub(crate) mod rig;
pub(crate) mod rng;
