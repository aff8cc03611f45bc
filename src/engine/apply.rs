//! From a draft to a plan, and from a plan to the machine.
//!
//! One transaction before (job, reserved names, audit "started"), the effects, each preceded by its before-image, one
//! transaction after (rows, managed files, audit result, job done). Whatever fails in between is undone, newest first;
//! after `kill -9` the same is done at the next start ([`super::recover`]).

use super::actor::{Actor, Request};
use super::change::{Change, RowChange};
use super::core::Core;
use super::events::Topic;
use super::gate;
use super::history::Before;
use super::hooks::{self, HookPoint};
use super::jobs::{Handle, NewJob, Ticket};
use super::plan::{Draft, Plan, ShownChange, TouchedSite};
use super::{caught, quarantine, unrecorded};
use crate::base::clock::Time;
use crate::base::limits::{PLAN_TTL_S, PLANS_OPEN_EACH_MAX, PLANS_OPEN_MAX};
use crate::base::names::ObjectId;
use crate::base::{Error, Kind, Result, diff, ids};
use crate::platform::nginx::sha256_hex;
use crate::platform::{HostOp, NginxChange, NginxFile};
use crate::store::jobs::JobState;
use crate::store::managed_files::ManagedFile;
use crate::store::{Tx, audit, backends, jobs as job_rows, managed_files, plans, reservations, server_names, sites};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

/// A new id for a plan, a job, a session …
pub fn object_id(prefix: &str) -> Result<ObjectId> {
    ids::new_id(prefix)?.parse().map_err(Error::fault)
}

/// Completes `draft`: reads what is there now, refuses to overwrite hand edits, words the differences, and, when
/// `tested`, has nginx test the result.
pub fn plan(core: &Core, operation: &str, draft: Draft, actor: &Actor, tested: bool) -> Result<Plan> {
    let mut shown = Vec::new();
    let mut files = Vec::new();
    for change in &draft.changes {
        if let Change::Nginx(nginx) = change {
            let current = gate::read_file(core.host.as_ref(), &nginx.file)?;
            refuse_drift(core, nginx, current.as_deref(), draft.discard_drift)?;
            let returns = draft.returns.clone().filter(|_| nginx.file == NginxFile::Main);
            shown.extend(show_file(nginx, current.as_deref(), returns)?);
            files.push((nginx.file.clone(), current.map(|text| sha256_hex(text.as_bytes()))));
        } else {
            shown.extend(show(core, change));
        }
    }
    let touched = touched(core, &draft.changes)?;
    let nginx: Vec<_> =
        draft.changes.iter().filter_map(|c| if let Change::Nginx(n) = c { Some(n.clone()) } else { None }).collect();
    let version = if nginx.is_empty() { None } else { core.nginx_status()?.version };
    let trees = gate::new_trees(&draft.changes);
    if tested && !trees.is_empty() {
        core.host.ask(&HostOp::SitesCheck { trees })?;
    }
    let test = if tested && !nginx.is_empty() { Some(gate::test(core, &nginx)?) } else { None };
    let now = core.now();
    Ok(Plan {
        id: object_id("p")?,
        operation: operation.to_owned(),
        target: draft.target,
        target_name: draft.target_name,
        changes: draft.changes,
        reserve: draft.reserve,
        revisions: draft.revisions,
        notes: draft.notes,
        before: draft.before,
        after: draft.after,
        files,
        nginx_version: version,
        test,
        shown,
        touched,
        input: None,
        made_by: actor.shown(),
        created_at: now,
        expires_at: now.plus_s(PLAN_TTL_S),
    })
}

/// A file that differs from what was last applied was changed by somebody else.
fn refuse_drift(core: &Core, change: &NginxChange, current: Option<&str>, discard: bool) -> Result<()> {
    let rel = change.file.rel();
    let applied = core.store.read(|tx| managed_files::get(tx, &rel))?;
    let drifted = match (&applied, current) {
        (Some(applied), Some(text)) => applied.body != text,
        // An nginx.conf of others is moved away, and comes back when the panel goes.
        (None, Some(_)) if change.file == NginxFile::Main => false,
        // A file of that name which the panel never wrote.
        (None, Some(_)) => true,
        (_, None) => false,
    };
    if drifted && !discard {
        return Err(Error::new(Kind::Conflict, "file_drifted").with("file", rel));
    }
    Ok(())
}

