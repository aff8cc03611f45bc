//! Failed sign-ins, counted per account and per address.

use super::keys::sha256_hex;
use super::{Tx, rows};
use crate::base::clock::Time;
use crate::base::{Result, ids};
use crate::values;

/// Who failed.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// An account by the name that was typed, whether it exists or not.
    Account(&'a str),
    /// A client's address.
    Address(&'a str),
}

impl Subject<'_> {
    /// What is stored. A typed name may be anything, a password by mistake even, so only its hash is kept.
    fn key(self) -> String {
        match self {
            Subject::Account(name) => format!("account:{}", sha256_hex(name.to_lowercase())),
            Subject::Address(address) => format!("address:{}", rows::clip(address, 64)),
        }
    }
}

/// Notes a failure; its id lets it be taken back.
pub fn record(tx: &Tx, subject: Subject<'_>, now: Time) -> Result<String> {
    let sql = "INSERT INTO sign_in_failures (id, subject, at) VALUES (?, ?, ?)";
    let id = ids::new_id("f")?;
    tx.exec(sql, &values![&id, subject.key(), now])?;
    Ok(id)
}

/// Takes a failure back: the attempt it stood for went well.
pub fn take_back(tx: &Tx, id: &str) -> Result<bool> {
    tx.exec_one("DELETE FROM sign_in_failures WHERE id = ?", &values![id])
}

/// Failures since `since`, and the time of the last one.
pub fn since(tx: &Tx, subject: Subject<'_>, since: Time) -> Result<(i64, Option<Time>)> {
    let sql = "SELECT COUNT(*), MAX(at) FROM sign_in_failures WHERE subject = ? AND at >= ?";
    match tx.one(sql, &values![subject.key(), since])? {
        Some(row) => Ok((row.get(0)?, row.get(1)?)),
        None => Ok((0, None)),
    }
}

/// Forgets the failures of one subject, after it signed in.
pub fn clear(tx: &Tx, subject: Subject<'_>) -> Result<u64> {
    tx.exec("DELETE FROM sign_in_failures WHERE subject = ?", &values![subject.key()])
}

/// Forgets every failure before `before`.
pub fn forget(tx: &Tx, before: Time) -> Result<u64> {
    tx.exec("DELETE FROM sign_in_failures WHERE at < ?", &values![before])
}
