//! Files the panel wrote, as it last wrote them: what drift is measured against.

use super::keys::sha256_hex;
use super::{Row, Tx, rows};
use crate::base::Result;
use crate::base::clock::Time;
use crate::values;

// A path may be longer than a key can be in every database, so the key is its hash.
const SELECT: &str = "SELECT path, site_id, body, sha256, updated_at FROM managed_files";

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedFile {
    /// Path below the root prefix.
    pub path: String,
    /// The site it belongs to.
    pub site_id: Option<String>,
    /// The bytes last applied.
    pub body: String,
    /// Their SHA-256 in hexadecimal.
    pub sha256: String,
    /// When it was last applied.
    pub updated_at: Time,
}

fn read(row: &Row) -> Result<ManagedFile> {
    Ok(ManagedFile {
        path: row.get("path")?,
        site_id: row.get("site_id")?,
        body: row.get("body")?,
        sha256: row.get("sha256")?,
        updated_at: row.get("updated_at")?,
    })
}

/// Remembers a file as it was applied, in the place of what was known of it.
pub fn put(tx: &Tx, file: &ManagedFile) -> Result<()> {
    let ManagedFile { path, site_id, body, sha256, updated_at } = file;
    let values = values![path, site_id, body, sha256, *updated_at, sha256_hex(path)];
    let update =
        "UPDATE managed_files SET path = ?, site_id = ?, body = ?, sha256 = ?, updated_at = ? WHERE path_hash = ?";
    if !tx.exec_one(update, &values)? {
        let insert = "INSERT INTO managed_files (path, site_id, body, sha256, updated_at, path_hash) \
                      VALUES (?, ?, ?, ?, ?, ?)";
        tx.exec(insert, &values)?;
    }
    Ok(())
}

/// The file at a path.
pub fn get(tx: &Tx, path: &str) -> Result<Option<ManagedFile>> {
    rows::first(tx.one(&format!("{SELECT} WHERE path_hash = ?"), &values![sha256_hex(path)])?, read)
}

/// Every file.
pub fn all(tx: &Tx) -> Result<Vec<ManagedFile>> {
    rows::all(&tx.query(SELECT, &[])?, read)
}

/// Forgets a file; `false` when it was not known.
pub fn delete(tx: &Tx, path: &str) -> Result<bool> {
    tx.exec_one("DELETE FROM managed_files WHERE path_hash = ?", &values![sha256_hex(path)])
}
