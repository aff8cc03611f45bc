//! What has to be done again and again: saying that this process is alive, and sweeping out what has run out. Nobody waits
//! for it; a step that fails is logged and tried again in its next turn.

use super::accounts;
use crate::base::limits::{AUDIT_HEAD_S, HEARTBEAT_S, IDEMPOTENCY_S_MAX, JOB_S_MAX, PLAN_BODY_S_MAX, SWEEP_S};
use crate::base::{Error, Result};
use crate::engine::{Core, drift, recover, trail, unrecorded};
use crate::platform::clock::pause;
use crate::platform::{HostOp, own};
use crate::store::{idempotency, jobs, lease, plans};
use std::sync::Weak;
use std::time::Duration;

/// Answers how many rows it changed.
type Step = fn(&Core) -> Result<u64>;

/// Every [`HEARTBEAT_S`]. The lease comes first: whoever lost it must not write anything more.
const BEATS: &[(&str, Step)] = &[
    ("lease", beat_lease),
    ("jobs", beat_jobs),
    ("failures", record_failures),
    ("interrupted changes", |core| recover::settle(core).map(|()| 0)),
];

/// Every [`SWEEP_S`]. Jobs come before the plans that they refer to.
const SWEEPS: &[(&str, Step)] = &[
    ("sessions", |core| core.store.write(|tx| accounts::sweep(core, tx))),
    ("jobs", |core| core.store.write(|tx| jobs::forget(tx, core.now().plus_s(-JOB_S_MAX)))),
    ("unused plans", |core| core.store.write(|tx| plans::delete_expired(tx, core.now()))),
    ("ended plans", |core| core.store.write(|tx| plans::reduce_ended(tx, core.now().plus_s(-PLAN_BODY_S_MAX)))),
    ("repeated calls", |core| core.store.write(|tx| idempotency::forget(tx, core.now().plus_s(-IDEMPOTENCY_S_MAX)))),
];

/// Every [`SWEEP_S`] as well, on the machine instead of in the store.
const ROUNDS: &[(&str, Step)] = &[
    ("nginx logs", |core| core.host.ask(&HostOp::LogsRotate).map(|_| 0)),
    ("drift", |core| drift::scan(core).map(|found| found.len() as u64)),
];

/// Every [`AUDIT_HEAD_S`].
const HOURLY: &[(&str, Step)] = &[("audit head", |core| trail::note_head(core).map(|()| 0))];

/// Keeps the engine's store and the machine in order until the engine is gone. Call on a thread of its own.
pub fn run(core: &Weak<Core>) {
    own::give_way();
    for beat in 0_u64.. {
        let Some(core) = core.upgrade() else { return };
        take(&core, BEATS);
        if beat.is_multiple_of(SWEEP_S / HEARTBEAT_S) {
            take(&core, SWEEPS);
            take(&core, ROUNDS);
        }
        if beat.is_multiple_of(AUDIT_HEAD_S / HEARTBEAT_S) {
            take(&core, HOURLY);
        }
        drop(core);
        pause(Duration::from_secs(HEARTBEAT_S));
    }
}

/// Takes every step, whatever becomes of the others.
fn take(core: &Core, steps: &[(&str, Step)]) {
    for (name, step) in steps {
        match step(core) {
            Ok(0) => {}
            Ok(rows) => log::debug!(target: "manara::upkeep", step = *name, rows = rows; "upkeep"),
            Err(e) => log::warn!(target: "manara::upkeep", step = *name; "upkeep failed: {e}"),
        }
    }
}

fn beat_lease(core: &Core) -> Result<u64> {
    if lease::beat(&core.store, &core.owner)? {
        return Ok(0);
    }
    core.store.refuse_writes();
    log::error!(target: "manara::upkeep", "another panel has taken this database over; nothing is changed any more");
    Err(Error::new(crate::base::Kind::Unavailable, "store_lost"))
}

fn beat_jobs(core: &Core) -> Result<u64> {
    core.jobs.heartbeat().map(|()| 0)
}

fn record_failures(core: &Core) -> Result<u64> {
    unrecorded::retry(core).map(|()| 0)
}

#[cfg(test)]
mod tests;
