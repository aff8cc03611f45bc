//! Plans with the bytes they are going to write.

use super::{Row, Tx, rows};
use crate::base::Result;
use crate::base::clock::Time;
use crate::values;
use serde_json::Value as Json;

const SELECT: &str = "SELECT id, operation, actor, body, created_at, expires_at, state FROM plans";

/// State of a plan that nobody has applied yet.
pub const PLANNED: &str = "planned";

/// A plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Id.
    pub id: String,
    /// The operation it carries out.
    pub operation: String,
    /// Who made it.
    pub actor: Json,
    /// The plan itself with the rendered bytes.
    pub body: Json,
    /// When it was made.
    pub created_at: Time,
    /// Until when it can be applied.
    pub expires_at: Time,
    /// [`PLANNED`], or how far applying it came.
    pub state: String,
}

fn read(row: &Row) -> Result<Plan> {
    Ok(Plan {
        id: row.get("id")?,
        operation: row.get("operation")?,
        actor: row.json("actor")?,
        body: row.json("body")?,
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
    tx.exec(sql, &values![id, operation, actor, body, *created_at, *expires_at, state]).map(drop)
}

/// The plan with this id.
pub fn by_id(tx: &Tx, id: &str) -> Result<Option<Plan>> {
    rows::first(tx.one(&format!("{SELECT} WHERE id = ?"), &values![id])?, read)
}

/// Moves a plan from one state to another; `false` when it is not in `from`, because somebody was first.
pub fn set_state(tx: &Tx, id: &str, from: &str, to: &str) -> Result<bool> {
    tx.exec_one("UPDATE plans SET state = ? WHERE id = ? AND state = ?", &values![to, id, from])
}

/// Drops the plans that ran out without being applied; how many that were.
pub fn delete_expired(tx: &Tx, now: Time) -> Result<u64> {
    super::reservations::forget(tx, now)?;
    let sql = "DELETE FROM plans WHERE state = ? AND expires_at <= ? \
               AND id NOT IN (SELECT plan_id FROM reservations) \
               AND id NOT IN (SELECT plan_id FROM jobs WHERE plan_id IS NOT NULL)";
    tx.exec(sql, &values![PLANNED, now])
}
