//! The hash chain of the audit trail.

use super::{Entry, Record, SELECT, read};
use crate::base::{Result, limits};
use crate::store::keys::{AUDIT, hex};
use crate::store::{Keys, Store, Tx};
use crate::values;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;

/// What the first entry has for its predecessor's hash.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The last entry. Kept outside the database (the system journal) from time to time, it also shows when entries were cut
/// off at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Position of the last entry, 0 for none.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
}

/// What checking the chain showed.
#[derive(Debug, Clone, Serialize)]
pub struct ChainReport {
    /// Entries that were read.
    pub entries: i64,
    /// Position of the first entry that does not fit; `None` when all do.
    pub first_bad: Option<i64>,
    /// The last entry that fits.
    pub head: Head,
    /// Whether the head that was kept outside is among them; `None` where none was given.
    pub kept_found: Option<bool>,
    /// Whether the chain is whole and contains the head that was kept outside.
    pub ok: bool,
}

/// The last entry.
pub fn head(tx: &Tx) -> Result<Head> {
    let row = tx.one("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", &[])?;
    match row {
        Some(row) => Ok(Head { seq: row.get("seq")?, hash: row.get("hash")? }),
        None => Ok(Head { seq: 0, hash: GENESIS.to_owned() }),
    }
}

/// Checks every entry from the first on, and that the one with the hash `kept`, a head noted earlier, is among them.
pub fn verify_chain(store: &Store, kept: Option<&str>) -> Result<ChainReport> {
    let mut at = Head { seq: 0, hash: GENESIS.to_owned() };
    let mut kept_found = kept.map(|hash| hash == at.hash);
    let mut report = ChainReport { entries: 0, first_bad: None, head: at.clone(), kept_found, ok: false };
    let sql = format!("{SELECT} WHERE seq > ? ORDER BY seq LIMIT ?");
    'pages: loop {
        let rows = store.read(|tx| tx.query(&sql, &values![at.seq, limits::PAGE_ROWS_MAX]))?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            report.entries += 1;
            // An entry that cannot even be read was tampered with, too.
            match read(row) {
                Ok(record) if fits(store.keys(), &at, &record) => at = Head { seq: record.seq, hash: record.hash },
                _ => {
                    report.first_bad = Some(at.seq + 1);
                    break 'pages;
                }
            }
            kept_found = kept.map(|hash| hash == at.hash || kept_found == Some(true));
        }
    }
    report.ok = report.first_bad.is_none() && kept_found != Some(false);
    report.kept_found = kept_found;
    report.head = at;
    Ok(report)
}

fn fits(keys: &Keys, before: &Head, record: &Record) -> bool {
    record.seq == before.seq + 1
        && record.prev_hash == before.hash
        && record.hash == hash(keys, record.seq, &before.hash, &record.entry)
}

/// HMAC over position, predecessor and every field, each behind its length so that no two entries read alike.
pub(super) fn hash(keys: &Keys, seq: i64, prev_hash: &str, entry: &Entry) -> String {
    let optional = |v: &Option<String>| v.as_ref().map_or_else(|| "-".to_owned(), |t| format!("+{t}"));
    let json = |v: &Option<serde_json::Value>| optional(&v.as_ref().map(ToString::to_string));
    let Entry { actor, actor_kind, address, operation, target, result, request_id, .. } = entry;
    let fields = [
        &seq.to_string(),
        prev_hash,
        &entry.at.0.to_string(),
        actor,
        actor_kind,
        address,
        operation,
        target,
        &optional(&entry.plan_id),
        result,
        &optional(&entry.code),
        &entry.params.to_string(),
        &json(&entry.before),
        &json(&entry.after),
        request_id,
    ];
    let mut mac = Hmac::<Sha256>::new_from_slice(&keys.derive(AUDIT)).expect("HMAC takes keys of any length");
    for field in fields {
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field.as_bytes());
    }
    hex(&mac.finalize().into_bytes())
}
