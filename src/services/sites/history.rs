//! What became of a site, and how a change is taken back: by an ordinary change in the other direction, made from today's
//! state.

use super::view::{Loaded, find};
use super::{SiteUpdate, plan_update};
use crate::base::clock::Time;
use crate::base::limits::PAGE_ROWS_DEFAULT;
use crate::base::locale::{self, Lang};
use crate::base::{Error, Kind, Result};
use crate::engine::{Core, Draft};
use crate::store::site_changes::{self, SiteChange};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// A field of a site before and after.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "SiteField")]
pub struct FieldChange {
    /// Its name, as `site.update` has it; the primary domain is `domain`.
    pub field: String,
    /// Its value before; none where the site was made.
    pub before: Value,
    /// Its value after.
    pub after: Value,
}

/// One change of a site.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "SiteChange")]
pub struct ChangeView {
    /// The site's revision after it: names the change when it is undone.
    pub revision: i64,
    /// When.
    pub at: Time,
    /// Who.
    pub actor: String,
    /// Who, in words.
    pub who: String,
    /// The operation.
    pub operation: String,
    /// The operation in words.
    pub summary: String,
    /// The plan that was applied.
    pub plan: String,
    /// The fields that changed; all of them where the site was made.
    pub fields: Vec<FieldChange>,
    /// Whether it can be undone today.
    pub undoable: bool,
    /// Fields that a later change has changed again, which is why it cannot be undone.
    pub overtaken: Vec<String>,
}

/// One page of a site's changes, newest first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "SiteHistory")]
pub struct History {
    /// The changes.
    pub items: Vec<ChangeView>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// How many changes are remembered.
    pub total: i64,
}

/// What became of a site.
pub fn history(core: &Core, site: &str, page: (Option<&str>, Option<u32>), lang: Lang) -> Result<History> {
    let site = find(core, site, None)?;
    let (cursor, limit) = (page.0, page.1.unwrap_or(PAGE_ROWS_DEFAULT));
    core.store.read(|tx| {
        let now = site_changes::snapshot(tx, site.id.as_str())?.unwrap_or_default();
        let page = site_changes::list(tx, site.id.as_str(), cursor, limit)?;
        let items = page.rows.into_iter().map(|change| view(change, &now, lang)).collect();
        Ok(History { items, next: page.next, total: site_changes::count(tx, site.id.as_str())? })
    })
}

fn view(change: SiteChange, now: &Value, lang: Lang) -> ChangeView {
    let fields = fields(&change);
    let made = change.before.is_none();
    let overtaken = if made { vec![] } else { overtaken(&fields, now) };
    ChangeView {
        revision: change.revision,
        at: change.at,
        who: locale::actor(lang, &change.actor_kind, &change.actor),
        actor: change.actor,
        summary: locale::text::<&str>(lang, &format!("op.{}", change.operation), &[]),
        operation: change.operation,
        plan: change.plan_id,
        undoable: !made && !fields.is_empty() && overtaken.is_empty(),
        overtaken,
        fields,
    }
}

/// The fields in which before and after differ.
fn fields(change: &SiteChange) -> Vec<FieldChange> {
    let empty = Map::new();
    let before = change.before.as_ref().and_then(Value::as_object).unwrap_or(&empty);
    let after = change.after.as_object().unwrap_or(&empty);
    let of = |map: &Map<String, Value>, field: &str| map.get(field).cloned().unwrap_or_default();
    let pair =
        |field: &String| FieldChange { field: field.clone(), before: of(before, field), after: of(after, field) };
    after.keys().map(pair).filter(|f| f.before != f.after).collect()
}

/// Those of `fields` that are no longer what the change made them.
fn overtaken(fields: &[FieldChange], now: &Value) -> Vec<String> {
    let is = |field: &FieldChange| now.get(&field.field).cloned().unwrap_or_default();
    fields.iter().filter(|f| is(f) != f.after).map(|f| f.field.clone()).collect()
}

/// The plan that takes one change of a site back. Errors: `change_not_found`, `change_made_site`, `change_empty`, and
/// `change_overtaken` when a later change touched the same fields.
pub fn plan_undo(core: &Core, site: &str, revision: i64, seen: Option<i64>) -> Result<Draft> {
    let site = find(core, site, seen)?;
    let change = core.store.read(|tx| site_changes::by_revision(tx, site.id.as_str(), revision))?;
    let missing = || Error::new(Kind::NotFound, "change_not_found").with("site", &site.row.domain);
    // What was judged is what is changed.
    plan_update(core, inverse(core, &site, &change.ok_or_else(missing)?)?, Some(site.row.revision))
}

/// The plan that takes back what a plan did to every site that it changed. Errors as [`plan_undo`]; one site that cannot
/// go back refuses all.
pub fn plan_undo_all(core: &Core, plan: &str) -> Result<Draft> {
    let changes = core.store.read(|tx| site_changes::of_plan(tx, plan))?;
    let mut whole = Draft::default();
    let mut names = Vec::new();
    for change in &changes {
        let site = find(core, &change.site_id, None)?;
        let part = plan_update(core, inverse(core, &site, change)?, Some(site.row.revision))?;
        names.push(site.row.domain.to_string());
        whole.absorb(part);
    }
    if names.is_empty() {
        return Err(Error::new(Kind::NotFound, "plan_changed_no_site").with("id", plan));
    }
    super::batch::name(&mut whole, &names);
    Ok(whole)
}

/// The change that brings the fields of `change` back to what they were.
fn inverse(core: &Core, site: &Loaded, change: &SiteChange) -> Result<SiteUpdate> {
    let refused = |code: &'static str| Error::new(Kind::Conflict, code).with("site", site.row.domain.unicode());
    if change.before.is_none() {
        return Err(refused("change_made_site"));
    }
    let fields = fields(change);
    if fields.is_empty() {
        return Err(refused("change_empty"));
    }
    let now = core.store.read(|tx| site_changes::snapshot(tx, site.id.as_str()))?.unwrap_or_default();
    let overtaken = overtaken(&fields, &now);
    if !overtaken.is_empty() {
        return Err(refused("change_overtaken").with("fields", overtaken.join(", ")));
    }
    let mut patch = Map::new();
    patch.insert("domain".into(), site.id.as_str().into());
    for FieldChange { field, before, .. } in fields {
        let name = if field == "domain" { "new_domain".to_owned() } else { field };
        patch.insert(name, before);
    }
    serde_json::from_value(Value::Object(patch)).map_err(Error::fault)
}
