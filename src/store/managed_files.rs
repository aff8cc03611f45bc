//! Files the panel wrote, as it last wrote them: what drift is measured against.

use super::keys::sha256_hex;
use super::page::{self, Conditions, Page, order};
use super::{Row, Tx, rows};
use crate::base::Result;
use crate::base::clock::Time;
use crate::values;

// A path may be longer than a key can be in every database, so the key is its hash.
const SELECT: &str = "SELECT path_hash, path, site_id, body, sha256, format, generation, mode, owner_uid, updated_at \
                      FROM managed_files";

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
    /// `nginx`, `html`, …
    pub format: String,
    /// The generation it was applied with.
    pub generation: i64,
    /// Permission bits.
    pub mode: u32,
    /// Number of the owner.
    pub owner_uid: u32,
    /// When it was last applied.
    pub updated_at: Time,
}

fn read(row: &Row) -> Result<ManagedFile> {
    Ok(ManagedFile {
        path: row.get("path")?,
        site_id: row.get("site_id")?,
        body: row.get("body")?,
        sha256: row.get("sha256")?,
        format: row.get("format")?,
        generation: row.get("generation")?,
        mode: row.get("mode")?,
        owner_uid: row.get("owner_uid")?,
        updated_at: row.get("updated_at")?,
    })
}

/// Remembers a file as it was applied, in the place of what was known of it.
pub fn put(tx: &Tx, file: &ManagedFile) -> Result<()> {
    let ManagedFile { path, site_id, body, sha256, format, generation, mode, owner_uid, updated_at } = file;
    let values =
        values![path, site_id, body, sha256, format, *generation, *mode, *owner_uid, *updated_at, sha256_hex(path)];
    let update = "UPDATE managed_files SET path = ?, site_id = ?, body = ?, sha256 = ?, format = ?, generation = ?, \
                  mode = ?, owner_uid = ?, updated_at = ? WHERE path_hash = ?";
    if !tx.exec_one(update, &values)? {
        let insert = "INSERT INTO managed_files (path, site_id, body, sha256, format, generation, mode, owner_uid, \
                      updated_at, path_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        tx.exec(insert, &values)?;
    }
    Ok(())
}

/// The file at a path.
pub fn get(tx: &Tx, path: &str) -> Result<Option<ManagedFile>> {
    rows::first(tx.one(&format!("{SELECT} WHERE path_hash = ?"), &values![sha256_hex(path)])?, read)
}

/// Files of a site by path.
pub fn of_site(tx: &Tx, site_id: &str) -> Result<Vec<ManagedFile>> {
    rows::all(&tx.query(&format!("{SELECT} WHERE site_id = ? ORDER BY path"), &values![site_id])?, read)
}

/// Every file.
pub fn all(tx: &Tx) -> Result<Vec<ManagedFile>> {
    rows::all(&tx.query(SELECT, &[])?, read)
}

/// One page of all files, in no order that means anything.
pub fn list(tx: &Tx, cursor: Option<&str>, limit: u32) -> Result<Page<ManagedFile>> {
    let by = order!("path_hash", "path_hash", asc);
    page::page(tx, SELECT, Conditions::default(), by, (cursor, limit), read)
}

/// Forgets a file; `false` when it was not known.
pub fn delete(tx: &Tx, path: &str) -> Result<bool> {
    tx.exec_one("DELETE FROM managed_files WHERE path_hash = ?", &values![sha256_hex(path)])
}