/// A file's change in words; none where it is not there and will not be. Deleted, it leaves its place to what `returns`.
fn show_file(change: &NginxChange, current: Option<&str>, returns: Option<String>) -> Result<Option<ShownChange>> {
    let name = change.file.rel();
    let text = change.text()?.or(returns);
    let action = match (current, &text) {
        (None, None) => return Ok(None),
        (None, _) => "create",
        (_, None) => "delete",
        _ => "update",
    };
    let diff = diff::unified(&name, current, text.as_deref());
    Ok(Some(ShownChange { kind: "nginx".into(), action: action.into(), diff, name }))
}

fn show(core: &Core, change: &Change) -> Option<ShownChange> {
    let (kind, action, name, diff) = match change {
        Change::SiteCreate(tree) => ("files", "create", core.layout.document_root(tree.folder()), String::new()),
        Change::SiteTrash { folder, .. } => {
            ("files", "delete", core.layout.path(&format!("srv/www/{folder}")), String::new())
        }
        Change::Row(RowChange::SiteInsert { site, .. }) => {
            ("row", "create", format!("site {}", site.domain), String::new())
        }
        Change::Row(RowChange::SiteUpdate { site, .. }) => {
            ("row", "update", format!("site {}", site.domain), String::new())
        }
        Change::Row(RowChange::SiteDelete { site }) => {
            let row = core.store.read(|tx| sites::by_id(tx, site.as_str())).ok()?;
            let name = row.map_or_else(|| site.to_string(), |row| row.domain.to_string());
            ("row", "delete", format!("site {name}"), String::new())
        }
        Change::Row(RowChange::BackendInsert(_) | RowChange::BackendUpdate(_) | RowChange::BackendDelete { .. })
        | Change::Nginx(_) => return None,
    };
    Some(ShownChange { kind: kind.into(), action: action.into(), name, diff })
}

/// The sites that `changes` are about, each once, in their order: by its row, or by its file alone.
fn touched(core: &Core, changes: &[Change]) -> Result<Vec<TouchedSite>> {
    let mut seen = HashMap::new();
    let mut order = Vec::new();
    for change in changes {
        let (id, action) = match change {
            Change::Row(RowChange::SiteInsert { site, .. }) => (site.id.clone(), "create"),
            Change::Row(RowChange::SiteUpdate { site, .. }) => (site.id.clone(), "update"),
            Change::Row(RowChange::SiteDelete { site }) => (site.to_string(), "delete"),
            Change::Nginx(NginxChange { file: NginxFile::Site(id), .. }) => (id.to_string(), ""),
            _ => continue,
        };
        let named = match change {
            Change::Row(RowChange::SiteInsert { site, .. } | RowChange::SiteUpdate { site, .. }) => {
                Some(site.domain.clone())
            }
            _ => None,
        };
        let known = seen.entry(id.clone()).or_insert_with(|| {
            order.push(id);
            (None, "")
        });
        known.0 = named.or(known.0.take());
        known.1 = if action.is_empty() { known.1 } else { action };
    }
    let site = |id: String| {
        let (named, action) = seen.remove(&id).unwrap_or((None, ""));
        let domain = match named {
            Some(domain) => Some(domain),
            None => core.store.read(|tx| sites::by_id(tx, &id))?.map(|row| row.domain),
        };
        let action = if action.is_empty() { "update" } else { action };
        Ok(TouchedSite::new(domain.map_or(id, |d| d.to_string()), action))
    };
    order.into_iter().map(site).collect()
}

/// Keeps `plan` so that exactly it can be applied later. Errors: `too_many_plans`, `too_many_plans_in_all`.
pub fn keep(core: &Core, plan: &Plan, actor: &Actor, request: &Request) -> Result<()> {
    let row = plan_row(plan, actor, request)?;
    core.store.write(|tx| {
        refuse_more(&plans::open(tx, core.now())?, &actor.owner(), core.now())?;
        plans::insert(tx, &row)
    })
}

/// Refuses one more open plan where `owner` or all have as many as they may: a plan carries every byte it is going to write.
fn refuse_more(open: &[(serde_json::Value, Time)], owner: &str, now: Time) -> Result<()> {
    let own = open.iter().filter(|(actor, _)| actor["owner"] == owner);
    let (code, max, first) = if own.clone().count() >= PLANS_OPEN_EACH_MAX {
        ("too_many_plans", PLANS_OPEN_EACH_MAX, own.map(|(_, until)| *until).next())
    } else if open.len() >= PLANS_OPEN_MAX {
        ("too_many_plans_in_all", PLANS_OPEN_MAX, open.first().map(|(_, until)| *until))
    } else {
        return Ok(());
    };
    let wait_s = first.map_or(0, |until| until.since_s(now).max(1));
    Err(Error::new(Kind::TooMany, code).with("max", max).with("retry_s", wait_s))
}

