//! The token with which the first administrator takes the server over: one at a time, used once.

use super::keys::sha256_hex;
use super::{Tx, rows};
use crate::base::clock::Time;
use crate::base::{Result, Secret};
use crate::values;
use subtle::ConstantTimeEq;

/// What came of trying a claim token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// It was right.
    Accepted,
    /// It was wrong; the failure is counted.
    Wrong,
    /// It was tried wrongly too often and is worth nothing any more.
    Exhausted,
    /// Its time is over.
    Expired,
    /// It was used before.
    Used,
    /// There is none.
    Absent,
}

/// State of the claim token.
#[derive(Debug, Clone)]
pub struct Claim {
    /// When it stops working.
    pub expires_at: Time,
    /// When it was used.
    pub used_at: Option<Time>,
    /// Wrong tries so far.
    pub failures: u32,
    token_hash: String,
}

/// The claim token's state.
pub fn current(tx: &Tx) -> Result<Option<Claim>> {
    let row = tx.one("SELECT token_hash, expires_at, used_at, failures FROM claim WHERE id = 1", &[])?;
    rows::first(row, |r| {
        Ok(Claim {
            token_hash: r.get("token_hash")?,
            expires_at: r.get("expires_at")?,
            used_at: r.get("used_at")?,
            failures: r.get("failures")?,
        })
    })
}

/// Puts a new token in the place of the earlier one.
pub fn put(tx: &Tx, token: &Secret<String>, expires_at: Time) -> Result<()> {
    withdraw(tx)?;
    let sql = "INSERT INTO claim (id, token_hash, expires_at, failures) VALUES (1, ?, ?, 0)";
    tx.exec(sql, &values![sha256_hex(token.expose()), expires_at]).map(drop)
}

/// Removes the token.
pub fn withdraw(tx: &Tx) -> Result<()> {
    tx.exec("DELETE FROM claim WHERE id = 1", &[]).map(drop)
}

/// Tries `token` without using it. The outcome is an answer, not an error, because a wrong try must be committed to count.
pub fn try_token(tx: &Tx, token: &Secret<String>, now: Time, failures_max: u32) -> Result<Tried> {
    let Some(claim) = current(tx)? else { return Ok(Tried::Absent) };
    if claim.used_at.is_some() {
        return Ok(Tried::Used);
    }
    if claim.failures >= failures_max {
        return Ok(Tried::Exhausted);
    }
    if now >= claim.expires_at {
        return Ok(Tried::Expired);
    }
    let given = sha256_hex(token.expose());
    if bool::from(given.as_bytes().ct_eq(claim.token_hash.as_bytes())) {
        return Ok(Tried::Accepted);
    }
    tx.exec("UPDATE claim SET failures = failures + 1 WHERE id = 1", &[])?;
    Ok(Tried::Wrong)
}

/// As [`try_token`]; an accepted token is used up.
pub fn try_use(tx: &Tx, token: &Secret<String>, now: Time, failures_max: u32) -> Result<Tried> {
    let tried = try_token(tx, token, now, failures_max)?;
    if tried == Tried::Accepted {
        tx.exec("UPDATE claim SET used_at = ? WHERE id = 1", &values![now])?;
    }
    Ok(tried)
}
