//! One change per object at a time.

use crate::base::{Error, Kind, Result};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// Names of the objects being changed now.
#[derive(Debug, Default, Clone)]
pub struct Locks(Arc<Mutex<HashSet<String>>>);

/// Holds an object until it is dropped.
#[derive(Debug)]
pub struct Held {
    locks: Locks,
    name: String,
}

impl Locks {
    /// Takes `name`, or answers `object_busy`: the caller's plan would be stale after the other change anyway, so
    /// waiting would only turn into another conflict.
    pub fn take(&self, name: &str) -> Result<Held> {
        let mut held = self.0.lock().map_err(|_| Error::fault("the lock table is poisoned"))?;
        if !held.insert(name.to_owned()) {
            return Err(Error::new(Kind::Conflict, "object_busy").with("name", name));
        }
        Ok(Held { locks: self.clone(), name: name.to_owned() })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Ok(mut held) = self.locks.0.lock() {
            held.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_held_by_one() {
        let locks = Locks::default();
        let first = locks.take("site/a").unwrap();
        assert_eq!(locks.take("site/a").unwrap_err().code(), "object_busy");
        locks.take("site/b").unwrap();
        drop(first);
        locks.take("site/a").unwrap();
    }
}
