//! The counter of applied configurations.

use super::Tx;
use crate::base::Result;
use crate::values;

/// The generation that is in force, 0 before the first.
pub fn current(tx: &Tx) -> Result<i64> {
    tx.count("SELECT number FROM generation WHERE id = 1", &[])
}

/// Takes the next number.
pub fn next(tx: &Tx) -> Result<i64> {
    if !tx.exec_one("UPDATE generation SET number = number + 1 WHERE id = 1", &[])? {
        tx.exec("INSERT INTO generation (id, number) VALUES (1, ?)", &values![1])?;
    }
    current(tx)
}
