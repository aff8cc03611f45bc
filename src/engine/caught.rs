//! Panics as errors, where something has to be taken back or written down before they end.

use crate::base::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Carries `work` out; a panic in it is a fault of ours. What `work` touched must be fit for use afterwards: locks that
/// guard no data, or data that the caller throws away.
pub fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Error::fault("it panicked")))
}
