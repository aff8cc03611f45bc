//! Steps of the first run that somebody went through or left out. A step without a row is open.

use super::{Row, Tx, rows};
use crate::base::Result;
use crate::base::clock::Time;
use crate::values;

/// A step that is behind the panel.
#[derive(Debug, Clone)]
pub struct SetupStep {
    /// Which step.
    pub name: String,
    /// `done` or `skipped`.
    pub state: String,
    /// When that was said.
    pub updated_at: Time,
    /// By whom.
    pub updated_by: String,
}

fn read(row: &Row) -> Result<SetupStep> {
    Ok(SetupStep {
        name: row.get("name")?,
        state: row.get("state")?,
        updated_at: row.get("updated_at")?,
        updated_by: row.get("updated_by")?,
    })
}

/// Every step that is not open.
pub fn list(tx: &Tx) -> Result<Vec<SetupStep>> {
    rows::all(&tx.query("SELECT name, state, updated_at, updated_by FROM setup_steps ORDER BY name", &[])?, read)
}

/// Notes that a step is `state`.
pub fn put(tx: &Tx, step: &SetupStep) -> Result<()> {
    let SetupStep { name, state, updated_at, updated_by } = step;
    let update = "UPDATE setup_steps SET state = ?, updated_at = ?, updated_by = ? WHERE name = ?";
    let values = values![state, *updated_at, updated_by, name];
    if !tx.exec_one(update, &values)? {
        let insert = "INSERT INTO setup_steps (state, updated_at, updated_by, name) VALUES (?, ?, ?, ?)";
        tx.exec(insert, &values)?;
    }
    Ok(())
}

/// Opens a step again.
pub fn delete(tx: &Tx, name: &str) -> Result<()> {
    tx.exec("DELETE FROM setup_steps WHERE name = ?", &values![name]).map(drop)
}
