//! The audit trail.

use super::{Cx, Download, Downloads, Meta, Method, Need, Op, Operation, Read};
use crate::base::access::Permission::AuditRead;
use crate::base::clock::Time;
use crate::base::limits::PAGE_ROWS_DEFAULT;
use crate::base::names::{Digest, Domain};
use crate::base::{Error, Result, csv, locale};
use crate::store::audit::{self, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const OPS: &[Op] = &[Op::read::<List>(), Op::download::<Export>(), Op::read::<Verify>()];

/// Operations that leave an entry and change nothing that others would see.
const NO_CHANGES: &[&str] =
    &["session.create", "session.delete", "session.preferences", "setup.update", "view.create", "view.delete"];

/// Which entries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    /// Text in actor, operation, target, code or parameters.
    #[schemars(length(max = 200))]
    q: Option<String>,
    /// By this actor.
    #[schemars(length(max = 64))]
    actor: Option<String>,
    /// This operation.
    #[schemars(length(max = 64))]
    operation: Option<String>,
    /// On this target.
    #[schemars(length(max = 253))]
    target: Option<String>,
    /// With this result: `started`, `done`, `failed`, `refused` or `undone`.
    #[schemars(length(max = 16))]
    result: Option<String>,
    /// Only changes, tried or made: neither refusals nor sign-ins, nor the first steps, nor what an account prefers to see.
    changes: Option<bool>,
    /// Not before.
    from: Option<Time>,
    /// Before.
    until: Option<Time>,
    /// Rows of a page.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<u32>,
    /// Where the page begins: `next` of the page before.
    #[schemars(length(max = 1024))]
    cursor: Option<String>,
}

/// One entry.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EntryView {
    /// Position, from 1 without gaps.
    seq: i64,
    /// When.
    at: Time,
    /// Who.
    actor: String,
    /// `user`, `token`, `console`, `system` or `nobody`.
    actor_kind: String,
    /// Who, in words.
    who: String,
    /// From where; empty for the local socket and the panel itself.
    address: String,
    /// What.
    operation: String,
    /// The operation in words.
    summary: String,
    /// On what; a site's domain in ASCII form.
    target: String,
    /// On what, the form for people.
    target_name: String,
    /// With what result.
    result: String,
    /// Code of the error.
    code: Option<String>,
    /// The object before.
    before: Option<Value>,
    /// The object after.
    after: Option<Value>,
    /// The plan that was applied.
    plan: Option<String>,
    /// The request it belongs to.
    request: String,
    /// Keyed hash over the entry and its predecessor's hash.
    hash: String,
}

/// One page of entries, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AuditPage {
    /// The entries.
    items: Vec<EntryView>,
    /// Cursor of the next page.
    next: Option<String>,
    /// How many entries the query finds.
    total: i64,
}

impl Query {
    fn filter(&self) -> audit::Filter<'_> {
        audit::Filter {
            actor: self.actor.as_deref(),
            operation: self.operation.as_deref(),
            target: self.target.as_deref(),
            result: self.result.as_deref(),
            changes: self.changes.unwrap_or(false).then_some(NO_CHANGES),
            from: self.from,
            until: self.until,
            text: self.q.as_deref(),
        }
    }
}

fn view(record: Record, lang: locale::Lang) -> EntryView {
    let Record { seq, entry, hash, .. } = record;
    EntryView {
        seq,
        at: entry.at,
        who: locale::actor(lang, &entry.actor_kind, &entry.actor),
        actor: entry.actor,
        actor_kind: entry.actor_kind,
        address: entry.address,
        summary: locale::text::<&str>(lang, &format!("op.{}", entry.operation), &[]),
        operation: entry.operation,
        target_name: Domain::shown(&entry.target),
        target: entry.target,
        result: entry.result,
        code: entry.code,
        before: entry.before,
        after: entry.after,
        plan: entry.plan_id,
        request: entry.request_id,
        hash,
    }
}

struct List;

impl Operation for List {
    const META: Meta = Meta::new("audit.list", Method::Get, "/audit", Need::Has(AuditRead));
    type In = Query;
    type Out = AuditPage;
}

impl Read for List {
    fn read(cx: &Cx, input: Query) -> Result<AuditPage> {
        let filter = input.filter();
        let limit = input.limit.unwrap_or(PAGE_ROWS_DEFAULT);
        let (page, total) = cx
            .core
            .store
            .read(|tx| Ok((audit::search(tx, &filter, input.cursor.as_deref(), limit)?, audit::count(tx, &filter)?)))?;
        let items = page.rows.into_iter().map(|record| view(record, cx.request.lang)).collect();
        Ok(AuditPage { items, next: page.next, total })
    }
}

/// How an export is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// JSON lines, with everything that the hashes cover.
    #[default]
    Jsonl,
    /// Comma-separated values for spreadsheets.
    Csv,
}

/// Which entries to export, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportQuery {
    /// Text in actor, operation, target, code or parameters.
    #[schemars(length(max = 200))]
    q: Option<String>,
    /// By this actor.
    #[schemars(length(max = 64))]
    actor: Option<String>,
    /// This operation.
    #[schemars(length(max = 64))]
    operation: Option<String>,
    /// On this target.
    #[schemars(length(max = 253))]
    target: Option<String>,
    /// With this result: `started`, `done`, `failed`, `refused` or `undone`.
    #[schemars(length(max = 16))]
    result: Option<String>,
    /// Not before.
    from: Option<Time>,
    /// Before.
    until: Option<Time>,
    /// `jsonl` (JSON lines) unless `csv` is asked for.
    format: Option<Format>,
}

