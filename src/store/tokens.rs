//! Access tokens of the API. The secret of a token is stored only as its hash.

use super::keys::sha256_hex;
use super::{Row, Tx, rows};
use crate::base::clock::Time;
use crate::base::{Error, Result, Secret};
use crate::values;

const SELECT: &str = "SELECT id, name, user_id, role, scopes, expires_at, last_used_at, last_used_address, created_at, \
                      created_by FROM tokens";

/// A token.
#[derive(Debug, Clone)]
pub struct Token {
    /// Id that may be shown.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whose it is; `None` for one made on the console.
    pub user_id: Option<String>,
    /// The most it can do: `admin`, `operator` or `viewer`.
    pub role: String,
    /// What it is limited to within its role; empty for no further limit.
    pub scopes: Vec<String>,
    /// When it stops working.
    pub expires_at: Option<Time>,
    /// When it was last used.
    pub last_used_at: Option<Time>,
    /// From where.
    pub last_used_address: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// By whom.
    pub created_by: String,
}

fn read(row: &Row) -> Result<Token> {
    Ok(Token {
        id: row.get("id")?,
        name: row.get("name")?,
        user_id: row.get("user_id")?,
        role: row.get("role")?,
        scopes: row.json("scopes")?,
        expires_at: row.get("expires_at")?,
        last_used_at: row.get("last_used_at")?,
        last_used_address: row.get("last_used_address")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
    })
}

/// Adds a token with its secret.
pub fn insert(tx: &Tx, token: &Token, secret: &Secret<String>) -> Result<()> {
    let sql = "INSERT INTO tokens (id, name, token_hash, user_id, role, scopes, expires_at, last_used_at, \
               last_used_address, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let Token { id, name, user_id, role, expires_at, created_at, created_by, .. } = token;
    let scopes = serde_json::to_string(&token.scopes).map_err(Error::fault)?;
    let hash = sha256_hex(secret.expose());
    let (used_at, used_address) = (token.last_used_at, &token.last_used_address);
    let values =
        values![id, name, hash, user_id, role, scopes, *expires_at, used_at, used_address, *created_at, created_by];
    tx.exec(sql, &values).map(drop)
}

/// The token with this secret, expired or not. Finding it by the hash tells nothing about the secret by its timing.
pub fn by_secret(tx: &Tx, secret: &Secret<String>) -> Result<Option<Token>> {
    let hash = sha256_hex(secret.expose());
    rows::first(tx.one(&format!("{SELECT} WHERE token_hash = ?"), &values![hash])?, read)
}

/// The token with this id.
pub fn by_id(tx: &Tx, id: &str) -> Result<Option<Token>> {
    rows::first(tx.one(&format!("{SELECT} WHERE id = ?"), &values![id])?, read)
}

/// Every token, newest first.
pub fn list(tx: &Tx) -> Result<Vec<Token>> {
    rows::all(&tx.query(&format!("{SELECT} ORDER BY created_at DESC, id"), &[])?, read)
}

/// Notes that a token was used.
pub fn used(tx: &Tx, id: &str, now: Time, address: &str) -> Result<bool> {
    let sql = "UPDATE tokens SET last_used_at = ?, last_used_address = ? WHERE id = ?";
    tx.exec_one(sql, &values![now, address, id])
}

/// Revokes a token.
pub fn delete(tx: &Tx, id: &str) -> Result<bool> {
    tx.exec_one("DELETE FROM tokens WHERE id = ?", &values![id])
}

/// Revokes every token of an account; how many that were.
pub fn delete_of_user(tx: &Tx, user_id: &str) -> Result<u64> {
    tx.exec("DELETE FROM tokens WHERE user_id = ?", &values![user_id])
}
