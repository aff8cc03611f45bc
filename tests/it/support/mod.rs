//! Shared by the tests.

pub(crate) mod across;
pub(crate) mod debian;
pub(crate) mod disk;
pub(crate) mod fake_host;
pub(crate) mod panel;
pub(crate) mod releases;
pub(crate) mod rig;
pub(crate) mod rng;
