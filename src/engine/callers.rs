//! Who shows which secret, for as long as that cannot have changed: most requests come from few callers, and finding out
//! anew costs each of them two queries.
//!
//! What is kept counts only until anything at all is written to the store, so a session or token that was ended, a user
//! who was disabled and a role that was changed are seen by the very next request.

use super::actor::Actor;
use crate::base::clock::Time;
use std::collections::HashMap;
use std::sync::Mutex;

/// Callers kept at once; when there are more, all are forgotten.
const KEPT_MAX: usize = 1024;

/// The callers that are known.
#[derive(Default)]
pub struct Callers(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// [`crate::store::Store::changes`] when they were found out.
    changes: u64,
    /// By the kind and the hash of their secret, with the time until which that holds.
    by_hash: HashMap<String, (Actor, Time)>,
}

impl Callers {
    /// Who shows the secret with this hash, while the store stands at `changes`.
    pub fn find(&self, hash: &str, changes: u64, now: Time) -> Option<Actor> {
        let kept = self.0.lock().ok()?;
        let (actor, until) = kept.by_hash.get(hash)?;
        (kept.changes == changes && now < *until).then(|| actor.clone())
    }

    /// Keeps who that is: as the store stood at `changes`, read *before* the store was asked, and before `until`.
    pub fn keep(&self, hash: String, changes: u64, actor: &Actor, until: Time) {
        let Ok(mut kept) = self.0.lock() else { return };
        if changes < kept.changes {
            return;
        }
        if changes > kept.changes || kept.by_hash.len() >= KEPT_MAX {
            kept.by_hash.clear();
            kept.changes = changes;
        }
        kept.by_hash.insert(hash, (actor.clone(), until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_known_until_something_was_written_or_its_time_is_over() {
        let callers = Callers::default();
        callers.keep("a".into(), 3, &Actor::Console, Time(100));
        assert_eq!(callers.find("a", 3, Time(99)), Some(Actor::Console));
        assert_eq!(callers.find("a", 3, Time(100)), None);
        assert_eq!(callers.find("a", 4, Time(99)), None);
        assert_eq!(callers.find("b", 3, Time(99)), None);
        callers.keep("b".into(), 4, &Actor::Nobody, Time(100));
        callers.keep("a".into(), 3, &Actor::Console, Time(100));
        assert_eq!(callers.find("a", 4, Time(99)), None);
        assert_eq!(callers.find("b", 4, Time(99)), Some(Actor::Nobody));
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let callers = Callers::default();
        (0..=KEPT_MAX).for_each(|n| callers.keep(n.to_string(), 0, &Actor::Nobody, Time(1)));
        assert_eq!(callers.find("0", 0, Time(0)), None);
        assert_eq!(callers.find(&KEPT_MAX.to_string(), 0, Time(0)), Some(Actor::Nobody));
    }
}
