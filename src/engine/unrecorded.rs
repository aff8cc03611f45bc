//! Failures that could not be written down, on a full disk for example. They are kept until they can be, so that names a
//! failed plan reserved are free again without a restart; after a restart [`super::recover`] does the same.

use super::core::Core;
use crate::base::{Error, Result};
use crate::store::jobs::{self as job_rows, JobState};
use crate::store::{Tx, audit, plans, reservations};
use serde_json::Value;

/// How a plan failed.
pub(super) struct Failure {
    plan: String,
    job: String,
    entry: audit::Entry,
    error: Value,
}

/// Ends plan and job with `error`, now or as soon as the store takes it.
pub(super) fn fail(core: &Core, plan: &str, job: &str, entry: audit::Entry, error: &Error) {
    let code = Some(error.code().to_owned());
    let entry = audit::Entry { at: core.now(), result: "failed".into(), code, ..entry };
    let shown = serde_json::to_value(error).unwrap_or_default();
    let failure = Failure { plan: plan.to_owned(), job: job.to_owned(), entry, error: shown };
    if let Err(e) = core.store.write(|tx| record(core, tx, &failure)) {
        log::error!(target: "manara::engine", "the failure of plan {plan} is recorded later: {e}");
        if let Ok(mut waiting) = core.unrecorded.lock() {
            waiting.push(failure);
        }
    }
}

/// Writes down what could not be written before.
pub fn retry(core: &Core) -> Result<()> {
    let mut waiting = core.unrecorded.lock().map_err(Error::fault)?;
    while let Some(failure) = waiting.first() {
        core.store.write(|tx| record(core, tx, failure))?;
        waiting.remove(0);
    }
    Ok(())
}

fn record(core: &Core, tx: &Tx, failure: &Failure) -> Result<()> {
    let Failure { plan, job, entry, error } = failure;
    reservations::release(tx, plan)?;
    plans::set_state(tx, plan, plans::APPLYING, plans::FAILED)?;
    audit::append(tx, core.store.keys(), entry)?;
    job_rows::finish(tx, job, JobState::Failed, None, Some(error), entry.at).map(drop)
}
