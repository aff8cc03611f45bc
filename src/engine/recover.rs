//! After a crash: every plan that was under way is finished or taken back before anything else happens.

use super::core::{Core, unexpected};
use super::gate;
use crate::base::names::ObjectId;
use crate::base::{Error, Kind, Result};
use crate::platform::{HostOp, HostReply};
use crate::store::jobs::{self as job_rows, JobState};
use crate::store::{audit, plans};

/// What recovery did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Plans whose effects were taken back.
    pub undone: usize,
    /// Plans that were done but for their clean-up.
    pub finished: usize,
    /// Jobs that had no effects yet.
    pub closed: usize,
}

/// Repairs what an earlier run left behind. Call before the first change of this run.
pub fn recover(core: &Core) -> Result<Recovered> {
    let _turn = core.gate.hold()?;
    let mut done = Recovered::default();
    for id in open_plans(core)? {
        let plan: ObjectId = id.parse().map_err(Error::fault)?;
        let state = core.store.read(|tx| plans::by_id(tx, &id))?.map(|row| row.state);
        if state.as_deref() == Some(plans::APPLIED) {
            core.host.ask(&HostOp::Forget { plan })?;
            done.finished += 1;
        } else {
            core.host.ask(&HostOp::Undo { plan })?;
            done.undone += 1;
        }
    }
    done.closed = close_jobs(core)?;
    if done.undone > 0 {
        gate::reload(core)?;
        log::warn!(target: "manara::engine", "recovery took {} interrupted changes back", done.undone);
    }
    Ok(done)
}

/// Takes back what could not be taken back when it failed, for example because the host was being started again. Nothing
/// is done where nothing is owed; where it fails again it stays owed.
pub fn settle(core: &Core) -> Result<()> {
    let _turn = core.gate.hold()?;
    settle_held(core)
}

/// As [`settle`] for who holds the gate.
pub(super) fn settle_held(core: &Core) -> Result<()> {
    if !core.gate.take_owed() {
        return Ok(());
    }
    settle_failed(core).inspect_err(|_| core.gate.set_owed())
}

fn settle_failed(core: &Core) -> Result<()> {
    for id in open_plans(core)? {
        let state = core.store.read(|tx| plans::by_id(tx, &id))?.map(|row| row.state);
        let plan = id.parse().map_err(Error::fault)?;
        match state.as_deref() {
            Some(plans::FAILED) => drop(core.host.ask(&HostOp::Undo { plan })?),
            Some(plans::APPLIED) => drop(core.host.ask(&HostOp::Forget { plan })?),
            // Being applied, or not yet written down as failed.
            _ => core.gate.set_owed(),
        }
    }
    // Whether or not the host had done it already, nginx may still run with the change.
    gate::reload(core)
}

fn open_plans(core: &Core) -> Result<Vec<String>> {
    match core.host.ask(&HostOp::OpenPlans)? {
        HostReply::OpenPlans { plans } => Ok(plans),
        other => Err(unexpected(&other)),
    }
}

/// Jobs of an earlier run can only have been interrupted: one process owns the store at a time.
fn close_jobs(core: &Core) -> Result<usize> {
    let interrupted = Error::new(Kind::Unavailable, "job_interrupted");
    let shown = serde_json::to_value(&interrupted).map_err(Error::fault)?;
    // Most starts find none; a transaction that writes nothing would still wait for the disk.
    if core.store.read(|tx| job_rows::orphans(tx, "", None))?.is_empty() {
        return Ok(0);
    }
    core.store.write(|tx| {
        let open = job_rows::orphans(tx, "", None)?;
        for job in &open {
            let state = if job.plan_id.is_some() { JobState::Undone } else { JobState::Failed };
            job_rows::finish(tx, &job.id, state, None, Some(&shown), core.now())?;
            let entry = audit::Entry {
                at: core.now(),
                actor: "manara".into(),
                actor_kind: "system".into(),
                operation: job.operation.clone(),
                target: job.target.clone(),
                plan_id: job.plan_id.clone(),
                result: state.text().into(),
                code: Some(interrupted.code().to_owned()),
                ..audit::Entry::default()
            };
            audit::append(tx, core.store.keys(), &entry)?;
        }
        plans::close_interrupted(tx)?;
        Ok(open.len())
    })
}
