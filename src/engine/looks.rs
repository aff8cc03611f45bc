//! What runs on the machine, as it was seen last. Seeing it takes programs and hundreds of files, so whoever asks is
//! answered with the same look, and nobody looks twice at once.

use crate::base::Result;
use crate::platform::daemons::Service;
use crate::platform::processes::Process;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Services, and whether a service manager knows them.
pub type Services = (Vec<Service>, bool);

/// What was seen lately.
#[derive(Default)]
pub struct Looks {
    /// Processes, the busiest first.
    pub processes: Kept<Vec<Process>>,
    /// Services.
    pub services: Kept<Services>,
    /// Whether somebody looks for those who listen.
    pub running: Mutex<bool>,
}

/// Something that was seen, and when.
#[derive(Debug)]
pub struct Seen<T> {
    /// When.
    pub at: Instant,
    /// What.
    pub what: T,
}

/// When a look ended, and what came of it.
type Ended<T> = (Instant, Result<Arc<Seen<T>>>);

/// The last look at something.
pub struct Kept<T>(Mutex<Option<Ended<T>>>);

/// A failed look answers those who waited for it, and nobody later: a host that does not answer takes its time each time.
const FAILURE_KEPT: Duration = Duration::from_secs(1);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Kept<T> {
    /// What was seen at most `age` ago. Where that was longer ago, `look` looks, and everybody else who asks waits for it.
    pub fn get(&self, age: Duration, look: impl FnOnce() -> Result<T>) -> Result<Arc<Seen<T>>> {
        // What a look that panicked left is the look before it.
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((ended, seen)) = &*last
            && ended.elapsed() < if seen.is_ok() { age } else { age.min(FAILURE_KEPT) }
        {
            return seen.clone();
        }
        let seen = look().map(|what| Arc::new(Seen { what, at: Instant::now() }));
        *last = Some((Instant::now(), seen.clone()));
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Error;
    use std::cell::Cell;

    #[test]
    fn one_look_answers_everybody_until_it_is_old() {
        let (kept, looks) = (Kept::default(), Cell::new(0));
        let get = |age| {
            let look = || {
                looks.set(looks.get() + 1);
                if looks.get() == 3 { Err(Error::fault("gone")) } else { Ok(looks.get()) }
            };
            kept.get(age, look).map(|seen| seen.what)
        };
        let (never, always) = (Duration::ZERO, Duration::from_secs(3600));
        assert_eq!([get(always), get(always), get(never), get(always)].map(Result::unwrap), [1, 1, 2, 2]);
        assert!(get(never).is_err());
        assert!(get(always).is_err() && looks.get() == 3, "whoever waited for it hears of the same failure");
        assert_eq!(get(never).unwrap(), 4);
    }
}
