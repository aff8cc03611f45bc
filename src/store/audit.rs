//! The audit trail: who did what to which object, with what result. Each entry carries a keyed hash over itself and its
//! predecessor's (HMAC-SHA256, RFC 2104), so that a changed, removed or inserted entry shows.

mod chain;

pub use chain::{ChainReport, Head, head, verify_chain};

use super::page::{self, Conditions, Page, order};
use super::{Keys, Row, Store, Tx, rows};
use crate::base::clock::Time;
use crate::base::{Result, limits};
use crate::values;
use serde::Serialize;

const SELECT: &str = "SELECT seq, at, actor, actor_kind, address, operation, target, plan_id, result, code, params, \
                      state_before, state_after, request_id, hash, prev_hash FROM audit";

/// What is to be remembered.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// Who, as shown: an account, `root@console`, a token's name.
    pub actor: String,
    /// `user`, `token`, `console`, `system` or `plugin`.
    pub actor_kind: String,
    /// From where; empty for the panel itself.
    pub address: String,
    /// Which operation.
    pub operation: String,
    /// On what.
    pub target: String,
    /// By which plan.
    pub plan_id: Option<String>,
    /// `started`, `done`, `failed`, `refused` or `undone`.
    pub result: String,
    /// Code of the error.
    pub code: Option<String>,
    /// Parameters, secrets masked.
    pub params: serde_json::Value,
    /// The object before, secrets masked.
    pub before: Option<serde_json::Value>,
    /// The object after, secrets masked.
    pub after: Option<serde_json::Value>,
    /// The request it belongs to.
    pub request_id: String,
}

/// An entry of the trail.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// Position, from 1 without gaps.
    pub seq: i64,
    /// What is remembered.
    #[serde(flatten)]
    pub entry: Entry,
    /// Keyed hash of the entry and of `prev_hash`.
    pub hash: String,
    /// The `hash` of the entry before.
    pub prev_hash: String,
}

/// Which entries are wanted; an absent part does not limit.
#[derive(Debug, Clone, Default)]
pub struct Filter<'a> {
    /// By this actor.
    pub actor: Option<&'a str>,
    /// This operation.
    pub operation: Option<&'a str>,
    /// On this target.
    pub target: Option<&'a str>,
    /// With this result.
    pub result: Option<&'a str>,
    /// Only changes, tried or made; not by these operations.
    pub changes: Option<&'a [&'a str]>,
    /// Not before.
    pub from: Option<Time>,
    /// Before.
    pub until: Option<Time>,
    /// This text in actor, operation, target, code or parameters, in either case of letters.
    pub text: Option<&'a str>,
}

fn read(row: &Row) -> Result<Record> {
    let entry = Entry {
        at: row.get("at")?,
        actor: row.get("actor")?,
        actor_kind: row.get("actor_kind")?,
        address: row.get("address")?,
        operation: row.get("operation")?,
        target: row.get("target")?,
        plan_id: row.get("plan_id")?,
        result: row.get("result")?,
        code: row.get("code")?,
        params: row.json("params")?,
        before: row.json_opt("state_before")?,
        after: row.json_opt("state_after")?,
        request_id: row.get("request_id")?,
    };
    Ok(Record { seq: row.get("seq")?, entry, hash: row.get("hash")?, prev_hash: row.get("prev_hash")? })
}

/// Adds an entry inside the caller's transaction, so that a change and its trace are kept or lost together. Answers its
/// position.
pub fn append(tx: &Tx, keys: &Keys, entry: &Entry) -> Result<i64> {
    let entry = Entry {
        actor: rows::clip(&entry.actor, 64),
        address: rows::clip(&entry.address, 64),
        target: rows::clip(&entry.target, 253),
        request_id: rows::clip(&entry.request_id, 64),
        ..entry.clone()
    };
    let before = head(tx)?;
    let seq = before.seq + 1;
    let hash = chain::hash(keys, seq, &before.hash, &entry);
    let Entry { at, actor, actor_kind, address, operation, target, plan_id, result, code, .. } = &entry;
    let sql = "INSERT INTO audit (seq, at, actor, actor_kind, address, operation, target, plan_id, result, code, params, \
               state_before, state_after, request_id, hash, prev_hash) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let (state_before, state_after) = (entry.before.as_ref(), entry.after.as_ref());
    let mut values = values![seq, *at, actor, actor_kind, address, operation, target, plan_id, result, code].to_vec();
    values.extend(values![&entry.params, state_before, state_after, &entry.request_id, hash, before.hash]);
    tx.exec(sql, &values)?;
    Ok(seq)
}

/// Entries that match, newest first.
pub fn search(tx: &Tx, filter: &Filter<'_>, cursor: Option<&str>, limit: u32) -> Result<Page<Record>> {
    page::page(tx, SELECT, conditions(filter), order!("seq", "seq", desc), (cursor, limit), read)
}

/// How many entries match.
pub fn count(tx: &Tx, filter: &Filter<'_>) -> Result<i64> {
    conditions(filter).count(tx, "audit")
}

/// The next page of the entries that match, oldest first: an export is one page after another, in transactions of their
/// own, so that it holds neither memory nor a reader while its client is slow.
pub fn export(store: &Store, filter: &Filter<'_>, cursor: Option<&str>) -> Result<Page<Record>> {
    let at = (cursor, limits::PAGE_ROWS_MAX);
    store.read(|tx| page::page(tx, SELECT, conditions(filter), order!("seq", "seq", asc), at, read))
}

fn conditions(filter: &Filter<'_>) -> Conditions {
    let mut wanted = Conditions::default();
    wanted.add_some("actor = ?", filter.actor);
    wanted.add_some("operation = ?", filter.operation);
    wanted.add_some("target = ?", filter.target);
    wanted.add_some("result = ?", filter.result);
    if let Some(others) = filter.changes {
        wanted.add("result IN ('done', 'failed', 'undone')", []);
        others.iter().for_each(|other| wanted.add("operation <> ?", [(*other).into()]));
    }
    wanted.add_some("at >= ?", filter.from);
    wanted.add_some("at < ?", filter.until);
    if let Some(text) = filter.text {
        let sql = "(LOWER(actor) LIKE ? ESCAPE '!' OR LOWER(operation) LIKE ? ESCAPE '!' \
                   OR LOWER(target) LIKE ? ESCAPE '!' OR LOWER(COALESCE(code, '')) LIKE ? ESCAPE '!' \
                   OR LOWER(params) LIKE ? ESCAPE '!')";
        wanted.add(sql, std::iter::repeat_n(page::like(text).into(), 5));
    }
    wanted
}

#[cfg(test)]
mod tests;
