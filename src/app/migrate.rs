//! `migrate`: the database's shape. Looking at it is possible while the panel runs, changing it is not.

use super::{open, roles};
use crate::base::{Error, Kind, Result};
use crate::cli::Migrate;
use crate::config::{Config, Database};
use crate::platform::clock::SystemClock;
use crate::platform::files;
use crate::store::{kept, migrations};
use serde_json::{Value, json};
use std::sync::Arc;

/// Carries `what` out and answers its report. Errors: `store_missing` where there is no database and none is to be made,
/// `state_in_use` for a change while the panel runs, and those of the store.
pub fn run(config: &Config, what: Migrate) -> Result<Value> {
    let Database::Sqlite(path) = &config.database;
    if what == Migrate::Snapshot && files::owner(path)?.is_none() {
        return Ok(json!({ "path": null }));
    }
    let missing = || Error::new(Kind::NotFound, "store_missing").with("path", path.display());
    if what == Migrate::Check && files::owner(path)?.is_some() {
        // It tries migrations on copies in the state folder: what a killed one leaves there is the panel's.
        roles::become_panel(config)?;
    }
    if let Migrate::Status | Migrate::Check = what {
        let store = open::look(config)?.ok_or_else(missing)?;
        let report = match what {
            Migrate::Status => serde_json::to_value(migrations::status(&store)?),
            _ => serde_json::to_value(migrations::check(&store)?),
        };
        return report.map_err(Error::fault);
    }
    if what != Migrate::Up && files::owner(path)?.is_none() {
        return Err(missing());
    }
    roles::become_panel(config)?;
    if let Migrate::Restore(snapshot) = &what {
        kept::restore(snapshot, path)?;
        return Ok(json!({ "path": path }));
    }
    let store = open::store(config, Arc::new(SystemClock))?;
    let report = match what {
        Migrate::Snapshot => return Ok(json!({ "path": kept::keep(&store, "kept")? })),
        Migrate::Down(to) => migrations::down(&store, to)?,
        _ => migrations::up(&store)?,
    };
    serde_json::to_value(report).map_err(Error::fault)
}
