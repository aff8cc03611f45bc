//! A migrated store in a temporary folder, for the tests of every floor above.

use super::{Options, Store, migrations};
use crate::base::Secret;
use crate::base::clock::{Clock, Time};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock that stands still until it is moved.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    /// A clock at some moment of 2026.
    pub(crate) fn new() -> Arc<TestClock> {
        Arc::new(TestClock(AtomicI64::new(1_780_000_000_000)))
    }

    /// Moves the clock forward.
    pub(crate) fn advance_s(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Time {
        Time(self.0.load(Ordering::SeqCst))
    }
}

/// Options for a store in the folder `state` below `folder` with a fixed key.
pub(crate) fn options(folder: &Path, clock: Arc<TestClock>) -> Options {
    Options { path: folder.join("state/manara.db"), master_key: Secret::new(vec![7; 32]), clock, readers: 2 }
}

/// A migrated store with the clock it goes by; the folder lives as long as the handle.
pub(crate) fn store_with_clock() -> (tempfile::TempDir, Store, Arc<TestClock>) {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::new();
    let store = Store::open(options(folder.path(), clock.clone())).unwrap();
    migrations::up(&store).unwrap();
    (folder, store, clock)
}

/// A migrated store.
pub(crate) fn store() -> (tempfile::TempDir, Store) {
    let (folder, store, _) = store_with_clock();
    (folder, store)
}
