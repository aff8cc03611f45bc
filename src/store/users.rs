//! Accounts of the panel.

use super::{Row, Tx, rows};
use crate::base::clock::Time;
use crate::base::{Result, Secret};
use crate::values;

const SELECT: &str = "SELECT id, name, role, password_hash, disabled, revision, created_at, updated_at, \
                      password_changed_at FROM users";

/// An account.
#[derive(Debug, Clone)]
pub struct User {
    /// Id, for good.
    pub id: String,
    /// Unique name, lower case.
    pub name: String,
    /// `admin`, `operator` or `viewer`.
    pub role: String,
    /// PHC string of the password's hash.
    pub password_hash: Secret<String>,
    /// Whether signing in is refused.
    pub disabled: bool,
    /// Counts the changes, from 1.
    pub revision: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// When the password was last changed.
    pub password_changed_at: Time,
}

fn read(row: &Row) -> Result<User> {
    Ok(User {
        id: row.get("id")?,
        name: row.get("name")?,
        role: row.get("role")?,
        password_hash: Secret::new(row.get("password_hash")?),
        disabled: row.get("disabled")?,
        revision: row.get("revision")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        password_changed_at: row.get("password_changed_at")?,
    })
}

/// Adds an account. Error: `row_exists` when the name is taken.
pub fn insert(tx: &Tx, user: &User) -> Result<()> {
    let sql = "INSERT INTO users (id, name, role, password_hash, disabled, revision, created_at, updated_at, \
               password_changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let User { id, name, role, password_hash, disabled, revision, created_at, updated_at, password_changed_at } = user;
    let hash = password_hash.expose();
    let values = values![id, name, role, hash, *disabled, *revision, *created_at, *updated_at, *password_changed_at];
    tx.exec(sql, &values).map(drop)
}

/// The account with this id.
pub fn by_id(tx: &Tx, id: &str) -> Result<Option<User>> {
    rows::first(tx.one(&format!("{SELECT} WHERE id = ?"), &values![id])?, read)
}

/// The account with this name.
pub fn by_name(tx: &Tx, name: &str) -> Result<Option<User>> {
    rows::first(tx.one(&format!("{SELECT} WHERE name = ?"), &values![name])?, read)
}

/// Every account by name.
pub fn list(tx: &Tx) -> Result<Vec<User>> {
    rows::all(&tx.query(&format!("{SELECT} ORDER BY name"), &[])?, read)
}

/// How many accounts can sign in as `admin`: the last one must stay.
pub fn count_admins(tx: &Tx) -> Result<i64> {
    tx.count("SELECT COUNT(*) FROM users WHERE role = 'admin' AND disabled = 0", &[])
}

/// How many accounts there are.
pub fn count(tx: &Tx) -> Result<i64> {
    tx.count("SELECT COUNT(*) FROM users", &[])
}

/// Writes role, password and state of `user`, whose `revision` is the one that was read. Answers the new revision.
/// Errors: `revision_stale`, `row_missing`.
pub fn update(tx: &Tx, user: &User) -> Result<i64> {
    let sql = "UPDATE users SET role = ?, password_hash = ?, disabled = ?, revision = revision + 1, updated_at = ?, \
               password_changed_at = ? WHERE id = ? AND revision = ?";
    let User { id, role, password_hash, disabled, revision, updated_at, password_changed_at, .. } = user;
    let hash = password_hash.expose();
    let values = values![role, hash, *disabled, *updated_at, *password_changed_at, id, *revision];
    if tx.exec_one(sql, &values)? {
        return Ok(revision + 1);
    }
    Err(rows::stale(tx, "SELECT revision FROM users WHERE id = ?", id, *revision))
}

/// Removes an account with its sessions, tokens, views and preferences; `false` when there was none.
pub fn delete(tx: &Tx, id: &str) -> Result<bool> {
    super::sessions::delete_of_user(tx, id, None)?;
    super::tokens::delete_of_user(tx, id)?;
    super::list_views::delete_of_user(tx, id)?;
    super::preferences::delete_of_user(tx, id)?;
    tx.exec_one("DELETE FROM users WHERE id = ?", &values![id])
}
