//! The machine's clock.

use crate::base::clock::{Clock, Time};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The real time.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Waits; only for polling the machine with a deadline.
#[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
