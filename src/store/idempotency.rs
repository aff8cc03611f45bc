//! Answers remembered by `Idempotency-Key`, so that a repeated request is not done twice.

use super::Tx;
use crate::base::Result;
use crate::base::clock::Time;
use crate::values;

/// What is known about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing; it is taken now and the request may run.
    New,
    /// The first request still runs.
    Running,
    /// The first request is done and this was its answer.
    Done {
        /// HTTP status.
        status: u32,
        /// Body.
        body: String,
    },
    /// The key belongs to another request.
    OtherRequest,
}

/// Takes `key` of `actor` for the request with `request_hash`, or says what is known about it.
pub fn begin(tx: &Tx, actor: &str, key: &str, request_hash: &str, now: Time) -> Result<Begun> {
    let sql = "SELECT request_hash, status, body FROM idempotency WHERE actor = ? AND idem_key = ?";
    let Some(row) = tx.one(sql, &values![actor, key])? else {
        let sql = "INSERT INTO idempotency (actor, idem_key, request_hash, created_at) VALUES (?, ?, ?, ?)";
        tx.exec(sql, &values![actor, key, request_hash, now])?;
        return Ok(Begun::New);
    };
    if row.get::<String>("request_hash")? != request_hash {
        return Ok(Begun::OtherRequest);
    }
    Ok(match (row.get("status")?, row.get("body")?) {
        (Some(status), Some(body)) => Begun::Done { status, body },
        _ => Begun::Running,
    })
}

/// Remembers the answer.
pub fn finish(tx: &Tx, actor: &str, key: &str, status: u32, body: &str) -> Result<bool> {
    let sql = "UPDATE idempotency SET status = ?, body = ? WHERE actor = ? AND idem_key = ?";
    tx.exec_one(sql, &values![status, body, actor, key])
}

/// Gives a key up whose request came to nothing and may be repeated.
pub fn abandon(tx: &Tx, actor: &str, key: &str) -> Result<bool> {
    tx.exec_one("DELETE FROM idempotency WHERE actor = ? AND idem_key = ?", &values![actor, key])
}

/// Forgets everything before `before`.
pub fn forget(tx: &Tx, before: Time) -> Result<u64> {
    tx.exec("DELETE FROM idempotency WHERE created_at < ?", &values![before])
}
