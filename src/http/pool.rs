//! Blocking work off the async threads, bounded by kind, so that changes that wait for nginx and sign-ins that wait for a
//! hash never keep others from reading.

use super::readers::Readers;
use crate::base::limits::{
    CHANGES_AT_ONCE_MAX, DOWNLOADS_AT_ONCE_MAX, READS_AT_ONCE_MAX, READS_WAITING_MAX, SIGN_INS_AT_ONCE_MAX, TURN_S_MAX,
};
use crate::base::{Error, Kind, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// Most threads of the runtime that blocking work uses; reads have their own.
pub(super) const THREADS_MAX: usize = CHANGES_AT_ONCE_MAX + SIGN_INS_AT_ONCE_MAX + DOWNLOADS_AT_ONCE_MAX;

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
pub(super) struct Pool {
    readers: Readers,
    changes: Arc<Semaphore>,
    sign_ins: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
}

impl Pool {
    /// Nothing runs.
    pub(super) fn new() -> Result<Self> {
        let turns = |most: usize| Arc::new(Semaphore::new(most));
        Ok(Self {
            readers: Readers::start(READS_AT_ONCE_MAX, READS_WAITING_MAX).map_err(Error::fault)?,
            changes: turns(CHANGES_AT_ONCE_MAX),
            sign_ins: turns(SIGN_INS_AT_ONCE_MAX),
            downloads: turns(DOWNLOADS_AT_ONCE_MAX),
        })
    }

    /// Runs `work` when it is its turn. It runs to its end also when nobody waits for it any more. Errors: `busy` when no
    /// turn came within [`TURN_S_MAX`], or too many reads wait; our fault when it panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        match lane {
            Lane::Read => self.read(work).await,
            Lane::Change => take_turn(&self.changes, work).await,
            Lane::SignIn => take_turn(&self.sign_ins, work).await,
            Lane::Download => take_turn(&self.downloads, work).await,
        }
    }

    async fn read<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        // An answer that nobody waits for any more is dropped.
        let job = Box::new(move || drop(answer.send(work())));
        if !self.readers.submit(job) {
            return Err(busy());
        }
        answered.await.map_err(|_| Error::fault("a read ended without an answer"))
    }

    /// Work under way in a lane.
    pub(super) fn busy(&self, lane: Lane) -> usize {
        let (turns, most) = match lane {
            Lane::Read => return self.readers.busy(),
            Lane::Change => (&self.changes, CHANGES_AT_ONCE_MAX),
            Lane::SignIn => (&self.sign_ins, SIGN_INS_AT_ONCE_MAX),
            Lane::Download => (&self.downloads, DOWNLOADS_AT_ONCE_MAX),
        };
        most.saturating_sub(turns.available_permits())
    }
}

fn busy() -> Error {
    Error::new(Kind::Unavailable, "busy").with("retry_s", TURN_S_MAX)
}

async fn take_turn<T: Send + 'static>(turns: &Arc<Semaphore>, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let waited = tokio::time::timeout(Duration::from_secs(TURN_S_MAX), turns.clone().acquire_owned()).await;
    let turn = waited.map_err(|_| busy())?.map_err(Error::fault)?;
    let ran = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    ran.await.map_err(|e| Error::fault(format!("a call ended without an answer: {e}")))
}
