//! Blocking work off the async threads, bounded by kind, so that changes that wait for nginx and sign-ins that wait for a
//! hash never keep others from reading.

use crate::base::limits::{
    CHANGES_AT_ONCE_MAX, DOWNLOADS_AT_ONCE_MAX, READS_AT_ONCE_MAX, SIGN_INS_AT_ONCE_MAX, TURN_S_MAX,
};
use crate::base::{Error, Kind, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Most threads that blocking work uses.
pub(super) const THREADS_MAX: usize =
    READS_AT_ONCE_MAX + CHANGES_AT_ONCE_MAX + SIGN_INS_AT_ONCE_MAX + DOWNLOADS_AT_ONCE_MAX;

/// What sort of work it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lane {
    /// Short reads.
    Read,
    /// Changes, which wait for their jobs.
    Change,
    /// Sign-in and claim.
    SignIn,
    /// Downloads.
    Download,
}

/// Turns for blocking work.
pub(super) struct Pool([Arc<Semaphore>; 4]);

impl Pool {
    /// Nothing runs.
    pub(super) fn new() -> Self {
        let lanes = [READS_AT_ONCE_MAX, CHANGES_AT_ONCE_MAX, SIGN_INS_AT_ONCE_MAX, DOWNLOADS_AT_ONCE_MAX];
        Self(lanes.map(|turns| Arc::new(Semaphore::new(turns))))
    }

    /// Runs `work` when it is its turn. It runs to its end also when nobody waits for it any more. Errors: `busy` when no
    /// turn came within [`TURN_S_MAX`]; our fault when it panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let turns = self.0[lane as usize].clone();
        let turn = match turns.clone().try_acquire_owned() {
            Ok(turn) => turn,
            Err(_) => tokio::time::timeout(Duration::from_secs(TURN_S_MAX), turns.acquire_owned())
                .await
                .map_err(|_| Error::new(Kind::Unavailable, "busy").with("retry_s", TURN_S_MAX))?
                .map_err(Error::fault)?,
        };
        let ran = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        ran.await.map_err(|e| Error::fault(format!("a call ended without an answer: {e}")))
    }

    /// Work under way in a lane.
    pub(super) fn busy(&self, lane: Lane) -> usize {
        let most = [READS_AT_ONCE_MAX, CHANGES_AT_ONCE_MAX, SIGN_INS_AT_ONCE_MAX, DOWNLOADS_AT_ONCE_MAX];
        most[lane as usize].saturating_sub(self.0[lane as usize].available_permits())
    }
}
