//! The lease row: one active `serve` per store, also where a file lock cannot tell (a database server later).

use super::{Store, Tx};
use crate::base::clock::Time;
use crate::base::{Error, Kind, Result, limits};
use crate::values;

/// Who serves this store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Random id of the process, made at its start.
    pub owner: String,
    /// When it last said that it is alive.
    pub heartbeat_at: Time,
}

/// The lease as it stands.
pub fn current(tx: &Tx) -> Result<Option<Lease>> {
    let row = tx.one("SELECT owner, heartbeat_at FROM lease WHERE id = 1", &[])?;
    row.map(|r| Ok(Lease { owner: r.get("owner")?, heartbeat_at: r.get("heartbeat_at")? })).transpose()
}

/// Makes `owner` the one who serves. With the database in a file the lock on the state folder proves that the earlier
/// owner is gone; otherwise its heartbeat has to be old. Error: `store_leased`.
pub fn take(store: &Store, owner: &str) -> Result<()> {
    let now = store.now();
    store.write(|tx| {
        match current(tx)? {
            Some(held) if held.owner != owner && !store.owns_files() && alive(&held, now) => {
                return Err(Error::new(Kind::Conflict, "store_leased")
                    .with("owner", held.owner)
                    .with("age_s", now.since_s(held.heartbeat_at)));
            }
            Some(_) => {
                tx.exec("UPDATE lease SET owner = ?, heartbeat_at = ? WHERE id = 1", &values![owner, now])?;
            }
            None => {
                tx.exec("INSERT INTO lease (id, owner, heartbeat_at) VALUES (1, ?, ?)", &values![owner, now])?;
            }
        }
        Ok(())
    })
}

/// Says that `owner` is alive; `false` when somebody else has the lease, after which it must stop changing things.
pub fn beat(store: &Store, owner: &str) -> Result<bool> {
    let now = store.now();
    store.write(|tx| tx.exec_one("UPDATE lease SET heartbeat_at = ? WHERE id = 1 AND owner = ?", &values![now, owner]))
}

/// Gives the lease up at an orderly end.
pub fn release(store: &Store, owner: &str) -> Result<()> {
    store.write(|tx| tx.exec("DELETE FROM lease WHERE id = 1 AND owner = ?", &values![owner]).map(drop))
}

fn alive(lease: &Lease, now: Time) -> bool {
    now.since_s(lease.heartbeat_at) < limits::JOB_HEARTBEAT_S_MAX
}
