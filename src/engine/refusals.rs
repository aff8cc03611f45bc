//! How many refusals for lack of permission the audit trail takes. Whoever is signed in can be refused as often as they
//! like and must not be able to fill the disk with it.

use crate::base::clock::Time;
use crate::base::limits::{REFUSALS_MAX, REFUSALS_PER_CALLER_MAX, REFUSALS_S};
use std::collections::HashMap;
use std::sync::Mutex;

/// The refusals of the present window of time. Memory is bounded: a window admits so many, and only who was admitted has
/// an entry.
#[derive(Default)]
pub struct Refusals(Mutex<Window>);

#[derive(Default)]
struct Window {
    began: Time,
    by_caller: HashMap<String, u32>,
    all: u32,
    left_out: u64,
}

impl Refusals {
    /// Whether a refusal of `caller` is to be recorded; if so, how many were left out since the last one that was.
    pub fn admit(&self, caller: &str, now: Time) -> Option<u64> {
        let mut window = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // A clock that was set back begins a new window, too.
        if !(0..REFUSALS_S).contains(&now.since_s(window.began)) {
            *window = Window { began: now, left_out: window.left_out, ..Window::default() };
        }
        let own = window.by_caller.get(caller).copied().unwrap_or(0);
        if window.all >= REFUSALS_MAX || own >= REFUSALS_PER_CALLER_MAX {
            window.left_out += 1;
            return None;
        }
        window.by_caller.insert(caller.to_owned(), own + 1);
        window.all += 1;
        Some(std::mem::take(&mut window.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_takes_so_many_of_one_caller_and_so_many_of_all() {
        let (refusals, now) = (Refusals::default(), Time(1_780_000_000_000));
        let taken =
            |caller: &str, tries: u32, now| (0..tries).filter(|_| refusals.admit(caller, now).is_some()).count();
        assert_eq!(taken("user:a", 1000, now), REFUSALS_PER_CALLER_MAX as usize);
        let others: usize = (0..1000).map(|n| taken(&format!("token:{n}"), 1, now)).sum();
        assert_eq!(others, (REFUSALS_MAX - REFUSALS_PER_CALLER_MAX) as usize);
        let later = now.plus_s(REFUSALS_S);
        let left_out = 1000 - others as u64;
        assert_eq!(refusals.admit("user:a", later), Some(left_out), "what was left out is counted");
        assert_eq!(refusals.admit("user:a", later), Some(0));
        assert_eq!(refusals.admit("user:a", now), Some(0), "a clock set back does not lock the trail");
    }
}