fn plan_row(plan: &Plan, actor: &Actor, request: &Request) -> Result<plans::Plan> {
    let mut made_by = actor_json(actor, request);
    made_by["owner"] = actor.owner().into();
    Ok(plans::Plan {
        id: plan.id.to_string(),
        operation: plan.operation.clone(),
        actor: made_by,
        body: Some(serde_json::to_value(plan).map_err(Error::fault)?),
        created_at: plan.created_at,
        expires_at: plan.expires_at,
        state: plans::PLANNED.into(),
    })
}

/// Who and from where, as jobs and plans keep it.
pub fn actor_json(actor: &Actor, request: &Request) -> serde_json::Value {
    json!({ "name": actor.shown(), "kind": actor.kind(), "address": request.address, "request": request.id })
}

/// Starts carrying out `plan` as a job. Errors before the job exists (a busy object, a failed test, a taken name) are
/// answered at once; later ones are the job's.
pub fn start(core: &Arc<Core>, plan: Plan, actor: &Actor, request: &Request) -> Result<Ticket> {
    if let Some(report) = plan.test.as_ref().filter(|t| !t.ok) {
        return Err(gate::refused(core, report, &plan.nginx_changes()));
    }
    let held = core.locks.take(&format!("{}/{}", plan.operation.split('.').next().unwrap_or(""), plan.target))?;
    hooks::run(&*core.hooks, HookPoint::BeforeApply, &plan.operation, &plan.after)?;
    let job = NewJob {
        id: object_id("j")?.to_string(),
        operation: plan.operation.clone(),
        target: plan.target_name.clone(),
        actor: actor_json(actor, request),
        plan: Some(plan.id.to_string()),
        input: plan.input.clone(),
        waits: core.jobs.full(),
    };
    unrecorded::retry(core)?;
    core.faults.step("begin")?;
    core.store.write(|tx| begin(core, tx, &plan, &job, actor, request))?;
    let entry = audit_entry(core, &plan, actor, request);
    let worker = core.clone();
    let refused = (plan.id.to_string(), job.id.clone(), entry.clone());
    let queued = core.jobs.run(job, move |handle| {
        let _held = held;
        carry_out(&worker, plan, entry, handle)
    });
    queued.inspect_err(|e| unrecorded::fail(core, &refused.0, &refused.1, refused.2, e))
}

fn begin(core: &Core, tx: &Tx, plan: &Plan, job: &NewJob, actor: &Actor, request: &Request) -> Result<()> {
    if plans::by_id(tx, plan.id.as_str())?.is_none() {
        plans::insert(tx, &plan_row(plan, actor, request)?)?;
    }
    if !plans::set_state(tx, plan.id.as_str(), plans::PLANNED, plans::APPLYING)? {
        return Err(Error::new(Kind::Conflict, "plan_used").with("id", &plan.id));
    }
    for (site, revision) in &plan.revisions {
        if sites::by_id(tx, site)?.is_none_or(|row| row.revision != *revision) {
            return Err(Error::new(Kind::Conflict, "plan_stale").with("what", &plan.target_name));
        }
    }
    reservations::take(tx, plan.id.as_str(), &plan.reserve, core.now(), core.now().plus_s(PLAN_TTL_S))?;
    core.jobs.insert(tx, job)?;
    let entry = audit::Entry { result: "started".into(), ..audit_entry(core, plan, actor, request) };
    audit::append(tx, core.store.keys(), &entry).map(drop)
}

fn audit_entry(core: &Core, plan: &Plan, actor: &Actor, request: &Request) -> audit::Entry {
    audit::Entry {
        at: core.now(),
        actor: actor.shown(),
        actor_kind: actor.kind().into(),
        address: request.shown_address(),
        operation: plan.operation.clone(),
        target: plan.target_name.clone(),
        plan_id: Some(plan.id.to_string()),
        before: Some(plan.before.clone()).filter(|v| !v.is_null()),
        after: Some(plan.after.clone()).filter(|v| !v.is_null()),
        request_id: request.id.clone(),
        ..audit::Entry::default()
    }
}

