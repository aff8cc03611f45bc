//! The counter of applied configurations.

use super::Tx;
use crate::base::Result;
use crate::values;

/// The generation that is in force, 0 before the first.
pub fn current(tx: &Tx) -> Result<i64> {
    tx.count("SELECT number FROM generation WHERE id = 1", &[])
}

/// Goes on from `number`, that of nginx's files: they may be of another age than the database.
pub fn go_on_from(tx: &Tx, number: i64) -> Result<()> {
    next(tx)?;
    tx.exec("UPDATE generation SET number = ? WHERE id = 1", &values![number]).map(drop)
}

/// Takes the next number.
pub fn next(tx: &Tx) -> Result<i64> {
    if !tx.exec_one("UPDATE generation SET number = number + 1 WHERE id = 1", &[])? {
        tx.exec("INSERT INTO generation (id, number) VALUES (1, ?)", &values![1])?;
    }
    current(tx)
}
