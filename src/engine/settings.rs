//! The options whose home is the store, resolved once and again after each change, so that reading them costs no query.

use crate::base::{Error, Result};
use crate::config::{Loaded, Panel, Setting};
use crate::platform::panel_tls::PairId;
use crate::store::{Store, Tx, settings as rows};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Name of the stored value that says which kept pair of certificate and key the panel's port shows. It is no option: an
/// operation of its own sets it together with the pair.
pub const CERTIFICATE: &str = "panel.certificate";

/// Stored values joined with the defaults and with what this run overrides.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What the panel goes by.
    pub panel: Panel,
    /// Every option with its value and where that came from.
    pub all: Vec<Setting>,
    /// The kept pair of certificate and key that counts; `None` for the files.
    pub certificate: Option<PairId>,
}

/// Keeps the resolved options.
pub struct Settings {
    loaded: Loaded,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    resolved: Option<Arc<Resolved>>,
    /// Counts the changes: what was read before a change must not be kept after it.
    changes: u64,
}

impl Settings {
    /// Nothing is read yet.
    pub fn new(loaded: Loaded) -> Self {
        Self { loaded, kept: Mutex::default() }
    }

    /// The options as they are now. Error: `bad_input` with every stored value that no longer fits.
    pub fn now(&self, store: &Store) -> Result<Arc<Resolved>> {
        let seen = {
            let kept = self.kept.lock().map_err(Error::fault)?;
            match &kept.resolved {
                Some(resolved) => return Ok(resolved.clone()),
                None => kept.changes,
            }
        };
        let resolved = Arc::new(store.read(|tx| self.inside(tx))?);
        let mut kept = self.kept.lock().map_err(Error::fault)?;
        if kept.changes == seen {
            kept.resolved = Some(resolved.clone());
        }
        Ok(resolved)
    }

    /// The options as an open transaction sees them.
    pub fn inside(&self, tx: &Tx) -> Result<Resolved> {
        let rows = rows::list(tx)?.into_iter();
        let mut stored: BTreeMap<String, String> =
            rows.filter_map(|row| Some((row.name, row.value?.as_str()?.to_owned()))).collect();
        let certificate = stored.remove(CERTIFICATE).map(|text| text.parse()).transpose()?;
        let (panel, all) = Panel::resolve(&self.loaded, &stored)?;
        Ok(Resolved { panel, all, certificate })
    }

    /// What this run began with, without what is stored.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Stored values changed: the next reader asks `store`, and what was made of the former ones is out of date.
    pub fn changed(&self, store: &Store) {
        if let Ok(mut kept) = self.kept.lock() {
            kept.resolved = None;
            kept.changes += 1;
        }
        store.note_change();
    }
}
