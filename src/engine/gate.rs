//! The one way into nginx. Plans that wait for each other are tested, switched and reloaded together; when a group fails
//! it is taken back and each plan is tried by itself, so that a bad one does not take the others down with it.

use super::caught;
use super::change::Change;
use super::core::{Core, unexpected};
use super::plan::Plan;
use super::recover;
use crate::base::{Error, Kind, Result};
use crate::platform::nginx::sha256_hex;
use crate::platform::{Host, HostOp, HostReply, NginxChange, NginxFile, SiteTree, TestReport};
use crate::store::{generation, sites};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lets one group at a time through.
#[derive(Default)]
pub struct Gate {
    waiting: Mutex<Vec<Arc<Ticket>>>,
    turn: Mutex<()>,
    /// Whether nginx is still being brought up.
    starting: Mutex<bool>,
    started: Condvar,
    /// Whether a plan could not be taken back; see [`recover::settle`].
    owed: AtomicBool,
}

struct Ticket {
    plan: Plan,
    outcome: Mutex<Option<Result<()>>>,
}

impl Gate {
    /// Holds everybody else back, for recovery and for shutting down.
    pub fn hold(&self) -> Result<MutexGuard<'_, ()>> {
        // It guards no data: after a panic the next one finds what a crash would have left, which undoing repairs.
        Ok(self.turn.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says that nginx is being brought up, or that this is over. The panel answers meanwhile.
    pub fn set_starting(&self, starting: bool) {
        if let Ok(mut now) = self.starting.lock() {
            *now = starting;
        }
        self.started.notify_all();
    }

    /// Whether nginx is still being brought up.
    pub fn is_starting(&self) -> bool {
        self.starting.lock().is_ok_and(|starting| *starting)
    }

    /// Waits until nginx was brought up, so that a change finds the files it stands on. Error: `starting` when that takes
    /// longer than `limit`.
    pub fn wait_started(&self, limit: Duration) -> Result<()> {
        let starting = self.starting.lock().map_err(Error::fault)?;
        let (still, _) = self.started.wait_timeout_while(starting, limit, |s| *s).map_err(Error::fault)?;
        if *still { Err(Error::new(Kind::Unavailable, "starting")) } else { Ok(()) }
    }

    /// Whether a plan is still to be taken back. Asking settles the question: whoever asks does it.
    pub(super) fn take_owed(&self) -> bool {
        self.owed.swap(false, Ordering::Relaxed)
    }

    /// Notes that a plan is still to be taken back.
    pub(super) fn set_owed(&self) {
        self.owed.store(true, Ordering::Relaxed);
    }

    /// Brings the plan's effects on the machine about. After an error none of them is left.
    pub fn commit(&self, core: &Core, plan: &Plan) -> Result<()> {
        let ticket = Arc::new(Ticket { plan: plan.clone(), outcome: Mutex::new(None) });
        self.waiting.lock().map_err(Error::fault)?.push(ticket.clone());
        let _turn = self.hold()?;
        if let Some(outcome) = ticket.outcome.lock().map_err(Error::fault)?.take() {
            return outcome;
        }
        let group = std::mem::take(&mut *self.waiting.lock().map_err(Error::fault)?);
        let settled = recover::settle_held(core);
        let together = match &settled {
            Ok(()) if group.len() > 1 => commit_group(core, &group),
            _ => Err(Error::fault("a group of one")),
        };
        for member in &group {
            let outcome = match &settled {
                Err(e) => Err(e.clone()),
                Ok(()) if together.is_ok() => Ok(()),
                Ok(()) => commit_group(core, std::slice::from_ref(member)),
            };
            *member.outcome.lock().map_err(Error::fault)? = Some(outcome);
        }
        let own = ticket.outcome.lock().map_err(Error::fault)?.take();
        own.unwrap_or_else(|| Err(Error::fault("the group went without this plan")))
    }
}

/// A panic is an error of the group, so that nobody in it waits for an outcome in vain.
fn commit_group(core: &Core, group: &[Arc<Ticket>]) -> Result<()> {
    caught(|| commit_together(core, group))
}

fn commit_together(core: &Core, group: &[Arc<Ticket>]) -> Result<()> {
    let changes: Vec<NginxChange> = group.iter().flat_map(|t| t.plan.nginx_changes()).collect();
    group.iter().try_for_each(|t| check_fresh(core, &t.plan))?;
    if !changes.is_empty() {
        let report = test(core, &changes)?;
        if !report.ok {
            return Err(refused(core, &report, &changes));
        }
    }
    let effects = caught(|| {
        group.iter().try_for_each(|t| perform(core, &t.plan))?;
        if changes.is_empty() { Ok(()) } else { reload(core) }
    });
    effects.map_err(|e| {
        let undone = group.iter().rev().try_for_each(|t| undo(core, &t.plan));
        after_undo(core, e, undone, !changes.is_empty())
    })
}

/// The files a plan replaces are still what they were when it was made.
fn check_fresh(core: &Core, plan: &Plan) -> Result<()> {
    for (file, expected) in &plan.files {
        let now = read_file(core.host.as_ref(), file)?.map(|text| sha256_hex(text.as_bytes()));
        if now != *expected {
            return Err(Error::new(Kind::Conflict, "plan_stale").with("what", file.rel()));
        }
    }
    Ok(())
}

/// The content of a managed file as it is on disk.
pub fn read_file(host: &dyn Host, file: &NginxFile) -> Result<Option<String>> {
    match host.ask(&HostOp::NginxRead { file: file.clone() })? {
        HostReply::NginxFile { body } => Ok(body),
        other => Err(unexpected(&other)),
    }
}

/// Tests the configuration as it would be.
pub fn test(core: &Core, changes: &[NginxChange]) -> Result<TestReport> {
    match core.host.ask(&HostOp::NginxTest { changes: changes.to_vec() })? {
        HostReply::NginxTest(report) => Ok(report),
        other => Err(unexpected(&other)),
    }
}

/// A failed test as an error: it says whether the plan's own file is at fault or one that was broken already, and whose
/// that is.
pub fn refused(core: &Core, report: &TestReport, changes: &[NginxChange]) -> Error {
    let other = report.file.as_ref().filter(|rel| !changes.iter().any(|c| c.file.rel() == **rel));
    let error = match other {
        Some(path) if path.starts_with('/') => Error::new(Kind::External, "nginx_foreign_broken").with("file", path),
        Some(rel) => match site_of(core, rel) {
            Some(site) => Error::new(Kind::External, "nginx_other_site_broken").with("file", rel).with("site", site),
            None => Error::new(Kind::External, "nginx_other_file_broken").with("file", rel),
        },
        None => Error::new(Kind::External, "nginx_test_failed").with("file", report.file.as_deref().unwrap_or("")),
    };
    error.evidence(report.output.clone())
}

/// The domain of the site whose file that is, as people write it.
fn site_of(core: &Core, rel: &str) -> Option<String> {
    let Some(NginxFile::Site(id)) = NginxFile::from_rel(rel) else { return None };
    let row = core.store.read(|tx| sites::by_id(tx, id.as_str())).ok()??;
    Some(row.domain.unicode())
}

/// The folders of new sites among `changes`.
pub(super) fn new_trees(changes: &[Change]) -> Vec<SiteTree> {
    changes.iter().filter_map(|c| if let Change::SiteCreate(tree) = c { Some(tree.clone()) } else { None }).collect()
}

fn perform(core: &Core, plan: &Plan) -> Result<()> {
    let id = &plan.id;
    let trees = new_trees(&plan.changes);
    if !trees.is_empty() {
        core.host.ask(&HostOp::SitesCreate { plan: id.clone(), trees })?;
    }
    for change in &plan.changes {
        if let Change::SiteTrash { site, folder } = change {
            core.host.ask(&HostOp::SiteTrash { plan: id.clone(), site: site.clone(), folder: folder.clone() })?;
        }
    }
    let changes = plan.nginx_changes();
    if !changes.is_empty() {
        core.host.ask(&HostOp::NginxSwitch { plan: id.clone(), changes })?;
    }
    Ok(())
}

/// Loads what is on disk under a new generation number and waits until it is live. Where nginx's files and the database
/// are not of one age, the numbers of the files go on.
pub fn reload(core: &Core) -> Result<()> {
    let load = |number: i64| core.host.ask(&HostOp::NginxReload { generation: number.unsigned_abs() }).map(drop);
    match load(core.store.write(generation::next)?) {
        Err(e) if matches!(e.code(), "generation_passed" | "generation_ahead") => {
            let present = e.param("present").and_then(|number| number.parse().ok()).ok_or(e)?;
            core.store.write(|tx| generation::go_on_from(tx, present))?;
            load(core.store.write(generation::next)?)
        }
        outcome => outcome,
    }
}

/// As [`reload`] for a disk on which nothing can be written: the generation stays, and that the workers are new ones proves
/// that what is on disk is live.
fn reload_as_it_is(core: &Core) -> Result<()> {
    let live = core.nginx_status()?.generation;
    let generation = live.ok_or_else(|| Error::new(Kind::External, "nginx_reload_failed"))?;
    core.host.ask(&HostOp::NginxReload { generation }).map(drop)
}

/// Takes back what a plan did to the machine.
pub fn undo(core: &Core, plan: &Plan) -> Result<()> {
    core.host.ask(&HostOp::Undo { plan: plan.id.clone() }).map(drop)
}

/// Proves that the former state is live again, and reports both errors where it is not.
pub fn after_undo(core: &Core, cause: Error, undone: Result<()>, touched_nginx: bool) -> Error {
    let unwritable = |e: &Error| matches!(e.code(), "disk_full" | "disk_read_only" | "disk_failed");
    let live = || match reload(core) {
        Err(e) if unwritable(&e) => reload_as_it_is(core).map_err(|_| e),
        outcome => outcome,
    };
    let proved = undone.and_then(|()| if touched_nginx { live() } else { Ok(()) });
    match proved {
        Ok(()) => cause,
        Err(second) => {
            core.gate.set_owed();
            log::error!(target: "manara::engine", "undoing failed: {second}; the change had failed with: {cause}");
            cause.with("undo", "failed").cause(format!("undoing failed as well: {second}"))
        }
    }
}