impl ExportQuery {
    fn filter(&self) -> audit::Filter<'_> {
        audit::Filter {
            actor: self.actor.as_deref(),
            operation: self.operation.as_deref(),
            target: self.target.as_deref(),
            result: self.result.as_deref(),
            changes: None,
            from: self.from,
            until: self.until,
            text: self.q.as_deref(),
        }
    }
}

struct Export;

impl Operation for Export {
    const META: Meta = Meta::new("audit.export", Method::Get, "/audit/export", Need::Has(AuditRead));
    type In = ExportQuery;
    type Out = super::Done;
}

impl Downloads for Export {
    const MEDIA_TYPES: &'static [&'static str] = &[JSON_LINES, CSV];

    /// Oldest first, a page of entries a piece.
    fn download(cx: &Cx, input: ExportQuery) -> Result<Download> {
        let core = cx.core.clone();
        let format = input.format.unwrap_or_default();
        let mut cursor = Some(None::<String>);
        let mut next = move || -> Result<Option<Vec<u8>>> {
            let Some(from) = cursor.take() else { return Ok(None) };
            let page = audit::export(&core.store, &input.filter(), from.as_deref())?;
            cursor = page.next.map(Some);
            match format {
                Format::Jsonl => json_lines(&page.rows).map(Some),
                Format::Csv => table(&page.rows, from.is_none()).map(Some),
            }
        };
        let (name, media_type) = match format {
            Format::Jsonl => ("manara-audit.jsonl", JSON_LINES),
            Format::Csv => ("manara-audit.csv", CSV),
        };
        Ok(Download { name: name.into(), media_type, pieces: Box::new(std::iter::from_fn(move || next().transpose())) })
    }
}

const JSON_LINES: &str = "application/jsonl";
const CSV: &str = "text/csv; charset=utf-8";

fn json_lines(records: &[Record]) -> Result<Vec<u8>> {
    let mut piece = Vec::new();
    for record in records {
        serde_json::to_writer(&mut piece, record).map_err(Error::fault)?;
        piece.push(b'\n');
    }
    Ok(piece)
}

const COLUMNS: [&str; 14] = [
    "seq",
    "at",
    "actor",
    "actor_kind",
    "address",
    "operation",
    "target",
    "result",
    "code",
    "plan",
    "request",
    "before",
    "after",
    "hash",
];

/// The entries as lines of a table; the first piece begins with the names of the columns, after the mark by which
/// spreadsheet programs know UTF-8.
fn table(records: &[Record], first: bool) -> Result<Vec<u8>> {
    let mut piece = String::new();
    if first {
        piece.push('\u{feff}');
        csv::line(&mut piece, COLUMNS);
    }
    let json = |value: &Option<Value>| value.as_ref().map(Value::to_string).unwrap_or_default();
    for Record { seq, entry, hash, .. } in records {
        let (seq, at) = (seq.to_string(), entry.at.rfc3339());
        let (before, after) = (json(&entry.before), json(&entry.after));
        let (code, plan) = (entry.code.as_deref().unwrap_or(""), entry.plan_id.as_deref().unwrap_or(""));
        let who: [&str; 7] =
            [&seq, &at, &entry.actor, &entry.actor_kind, &entry.address, &entry.operation, &entry.target];
        let what: [&str; 7] = [&entry.result, code, plan, &entry.request_id, &before, &after, hash];
        csv::line(&mut piece, who.into_iter().chain(what));
    }
    Ok(piece.into_bytes())
}

/// Whether the trail is whole.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Verdict {
    /// Whether every hash fits.
    ok: bool,
    /// Entries checked.
    entries: i64,
    /// The first entry that does not fit.
    first_bad: Option<i64>,
    /// Position of the last entry that fits.
    head: i64,
    /// Its hash: noted outside of this machine, it shows later whether the trail was rewritten or cut off.
    head_hash: String,
    /// Whether the head that was given is part of the trail; `null` where none was given.
    head_found: Option<bool>,
}

/// What the trail is compared with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// Hash of an entry that was noted elsewhere, as the journal has it of every hour.
    head: Option<Digest>,
}

struct Verify;

impl Operation for Verify {
    const META: Meta = Meta::new("audit.verify", Method::Get, "/audit/verify", Need::Has(AuditRead));
    type In = Kept;
    type Out = Verdict;
}

impl Read for Verify {
    fn read(cx: &Cx, input: Kept) -> Result<Verdict> {
        let report = audit::verify_chain(&cx.core.store, input.head.as_ref().map(Digest::as_str))?;
        Ok(Verdict {
            ok: report.ok,
            entries: report.entries,
            first_bad: report.first_bad,
            head: report.head.seq,
            head_hash: report.head.hash,
            head_found: report.kept_found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_change_exists() {
        let unknown = NO_CHANGES.iter().find(|id| crate::ops::find(id).is_none());
        assert_eq!(unknown, None);
    }
}
