//! Where proxies send their requests.

use super::{Row, Tx, rows};
use crate::base::clock::Time;
use crate::base::{Error, Kind, Result};
use crate::values;
use serde::{Deserialize, Serialize};

const SELECT: &str = "SELECT id, upstream, name, created_at, updated_at FROM backends";

/// A backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// Id, for good.
    pub id: String,
    /// URL such as `http://127.0.0.1:3000`.
    pub upstream: String,
    /// What people call it.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

fn read(row: &Row) -> Result<Backend> {
    Ok(Backend {
        id: row.get("id")?,
        upstream: row.get("upstream")?,
        name: row.get("name")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

/// Adds a backend.
pub fn insert(tx: &Tx, backend: &Backend) -> Result<()> {
    let Backend { id, upstream, name, created_at, updated_at } = backend;
    let sql = "INSERT INTO backends (id, upstream, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?)";
    tx.exec(sql, &values![id, upstream, name, *created_at, *updated_at]).map(drop)
}

/// Writes URL and name. Error: `row_missing`.
pub fn update(tx: &Tx, backend: &Backend) -> Result<()> {
    let Backend { id, upstream, name, updated_at, .. } = backend;
    let sql = "UPDATE backends SET upstream = ?, name = ?, updated_at = ? WHERE id = ?";
    if tx.exec_one(sql, &values![upstream, name, *updated_at, id])? {
        return Ok(());
    }
    Err(Error::new(Kind::NotFound, "row_missing").with("id", id))
}

/// The backend with this id.
pub fn by_id(tx: &Tx, id: &str) -> Result<Option<Backend>> {
    rows::first(tx.one(&format!("{SELECT} WHERE id = ?"), &values![id])?, read)
}

/// Removes a backend; `false` when there was none. Error: `row_in_use` while a site uses it.
pub fn delete(tx: &Tx, id: &str) -> Result<bool> {
    tx.exec_one("DELETE FROM backends WHERE id = ?", &values![id])
}