fn carry_out(core: &Arc<Core>, mut plan: Plan, entry: audit::Entry, job: &Handle) -> Result<serde_json::Value> {
    job.say(&format!("{} {}", plan.operation, plan.target_name));
    // Panics become errors here, so that a plan ends like any other that failed: taken back, and written down.
    let outcome = caught(|| quarantine::commit(core, &mut plan, job)).and_then(|()| {
        let finished = caught(|| {
            hold(core, &plan)?;
            core.faults.step("finish")?;
            core.store.write(|tx| finish(core, tx, &plan, &entry, job))
        });
        finished.map_err(|e| take_back(core, &plan, e))
    });
    match outcome {
        Ok(()) => {
            // What is left in the journal after a crash here is dropped at the next start: the store says done.
            let forgotten = caught(|| {
                core.faults.step("forget")?;
                core.host.ask(&HostOp::Forget { plan: plan.id.clone() })
            });
            if let Err(e) = forgotten {
                log::warn!(target: "manara::engine", "the journal of plan {} was not dropped: {e}", plan.id);
            }
            tell(core, &plan);
            hooks::run(&*core.hooks, HookPoint::AfterApply, &plan.operation, &plan.after)?;
            Ok(json!({ "target": plan.target }))
        }
        Err(error) => {
            unrecorded::fail(core, plan.id.as_str(), job.id(), entry, &error);
            hooks::run(&*core.hooks, HookPoint::Failed, &plan.operation, &plan.after)?;
            Err(error)
        }
    }
}

/// Tells the host that the plan is live, so that it does not take it back by itself when it is started again. Error when it
/// already did.
fn hold(core: &Core, plan: &Plan) -> Result<()> {
    let row_only = plan.changes.iter().all(|change| matches!(change, Change::Row(_)));
    if row_only { Ok(()) } else { core.host.ask(&HostOp::Hold { plan: plan.id.clone() }).map(drop) }
}

/// Tells whoever listens which sites changed.
fn tell(core: &Core, plan: &Plan) {
    for change in &plan.changes {
        let (id, what) = match change {
            Change::Row(RowChange::SiteInsert { site, .. }) => (&site.id, "created"),
            Change::Row(RowChange::SiteUpdate { site, .. }) => (&site.id, "updated"),
            Change::Row(RowChange::SiteDelete { site }) => (&site.to_string(), "deleted"),
            _ => continue,
        };
        core.drifted.forget(id);
        core.bus.tell(Topic::Sites, "site", json!({ "id": id, "change": what }));
    }
}

fn take_back(core: &Core, plan: &Plan, cause: Error) -> Error {
    match core.gate.hold() {
        Ok(_turn) => {
            let undone = gate::undo(core, plan);
            gate::after_undo(core, cause, undone, !plan.nginx_changes().is_empty())
        }
        Err(e) => e,
    }
}

/// The transaction after the effects: from here on the change is done.
fn finish(core: &Core, tx: &Tx, plan: &Plan, entry: &audit::Entry, job: &Handle) -> Result<()> {
    let entry = audit::Entry { at: core.now(), result: "done".into(), ..entry.clone() };
    let before = Before::read(tx, plan)?;
    for change in &plan.changes {
        match change {
            Change::Row(row) => write_row(tx, row)?,
            Change::Nginx(nginx) => keep_file(core, tx, nginx)?,
            Change::SiteCreate(_) | Change::SiteTrash { .. } => {}
        }
    }
    before.record(tx, plan, &entry)?;
    reservations::release(tx, plan.id.as_str())?;
    plans::set_state(tx, plan.id.as_str(), plans::APPLYING, plans::APPLIED)?;
    audit::append(tx, core.store.keys(), &entry)?;
    let result = json!({ "target": plan.target });
    job_rows::finish(tx, job.id(), JobState::Done, Some(&result), None, core.now()).map(drop)
}

fn write_row(tx: &Tx, row: &RowChange) -> Result<()> {
    match row {
        RowChange::SiteInsert { site, names } => {
            sites::insert(tx, site)?;
            server_names::set(tx, &site.id, names)
        }
        RowChange::SiteUpdate { site, names } => {
            sites::update(tx, site)?;
            server_names::set(tx, &site.id, names)
        }
        RowChange::SiteDelete { site } => sites::delete(tx, site.as_str()).map(drop),
        RowChange::BackendInsert(backend) => backends::insert(tx, backend),
        RowChange::BackendUpdate(backend) => backends::update(tx, backend),
        RowChange::BackendDelete { id } => backends::delete(tx, id).map(drop),
    }
}

fn keep_file(core: &Core, tx: &Tx, change: &NginxChange) -> Result<()> {
    let path = change.file.rel();
    let Some(body) = change.text()? else { return managed_files::delete(tx, &path).map(drop) };
    let site_id = if let NginxFile::Site(id) = &change.file { Some(id.to_string()) } else { None };
    managed_files::put(
        tx,
        &ManagedFile { path, site_id, sha256: sha256_hex(body.as_bytes()), body, updated_at: core.now() },
    )
}
