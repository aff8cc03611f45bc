//! `migrate`: the database's shape, while the panel does not run.

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
/// `state_in_use` while the panel runs, and those of the store.
pub fn run(config: &Config, what: Migrate) -> Result<Value> {
    let Database::Sqlite(path) = &config.database;
    if what == Migrate::Snapshot && files::owner(path)?.is_none() {
        return Ok(json!({ "path": null }));
    }
    if what != Migrate::Up && files::owner(path)?.is_none() {
        return Err(Error::new(Kind::NotFound, "store_missing").with("path", path.display()));
    }
    roles::become_panel(config)?;
    if let Migrate::Restore(snapshot) = &what {
        kept::restore(snapshot, path)?;
        return Ok(json!({ "path": path }));
    }
    let store = open::store(config, Arc::new(SystemClock))?;
    match what {
        Migrate::Status => serde_json::to_value(migrations::status(&store)?),
        Migrate::Up => serde_json::to_value(migrations::up(&store)?),
        Migrate::Down(to) => serde_json::to_value(migrations::down(&store, to)?),
        Migrate::Snapshot => serde_json::to_value(json!({ "path": kept::keep(&store, "kept")? })),
        Migrate::Restore(_) => return Err(Error::fault("restored before")),
        Migrate::Check => serde_json::to_value(migrations::check(&store)?),
    }
    .map_err(Error::fault)
}
