//! Fault injection: the N-th effect fails, or the process is killed there. Used by the tests that show that every
//! interrupted change leaves the old state or the new one. Compiled out of release builds.

use crate::base::{Error, Kind, Result};
use std::sync::Mutex;

/// What to do at which effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The N-th effect (from 1) reports an error instead of happening.
    Fail(u64),
    /// The thread panics right before the N-th effect.
    Panic(u64),
    /// The process is killed with SIGKILL right before the N-th effect.
    Kill(u64),
}

/// Counts effects and breaks the chosen one.
#[derive(Debug, Default)]
pub struct Faults(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    armed: Option<Fault>,
    seen: Vec<String>,
}

impl Faults {
    /// Reads `MANARA_TEST_FAULT=fail:N` or `kill:N`; nothing in a release build.
    pub fn from_environment() -> Self {
        let faults = Self::default();
        if cfg!(debug_assertions)
            && let Ok(text) = std::env::var("MANARA_TEST_FAULT")
        {
            let (kind, n) = text.split_once(':').unwrap_or(("", ""));
            let n = n.parse().expect("MANARA_TEST_FAULT is fail:N or kill:N");
            faults.arm(if kind == "kill" { Fault::Kill(n) } else { Fault::Fail(n) });
        }
        faults
    }

    /// Breaks an effect from now on; counting starts anew.
    pub fn arm(&self, fault: Fault) {
        *self.0.lock().expect("never poisoned: no panic while held") = State { armed: Some(fault), seen: vec![] };
    }

    /// Counts from now on without breaking anything.
    pub fn disarm(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("never poisoned: no panic while held")).seen
    }

    /// Called right before the effect `name`.
    pub fn step(&self, name: &str) -> Result<()> {
        if !cfg!(debug_assertions) {
            return Ok(());
        }
        let mut state = self.0.lock().expect("never poisoned: no panic while held");
        state.seen.push(name.to_owned());
        let n = state.seen.len() as u64;
        match state.armed {
            Some(Fault::Kill(at)) if at == n => {
                let me = rustix::process::getpid();
                rustix::process::kill_process(me, rustix::process::Signal::KILL).map_err(Error::fault)
            }
            Some(Fault::Panic(at)) if at == n => {
                drop(state);
                std::panic::panic_any(format!("injected panic at {n} ({name})"))
            }
            Some(Fault::Fail(at)) if at == n => {
                Err(Error::new(Kind::External, "injected_fault").with("step", name).with("n", n))
            }
            _ => Ok(()),
        }
    }
}
