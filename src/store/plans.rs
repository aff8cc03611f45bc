//! Plans with the bytes they are going to write.

use super::{Row, Tx, rows};
use crate::base::Result;
use crate::base::clock::Time;
use crate::values;
use serde_json::Value as Json;

const SELECT: &str = "SELECT id, operation, actor, body, created_at, expires_at, state FROM plans";

/// State of a plan that nobody has applied yet.
pub const PLANNED: &str = "planned";
/// State of a plan that is being applied.
pub const APPLYING: &str = "applying";
/// State of a plan that is done.
pub const APPLIED: &str = "applied";
/// State of a plan that could not be applied; why stands in its job.
pub const FAILED: &str = "failed";
/// State of a plan that was interrupted and taken back.
pub const UNDONE: &str = "undone";

/// Nothing refers to the plan.
const FREE: &str = "NOT EXISTS (SELECT 1 FROM reservations WHERE reservations.plan_id = plans.id) \
                    AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.plan_id = plans.id)";

/// A plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Id.
    pub id: String,
    /// The operation it carries out.
    pub operation: String,
    /// Who made it.
    pub actor: Json,
    /// The plan itself with the rendered bytes; `None` once it is old ([`reduce_ended`]).
    pub body: Option<Json>,
    /// When it was made.
    pub created_at: Time,
    /// Until when it can be applied.
    pub expires_at: Time,
    /// [`PLANNED`], [`APPLYING`], [`APPLIED`], [`FAILED`] or [`UNDONE`].
    pub state: String,
}

fn read(row: &Row) -> Result<Plan> {
    Ok(Plan {
        id: row.get("id")?,
        operation: row.get("operation")?,
        actor: row.json("actor")?,
        body: row.json_opt("body")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        state: row.get("state")?,
    })
}

/// Adds a plan.
pub fn insert(tx: &Tx, plan: &Plan) -> Result<()> {
    let Plan { id, operation, actor, body, created_at, expires_at, state } = plan;
    let sql = "INSERT INTO plans (id, operation, actor, body, created_at, expires_at, state) \
               VALUES (?, ?, ?, ?, ?, ?, ?)";
    tx.exec(sql, &values![id, operation, actor, body.as_ref(), *created_at, *expires_at, state]).map(drop)
}

/// Who made the plans that can still be applied, and when each runs out; those that do so first come first.
pub fn open(tx: &Tx, now: Time) -> Result<Vec<(Json, Time)>> {
    let sql = "SELECT actor, expires_at FROM plans WHERE state = ? AND expires_at > ? ORDER BY expires_at";
    tx.query(sql, &values![PLANNED, now])?.iter().map(|row| Ok((row.json("actor")?, row.get("expires_at")?))).collect()
}

/// The plan with this id.
pub fn by_id(tx: &Tx, id: &str) -> Result<Option<Plan>> {
    rows::first(tx.one(&format!("{SELECT} WHERE id = ?"), &values![id])?, read)
}

/// Moves a plan from one state to another; `false` when it is not in `from`, because somebody was first.
pub fn set_state(tx: &Tx, id: &str, from: &str, to: &str) -> Result<bool> {
    tx.exec_one("UPDATE plans SET state = ? WHERE id = ? AND state = ?", &values![to, id, from])
}

/// Ends the plans that an earlier run left in the middle, and gives back what they reserved; how many that were.
pub fn close_interrupted(tx: &Tx) -> Result<u64> {
    let sql = "DELETE FROM reservations WHERE plan_id IN (SELECT id FROM plans WHERE state = ?)";
    tx.exec(sql, &values![APPLYING])?;
    tx.exec("UPDATE plans SET state = ? WHERE state = ?", &values![UNDONE, APPLYING])
}

/// Drops the plans that ran out without being applied, and every reservation that did; how many plans that were. A plan
/// that a job refers to stays.
pub fn delete_expired(tx: &Tx, now: Time) -> Result<u64> {
    super::reservations::forget(tx, now)?;
    let sql = format!("DELETE FROM plans WHERE state = ? AND expires_at <= ? AND {FREE}");
    tx.exec(&sql, &values![PLANNED, now])
}

/// Takes the bodies out of ended plans that ran out before `before`, and drops those that no job refers to any more; how
/// many plans either met.
pub fn reduce_ended(tx: &Tx, before: Time) -> Result<u64> {
    let ended = "state IN (?, ?, ?) AND expires_at < ?";
    let values = values![APPLIED, FAILED, UNDONE, before];
    let dropped = tx.exec(&format!("DELETE FROM plans WHERE {ended} AND {FREE}"), &values)?;
    let reduced = tx.exec(&format!("UPDATE plans SET body = NULL WHERE {ended} AND body IS NOT NULL"), &values)?;
    Ok(dropped + reduced)
}
