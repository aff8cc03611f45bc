//! What a user prefers to see, as one document.

use super::{Tx, rows};
use crate::base::Result;
use crate::base::clock::Time;
use crate::values;

/// The document of the user `user_id`, where there is one.
pub fn of_user(tx: &Tx, user_id: &str) -> Result<Option<String>> {
    let row = tx.one("SELECT document FROM preferences WHERE user_id = ?", &values![user_id])?;
    rows::first(row, |row| row.get("document"))
}

/// Keeps `document` for the user `user_id`.
pub fn put(tx: &Tx, user_id: &str, document: &str, now: Time) -> Result<()> {
    let update = "UPDATE preferences SET document = ?, updated_at = ? WHERE user_id = ?";
    if !tx.exec_one(update, &values![document, now, user_id])? {
        let insert = "INSERT INTO preferences (document, updated_at, user_id) VALUES (?, ?, ?)";
        tx.exec(insert, &values![document, now, user_id])?;
    }
    Ok(())
}

/// Forgets what the user `user_id` preferred.
pub(super) fn delete_of_user(tx: &Tx, user_id: &str) -> Result<()> {
    tx.exec("DELETE FROM preferences WHERE user_id = ?", &values![user_id]).map(drop)
}
