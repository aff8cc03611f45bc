//! Names that a plan under way is going to use.

use super::Tx;
use crate::base::clock::Time;
use crate::base::names::Domain;
use crate::base::{Error, Kind, Result};
use crate::values;

/// Reserves `names` for a plan. Reservations that ran out make room. Error: `name_reserved`.
pub fn take(tx: &Tx, plan_id: &str, names: &[Domain], now: Time, expires_at: Time) -> Result<()> {
    forget(tx, now)?;
    for name in names {
        let sql = "INSERT INTO reservations (name, plan_id, expires_at) VALUES (?, ?, ?)";
        tx.exec(sql, &values![name.ascii(), plan_id, expires_at]).map_err(|e| match e.code() {
            "row_exists" => Error::new(Kind::Conflict, "name_reserved").with("name", name),
            _ => e,
        })?;
    }
    Ok(())
}

/// Gives back what a plan reserved; how many names that were.
pub fn release(tx: &Tx, plan_id: &str) -> Result<u64> {
    tx.exec("DELETE FROM reservations WHERE plan_id = ?", &values![plan_id])
}

/// Drops every reservation that ran out.
pub fn forget(tx: &Tx, now: Time) -> Result<u64> {
    tx.exec("DELETE FROM reservations WHERE expires_at <= ?", &values![now])
}
