//! What became of each site, change by change: what its history shows, and what undoing a change stands on. Written in the
//! transaction that makes a change done, from the rows themselves.

use super::page::{self, Conditions, Page, order};
use super::{Row, Tx, backends, rows, server_names, sites};
use crate::base::clock::Time;
use crate::base::{Result, limits};
use crate::values;
use serde_json::{Value as Json, json};

const SELECT: &str = "SELECT site_id, revision, at, actor, actor_kind, operation, plan_id, state_before, state_after \
                      FROM site_changes";

/// One change of one site.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteChange {
    /// The site.
    pub site_id: String,
    /// The site's revision after it.
    pub revision: i64,
    /// When.
    pub at: Time,
    /// Who, as the audit trail shows it.
    pub actor: String,
    /// As in the audit trail.
    pub actor_kind: String,
    /// By which operation.
    pub operation: String,
    /// By which plan.
    pub plan_id: String,
    /// The site before, as [`snapshot`] tells it; `None` where it was made.
    pub before: Option<Json>,
    /// The site after.
    pub after: Json,
}

fn read(row: &Row) -> Result<SiteChange> {
    Ok(SiteChange {
        site_id: row.get("site_id")?,
        revision: row.get("revision")?,
        at: row.get("at")?,
        actor: row.get("actor")?,
        actor_kind: row.get("actor_kind")?,
        operation: row.get("operation")?,
        plan_id: row.get("plan_id")?,
        before: row.json_opt("state_before")?,
        after: row.json("state_after")?,
    })
}

/// What can be changed of a site, one flat object; the names of its fields are those of `site.update`, except that
/// `domain` is `new_domain` there. `None` when there is no such site.
pub fn snapshot(tx: &Tx, site_id: &str) -> Result<Option<Json>> {
    let Some(site) = sites::by_id(tx, site_id)? else { return Ok(None) };
    let aliases: Vec<_> = server_names::of_site(tx, site_id)?.into_iter().skip(1).collect();
    let backend = site.backend_id.as_deref().map(|id| backends::by_id(tx, id)).transpose()?.flatten();
    let mut all = json!({ "domain": site.domain, "kind": site.kind, "aliases": aliases, "enabled": site.enabled });
    if let (Some(all), Json::Object(options)) = (all.as_object_mut(), site.options) {
        all.extend(options);
        all.extend(backend.map(|b| ("upstream".to_owned(), b.upstream.into())));
    }
    Ok(Some(all))
}

/// Adds a change; the oldest beyond [`limits::SITE_CHANGES_MAX`] are forgotten.
pub fn insert(tx: &Tx, change: &SiteChange) -> Result<()> {
    let sql = "INSERT INTO site_changes (site_id, revision, at, actor, actor_kind, operation, plan_id, state_before, \
               state_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let SiteChange { site_id, revision, at, actor, actor_kind, operation, plan_id, before, after } = change;
    let values =
        values![site_id, *revision, *at, actor, actor_kind, operation, plan_id, before.as_ref(), after].to_vec();
    tx.exec(sql, &values)?;
    let old = "DELETE FROM site_changes WHERE site_id = ? AND revision <= ?";
    tx.exec(old, &values![site_id, *revision - limits::SITE_CHANGES_MAX]).map(drop)
}

/// Forgets the changes of a site that is to be deleted.
pub(super) fn forget(tx: &Tx, site_id: &str) -> Result<()> {
    tx.exec("DELETE FROM site_changes WHERE site_id = ?", &values![site_id]).map(drop)
}

/// The change that led to this revision.
pub fn by_revision(tx: &Tx, site_id: &str, revision: i64) -> Result<Option<SiteChange>> {
    let sql = format!("{SELECT} WHERE site_id = ? AND revision = ?");
    rows::first(tx.one(&sql, &values![site_id, revision])?, read)
}

/// What a plan did to sites that are still there.
pub fn of_plan(tx: &Tx, plan_id: &str) -> Result<Vec<SiteChange>> {
    rows::all(&tx.query(&format!("{SELECT} WHERE plan_id = ? ORDER BY site_id"), &values![plan_id])?, read)
}

/// One page of a site's changes, newest first.
pub fn list(tx: &Tx, site_id: &str, cursor: Option<&str>, limit: u32) -> Result<Page<SiteChange>> {
    page::page(tx, SELECT, of(site_id), order!("revision", "site_id", desc), (cursor, limit), read)
}

/// How many changes of a site are remembered.
pub fn count(tx: &Tx, site_id: &str) -> Result<i64> {
    of(site_id).count(tx, "site_changes")
}

fn of(site_id: &str) -> Conditions {
    let mut wanted = Conditions::default();
    wanted.add("site_id = ?", [site_id.into()]);
    wanted
}
