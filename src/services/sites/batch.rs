//! One change of many sites: one plan, one test, one reload.

use super::view::{SiteQuery, ids};
use super::{SiteKind, SiteState, find, plan_delete, plan_enabled};
use crate::base::limits::SITES_AT_ONCE_MAX;
use crate::base::names::SiteName;
use crate::base::{Error, FieldProblem, Kind, Result};
use crate::engine::plan::Note;
use crate::engine::{Core, Draft};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashSet;

/// Most sites of one change of which the audit trail keeps what they were and became; of more it keeps how many they are.
const AUDITED_SITES_MAX: usize = 100;

/// Sites that are named one by one, or all that a list shows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// These sites: their domains or ids.
    #[schemars(length(max = 10000), extend("x-flag" = "site"))]
    pub sites: Option<Vec<SiteName>>,
    /// Every site that the following filter finds, instead of named ones.
    pub all: Option<bool>,
    /// Of all: part of a domain or alias, in either form.
    #[schemars(length(max = 253))]
    pub q: Option<String>,
    /// Of all: only this kind.
    pub kind: Option<SiteKind>,
    /// Of all: only this state.
    pub state: Option<SiteState>,
}

/// Many sites switched on or off.
pub fn plan_switch_many(core: &Core, which: &Selection, enabled: bool) -> Result<Draft> {
    let (mut whole, mut names, mut same) = (Draft::default(), Vec::new(), 0);
    for id in chosen(core, which)? {
        let part = plan_enabled(core, &id, enabled, None)?;
        if part.changes.is_empty() {
            same += 1;
            continue;
        }
        names.push(part.target_name.clone());
        whole.absorb(part);
    }
    whole.before = told(&names, json!({ "enabled": !enabled }));
    whole.after = told(&names, json!({ "enabled": enabled }));
    if same > 0 {
        whole.notes.push(Note::new(if enabled { "already_enabled" } else { "already_disabled" }).with("count", same));
    }
    name(&mut whole, &names);
    Ok(whole)
}

/// Many sites deleted. Their files go to the trash.
pub fn plan_delete_many(core: &Core, which: &Selection) -> Result<Draft> {
    let (mut whole, mut names, mut lost) = (Draft::default(), Vec::new(), Vec::new());
    for id in chosen(core, which)? {
        let mut part = plan_delete(core, &id, None)?;
        names.push(part.target_name.clone());
        if lost.len() < AUDITED_SITES_MAX {
            lost.push(part.before.take());
        }
        // One remark stands for those of all of them.
        part.notes.clear();
        whole.discard_drift = part.discard_drift;
        whole.absorb(part);
    }
    if !names.is_empty() {
        let trash = core.layout.path("srv/www/.trash");
        whole.notes.push(Note::new("many_files_in_trash").with("path", trash));
    }
    whole.before = json!({ "count": names.len(), "sites": lost });
    name(&mut whole, &names);
    Ok(whole)
}

/// Ids of the chosen sites, each once.
fn chosen(core: &Core, which: &Selection) -> Result<Vec<String>> {
    let filtered = which.q.is_some() || which.kind.is_some() || which.state.is_some();
    let found = match (&which.sites, which.all.unwrap_or(false)) {
        (Some(sites), false) if !filtered => {
            let all = sites.iter().map(|site| Ok(find(core, site.as_str(), None)?.id.to_string()));
            let mut seen = HashSet::new();
            all.collect::<Result<Vec<_>>>()?.into_iter().filter(|id| seen.insert(id.clone())).collect()
        }
        (None, true) => {
            let query = SiteQuery { q: which.q.clone(), kind: which.kind, state: which.state, ..SiteQuery::default() };
            ids(core, &query)?
        }
        _ => return Err(Error::bad_field(FieldProblem::new("sites", "sites_or_all"))),
    };
    if found.len() > SITES_AT_ONCE_MAX {
        return Err(Error::new(Kind::TooLarge, "too_many_sites").with("max", SITES_AT_ONCE_MAX));
    }
    Ok(found)
}

/// Names a draft by its sites: the first, and how many more there are.
pub(super) fn name(draft: &mut Draft, names: &[String]) {
    draft.target = "sites".into();
    draft.target_name = match names {
        [] => "sites".into(),
        [only] => only.clone(),
        [first, others @ ..] => format!("{first} +{}", others.len()),
    };
}

/// What the trail keeps of many sites: how many, the names of the first, and what is true of all of them.
fn told(names: &[String], mut all: Value) -> Value {
    if let Some(all) = all.as_object_mut() {
        all.insert("count".into(), names.len().into());
        all.insert("sites".into(), names[..names.len().min(AUDITED_SITES_MAX)].into());
    }
    all
}
