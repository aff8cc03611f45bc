//! The guarded change that waits to be confirmed: one at a time.

use super::{Row, Tx, rows};
use crate::base::clock::Time;
use crate::base::{Error, Result};
use crate::values;
use serde::{Deserialize, Serialize};

/// A setting before and after the change, as the settings keep it; `None` stands for the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Name of the setting.
    pub key: String,
    /// Value to go back to.
    pub before: Option<String>,
    /// Value that is tried.
    pub after: Option<String>,
}

/// The pending change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// What it changed.
    pub changes: Vec<Changed>,
    /// Who changed it, as the audit trail names them.
    pub by: String,
    /// When.
    pub started_at: Time,
    /// When it is taken back.
    pub expires_at: Time,
}

fn read(row: &Row) -> Result<Guard> {
    Ok(Guard {
        changes: serde_json::from_value(row.json("changes")?).map_err(Error::fault)?,
        by: row.get("actor")?,
        started_at: row.get("started_at")?,
        expires_at: row.get("expires_at")?,
    })
}

/// The pending change.
pub fn current(tx: &Tx) -> Result<Option<Guard>> {
    rows::first(tx.one("SELECT changes, actor, started_at, expires_at FROM guard WHERE id = 1", &[])?, read)
}

/// Makes `guard` the pending change. Fails where there is one.
pub fn put(tx: &Tx, guard: &Guard) -> Result<()> {
    let changes = serde_json::to_string(&guard.changes).map_err(Error::fault)?;
    let sql = "INSERT INTO guard (id, changes, actor, started_at, expires_at) VALUES (1, ?, ?, ?, ?)";
    tx.exec(sql, &values![changes, guard.by.as_str(), guard.started_at, guard.expires_at]).map(drop)
}

/// Nothing is pending any more; whether something was.
pub fn delete(tx: &Tx) -> Result<bool> {
    tx.exec_one("DELETE FROM guard WHERE id = 1", &[])
}
