//! Settings that operations change. Secret ones are sealed.

use super::seal::{self, Place};
use super::{Keys, Row, Tx, rows};
use crate::base::clock::Time;
use crate::base::{Error, Result, Secret};
use crate::values;

/// A setting as it may be shown.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Dotted name.
    pub name: String,
    /// The value; `None` for a sealed one.
    pub value: Option<serde_json::Value>,
    /// Whether it is a secret.
    pub sealed: bool,
    /// When it was last changed.
    pub updated_at: Time,
    /// By whom.
    pub updated_by: String,
}

fn read(row: &Row) -> Result<Setting> {
    let sealed = row.get("sealed")?;
    Ok(Setting {
        name: row.get("name")?,
        value: if sealed { None } else { Some(row.json("value")?) },
        sealed,
        updated_at: row.get("updated_at")?,
        updated_by: row.get("updated_by")?,
    })
}

const SELECT: &str = "SELECT name, value, sealed, updated_at, updated_by FROM settings";

/// Every setting by name.
pub fn list(tx: &Tx) -> Result<Vec<Setting>> {
    rows::all(&tx.query(&format!("{SELECT} ORDER BY name"), &[])?, read)
}

/// The secret `name`. Errors: those of [`seal::open`].
pub fn secret(tx: &Tx, keys: &Keys, name: &str) -> Result<Option<Secret<String>>> {
    let Some(row) = tx.one("SELECT value FROM settings WHERE name = ? AND sealed = 1", &values![name])? else {
        return Ok(None);
    };
    let plain = seal::open(keys, place(name), &row.get::<String>("value")?)?;
    let text = String::from_utf8(plain.expose().clone()).map_err(|_| Error::fault("a sealed setting is not text"))?;
    Ok(Some(Secret::new(text)))
}

/// Sets `name` to a value that may be shown.
pub fn put(tx: &Tx, name: &str, value: &serde_json::Value, by: &str, now: Time) -> Result<()> {
    write(tx, name, &value.to_string(), false, (by, now))
}

/// Sets `name` to a secret.
pub fn put_secret(tx: &Tx, keys: &Keys, name: &str, value: &Secret<String>, by: &str, now: Time) -> Result<()> {
    let sealed = seal::seal(keys, place(name), value.expose().as_bytes())?;
    write(tx, name, &sealed, true, (by, now))
}

/// Goes back to the default of `name`.
pub fn delete(tx: &Tx, name: &str) -> Result<bool> {
    tx.exec_one("DELETE FROM settings WHERE name = ?", &values![name])
}

fn write(tx: &Tx, name: &str, value: &str, sealed: bool, (by, now): (&str, Time)) -> Result<()> {
    let update = "UPDATE settings SET value = ?, sealed = ?, updated_at = ?, updated_by = ? WHERE name = ?";
    if !tx.exec_one(update, &values![value, sealed, now, by, name])? {
        let insert = "INSERT INTO settings (value, sealed, updated_at, updated_by, name) VALUES (?, ?, ?, ?, ?)";
        tx.exec(insert, &values![value, sealed, now, by, name])?;
    }
    Ok(())
}

fn place(name: &str) -> Place<'_> {
    Place { table: "settings", column: "value", row: name }
}
