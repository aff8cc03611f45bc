//! What happens to a job during its life.

use super::{JobState, tail};
use crate::base::Result;
use crate::base::clock::Time;
use crate::store::Tx;
use crate::values;
use serde_json::Value as Json;

/// Adds to a job's output, of which the end is kept. Callers gather lines for a moment instead of adding each.
pub fn append_output(tx: &Tx, id: &str, text: &str) -> Result<bool> {
    let Some(row) = tx.one("SELECT output FROM jobs WHERE id = ?", &values![id])? else { return Ok(false) };
    let output = tail(row.get::<String>("output")? + text);
    tx.exec_one("UPDATE jobs SET output = ? WHERE id = ?", &values![output, id])
}

/// Says that a job which was queued runs from now on.
pub fn begin(tx: &Tx, id: &str, now: Time) -> Result<bool> {
    let sql = "UPDATE jobs SET state = 'running', started_at = ? WHERE id = ? AND state = 'queued'";
    tx.exec_one(sql, &values![now, id])
}

/// Ends a job in a final state; `false` when it had ended before. Only one that ended in vain can be repeated, so what a
/// job was asked that is done is forgotten.
pub fn finish(
    tx: &Tx,
    id: &str,
    state: JobState,
    result: Option<&Json>,
    error: Option<&Json>,
    now: Time,
) -> Result<bool> {
    let sql = "UPDATE jobs SET state = ?, result = ?, error = ?, finished_at = ?, \
               input = CASE WHEN ? = 'done' THEN NULL ELSE input END WHERE id = ? AND finished_at IS NULL";
    tx.exec_one(sql, &values![state.text(), result, error, now, state.text(), id])
}

/// Says that `owner` is alive, for all its jobs that wait or run.
pub fn heartbeat(tx: &Tx, owner: &str, now: Time) -> Result<u64> {
    tx.exec("UPDATE jobs SET heartbeat_at = ? WHERE owner = ? AND state IN ('queued', 'running')", &values![now, owner])
}

/// Takes away what a job was asked, so that it is not asked twice; `false` when there was nothing, or somebody was first.
pub fn take_input(tx: &Tx, id: &str) -> Result<bool> {
    tx.exec_one("UPDATE jobs SET input = NULL WHERE id = ? AND input IS NOT NULL", &values![id])
}

/// Gives back what [`take_input`] took.
pub fn give_input(tx: &Tx, id: &str, input: &Json) -> Result<bool> {
    tx.exec_one("UPDATE jobs SET input = ? WHERE id = ?", &values![input, id])
}
