//! Operations that change the machine: they yield a plan; only the engine applies it.

use super::run::{Outcome, Status, decode};
use super::{Cx, Operation};
use crate::base::limits::CALL_WAIT_S_MAX;
use crate::base::{Error, Kind, Result};
use crate::engine::hooks::{self, HookPoint};
use crate::engine::{Core, Draft, Plan, apply};
use crate::store::plans;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// An operation that changes the machine.
pub trait Change: Operation {
    /// What it wants to change. Reads only.
    fn plan(cx: &Cx, input: Self::In) -> Result<Draft>;
    /// The answer after the plan was applied to `target`.
    fn output(core: &Core, target: &str) -> Result<Self::Out>;
}

/// A change behind the registry.
#[derive(Clone, Copy)]
pub struct ChangeFns {
    plan: fn(&Cx, Value) -> Result<Draft>,
    output: fn(&Core, &str) -> Result<Value>,
}

pub(super) const fn fns<O: Change>() -> ChangeFns {
    ChangeFns { plan: plan::<O>, output: output::<O> }
}

fn plan<O: Change>(cx: &Cx, input: Value) -> Result<Draft> {
    O::plan(cx, decode(input)?)
}

fn output<O: Change>(core: &Core, target: &str) -> Result<Value> {
    serde_json::to_value(O::output(core, target)?).map_err(Error::fault)
}

/// A job that is repeated, and the sites that its plan was about with their revisions.
pub(super) type Former<'a> = (&'a str, &'a [(String, i64)]);

/// A job is not repeated on what has become different since.
pub(super) fn target_changed(job: &str) -> Error {
    Error::new(Kind::Conflict, "job_target_changed").with("id", job)
}

/// Plans, and applies unless the request is a dry run. What repeats a `former` job does so only where it finds the very
/// sites that that one found.
pub(super) fn run(cx: &Cx, operation: &str, fns: ChangeFns, input: Value, former: Option<Former>) -> Result<Outcome> {
    let core = cx.core;
    core.gate.wait_started(Duration::from_secs(CALL_WAIT_S_MAX))?;
    let draft = draft(cx, operation, fns, input.clone(), former)?;
    let plan = apply::plan(core, operation, draft, cx.actor, cx.request.dry_run)?;
    let plan = Plan { input: Some(input), ..plan };
    if cx.request.dry_run {
        apply::keep(core, &plan, cx.actor, cx.request)?;
        return Outcome::plan(&plan.view(cx.request.lang));
    }
    if plan.is_empty() {
        return Ok(Outcome::new(Status::Done, (fns.output)(core, &plan.target)?));
    }
    start(cx, core, fns, plan)
}

/// What `input` would change. Reads only. Error: `job_target_changed` where a `former` job found other sites.
pub(super) fn draft(cx: &Cx, operation: &str, fns: ChangeFns, input: Value, former: Option<Former>) -> Result<Draft> {
    hooks::run(&*cx.core.hooks, HookPoint::Validate, operation, &input)?;
    let draft = (fns.plan)(cx, input)?;
    match former {
        Some((job, sites)) if draft.revisions != sites => Err(target_changed(job)),
        _ => Ok(draft),
    }
}

/// Applies a plan that a dry run kept.
pub(super) fn apply_kept(cx: &Cx, core: &Arc<Core>, id: &str) -> Result<Outcome> {
    let gone = || Error::new(Kind::NotFound, "plan_not_found").with("id", id);
    let row = core.store.read(|tx| plans::by_id(tx, id))?.ok_or_else(gone)?;
    let plan: Plan = serde_json::from_value(row.body.ok_or_else(gone)?).map_err(Error::fault)?;
    let op = super::find(&plan.operation).ok_or_else(gone)?;
    super::run::authorise(op, cx.actor)?;
    let super::Shape::Change(fns) = op.shape else { return Err(gone()) };
    let stale = |what: &str| Error::new(Kind::Conflict, "plan_stale").with("what", what);
    if row.state != plans::PLANNED {
        return Err(Error::new(Kind::Conflict, "plan_used").with("id", id));
    }
    if core.now() > plan.expires_at {
        return Err(stale("time"));
    }
    core.gate.wait_started(Duration::from_secs(CALL_WAIT_S_MAX))?;
    if plan.nginx_version.is_some() && core.nginx_status()?.version != plan.nginx_version {
        return Err(stale("nginx"));
    }
    start(cx, core, fns, plan)
}

fn start(cx: &Cx, core: &Arc<Core>, fns: ChangeFns, plan: Plan) -> Result<Outcome> {
    let target = plan.target.clone();
    let creates = super::find(&plan.operation).is_some_and(|op| op.meta.creates);
    let plan_id = plan.id.to_string();
    let ticket = apply::start(core, plan, cx.actor, cx.request)?;
    let limit = if cx.request.respond_async { 0 } else { CALL_WAIT_S_MAX };
    match ticket.wait(Duration::from_secs(limit)) {
        None => Ok(Outcome { job: Some(ticket.id.clone()), ..Outcome::accepted(core, &ticket.id, cx.request.lang)? }),
        Some(outcome) => {
            outcome.map_err(|e| e.with("job", &ticket.id))?;
            let status = if creates { Status::Created } else { Status::Done };
            let body = (fns.output)(core, &target)?;
            Ok(Outcome { job: Some(ticket.id), plan: Some(plan_id), ..Outcome::new(status, body) })
        }
    }
}
