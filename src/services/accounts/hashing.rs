//! Hashes of passwords: Argon2id (RFC 9106) with the parameters OWASP recommends (19 MiB, two passes, one lane), computed
//! on few threads of low priority, so that a crowd that signs in takes neither the machine's memory nor its processors.

use crate::base::limits::{HASHES_AT_ONCE_MAX, HASHES_WAITING_MAX};
use crate::base::{Error, Kind, Result, Secret};
use crate::platform::own;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, Version};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, LazyLock, Mutex};

/// Memory of one hash in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Seconds after which somebody whom the full queue turned away may try again.
const FULL_RETRY_S: u32 = 5;

/// What an unknown user's password is compared with, so that it takes as long as a known one's. It is the hash of random
/// bytes that nobody kept.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$6jWU17uqXK4nbnGcKtnY1Q$ufU8EFwqpFZKKOzQB06MLN3blDE0WBNea4sJFly+ASI";

/// What came of comparing a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Whether it was right.
    pub(super) right: bool,
    /// Whether the stored hash was made with other parameters than new ones are.
    pub(super) outdated: bool,
}

/// The hash of a new password as a PHC string. Error: `hashes_full` when too many wait.
pub(super) fn hash(password: &str) -> Result<Secret<String>> {
    let password = Secret::new(password.to_owned());
    POOL.compute(move || make(&password))?
}

/// Compares `password` with the hash of a known user, or for as long with nobody's. Errors: as [`hash`].
pub(super) fn verify(password: &Secret<String>, stored: Option<&Secret<String>>) -> Result<Verdict> {
    let (password, known) = (password.clone(), stored.is_some());
    let stored = stored.map_or_else(|| NOBODY.to_owned(), |s| s.expose().clone());
    let verdict = POOL.compute(move || compare(&password, &stored))??;
    Ok(Verdict { right: verdict.right && known, ..verdict })
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::fault)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn make(password: &Secret<String>) -> Result<Secret<String>> {
    let hash = argon2()?.hash_password(password.expose().as_bytes()).map_err(Error::fault)?;
    Ok(Secret::new(hash.to_string()))
}

fn compare(password: &Secret<String>, stored: &str) -> Result<Verdict> {
    let hash = PasswordHash::new(stored).map_err(|e| Error::fault(format!("a stored hash cannot be read: {e}")))?;
    let params = Params::try_from(&hash).map_err(Error::fault)?;
    let current = hash.algorithm == ARGON2ID_IDENT
        && (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES);
    let right = argon2()?.verify_password(password.expose().as_bytes(), &hash).is_ok();
    Ok(Verdict { right, outdated: !current })
}

type Task = Box<dyn FnOnce() + Send>;

/// Threads that do nothing else, and the queue before them.
struct Pool {
    queue: SyncSender<Task>,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Pool::new((cores / 2).clamp(1, HASHES_AT_ONCE_MAX), HASHES_WAITING_MAX)
});

impl Pool {
    fn new(threads: usize, waiting: usize) -> Pool {
        let (queue, tasks) = sync_channel(waiting);
        let tasks = Arc::new(Mutex::new(tasks));
        for n in 0..threads {
            let tasks = tasks.clone();
            let spawned = std::thread::Builder::new().name(format!("hash-{n}")).spawn(move || work(&tasks));
            if let Err(e) = spawned {
                log::error!(target: "manara::accounts", "a thread for password hashes could not be started: {e}");
            }
        }
        Pool { queue }
    }

    /// Waits for the result of `work`.
    fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (send, done) = channel();
        // Whoever asked may be gone by then.
        let task: Task = Box::new(move || drop(send.send(work())));
        match self.queue.try_send(task) {
            Ok(()) => done.recv().map_err(|_| Error::fault("computing a password hash panicked")),
            Err(TrySendError::Full(_)) => {
                Err(Error::new(Kind::Unavailable, "hashes_full").with("retry_s", FULL_RETRY_S))
            }
            Err(TrySendError::Disconnected(_)) => Err(Error::fault("no thread computes password hashes")),
        }
    }
}

fn work(tasks: &Mutex<Receiver<Task>>) {
    own::give_way();
    loop {
        let next = match tasks.lock() {
            Ok(tasks) => tasks.recv(),
            Err(_) => return,
        };
        let Ok(task) = next else { return };
        if catch_unwind(AssertUnwindSafe(task)).is_err() {
            log::error!(target: "manara::accounts", "computing a password hash panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_hash_fits_its_password_only_and_says_its_parameters() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let verdict = |password: &str| verify(&secret(password), Some(&stored)).unwrap();
        assert_eq!(verdict("correct horse"), Verdict { right: true, outdated: false });
        assert!(!verdict("correct horsf").right);
        assert_ne!(stored, hash("correct horse").unwrap(), "each hash has its own salt");
    }

    #[test]
    fn nobody_has_the_parameters_of_today_and_no_password() {
        let verdict = verify(&secret("anything at all"), None).unwrap();
        assert_eq!(verdict, Verdict { right: false, outdated: false });
    }

    #[test]
    fn older_parameters_are_noticed() {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
        let stored = Secret::new(weak.hash_password(b"correct horse").unwrap().to_string());
        let verdict = verify(&secret("correct horse"), Some(&stored)).unwrap();
        assert_eq!(verdict, Verdict { right: true, outdated: true });
    }

    #[test]
    fn a_full_queue_turns_away_and_a_panic_does_not_end_the_thread() {
        let pool = Arc::new(Pool::new(1, 1));
        assert!(pool.compute(|| panic!("on purpose")).is_err());
        let (hold, held) = channel::<()>();
        let (began, begun) = channel();
        let first = pool.clone();
        let running = std::thread::spawn(move || first.compute(move || (began.send(()), held.recv()).1.is_err()));
        begun.recv().unwrap();
        // The thread is taken now; one task may wait, the next one may not.
        let (waited, done_waiting) = channel();
        pool.queue.try_send(Box::new(move || assert!(waited.send(()).is_ok()))).unwrap();
        let refused = pool.compute(|| ()).unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (Kind::Unavailable, "hashes_full"));
        drop(hold);
        assert!(running.join().unwrap().unwrap());
        done_waiting.recv().unwrap();
        assert_eq!(pool.compute(|| 7).unwrap(), 7);
    }
}
