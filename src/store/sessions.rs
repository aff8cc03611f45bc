//! Signed-in browsers. The secret of a session is stored only as its hash.

use super::keys::sha256_hex;
use super::{Row, Tx, rows};
use crate::base::clock::Time;
use crate::base::{Result, Secret};
use crate::values;

const SELECT: &str = "SELECT id, user_id, created_at, last_seen_at, verified_at, address, agent FROM sessions";
/// Longest description of a browser that is kept, in characters.
const AGENT_CHARS_MAX: usize = 512;

/// A session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Id that may be shown.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// When it began.
    pub created_at: Time,
    /// When it was last used.
    pub last_seen_at: Time,
    /// When the password was last asked for.
    pub verified_at: Time,
    /// Address it was last used from.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

fn read(row: &Row) -> Result<Session> {
    Ok(Session {
        id: row.get("id")?,
        user_id: row.get("user_id")?,
        created_at: row.get("created_at")?,
        last_seen_at: row.get("last_seen_at")?,
        verified_at: row.get("verified_at")?,
        address: row.get("address")?,
        agent: row.get("agent")?,
    })
}

/// Adds a session with its secret.
pub fn insert(tx: &Tx, session: &Session, secret: &Secret<String>) -> Result<()> {
    let sql = "INSERT INTO sessions (id, token_hash, user_id, created_at, last_seen_at, verified_at, address, agent) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let Session { id, user_id, created_at, last_seen_at, verified_at, address, agent } = session;
    let hash = sha256_hex(secret.expose());
    let agent = rows::clip(agent, AGENT_CHARS_MAX);
    tx.exec(sql, &values![id, hash, user_id, *created_at, *last_seen_at, *verified_at, address, agent]).map(drop)
}

/// The session with this secret. Finding it by the hash tells nothing about the secret by its timing.
pub fn by_secret(tx: &Tx, secret: &Secret<String>) -> Result<Option<Session>> {
    let hash = sha256_hex(secret.expose());
    rows::first(tx.one(&format!("{SELECT} WHERE token_hash = ?"), &values![hash])?, read)
}

/// The session with this id.
pub fn by_id(tx: &Tx, id: &str) -> Result<Option<Session>> {
    rows::first(tx.one(&format!("{SELECT} WHERE id = ?"), &values![id])?, read)
}

/// Hash of the secret of the session with this id, for what is derived from it.
pub fn secret_hash(tx: &Tx, id: &str) -> Result<Option<String>> {
    rows::first(tx.one("SELECT token_hash FROM sessions WHERE id = ?", &values![id])?, |row| row.get(0))
}

/// Every session, last used first.
pub fn list(tx: &Tx) -> Result<Vec<Session>> {
    rows::all(&tx.query(&format!("{SELECT} ORDER BY last_seen_at DESC, id"), &[])?, read)
}

/// Sessions of an account, last used first.
pub fn of_user(tx: &Tx, user_id: &str) -> Result<Vec<Session>> {
    let sql = format!("{SELECT} WHERE user_id = ? ORDER BY last_seen_at DESC, id");
    rows::all(&tx.query(&sql, &values![user_id])?, read)
}

/// Notes that a session was used.
pub fn touch(tx: &Tx, id: &str, now: Time, address: &str) -> Result<bool> {
    tx.exec_one("UPDATE sessions SET last_seen_at = ?, address = ? WHERE id = ?", &values![now, address, id])
}

/// Notes that the password was asked for again.
pub fn verified(tx: &Tx, id: &str, now: Time) -> Result<bool> {
    tx.exec_one("UPDATE sessions SET verified_at = ? WHERE id = ?", &values![now, id])
}

/// Ends a session.
pub fn delete(tx: &Tx, id: &str) -> Result<bool> {
    tx.exec_one("DELETE FROM sessions WHERE id = ?", &values![id])
}

/// Ends every session of an account but `except`; how many that were.
pub fn delete_of_user(tx: &Tx, user_id: &str, except: Option<&str>) -> Result<u64> {
    tx.exec("DELETE FROM sessions WHERE user_id = ? AND id <> ?", &values![user_id, except.unwrap_or_default()])
}

/// Ends every session not used since `idle_before` or begun before `begun_before`.
pub fn delete_expired(tx: &Tx, idle_before: Time, begun_before: Time) -> Result<u64> {
    let sql = "DELETE FROM sessions WHERE last_seen_at < ? OR created_at < ?";
    tx.exec(sql, &values![idle_before, begun_before])
}
