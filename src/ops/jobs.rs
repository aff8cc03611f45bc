//! Operations on jobs, plans and events.

use super::run::Outcome;
use super::{Cx, Meta, Method, Need, Op, Operation, Read, Shape, Stream, change};
use crate::base::access::Permission::{JobsChange, JobsRead, SitesRead};
use crate::base::clock::Time;
use crate::base::locale::{self, Lang};
use crate::base::names::ObjectId;
use crate::base::{Error, Kind, Result};
use crate::engine::events::Topic;
use crate::engine::plan::{Plan, PlanView};
use crate::engine::Core;
use crate::store::{jobs as rows, plans};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Id of the operation that applies a kept plan.
pub(super) const APPLY: &str = "plan.apply";

pub(super) const OPS: &[Op] = &[
    Op::read::<PlanShow>(),
    Op { shape: Shape::Act(apply_plan), ..Op::read::<PlanApply>() },
    Op::read::<JobList>(),
    Op::read::<JobShow>(),
    Op { shape: Shape::Act(cancel_job), ..Op::read::<JobCancel>() },
    Op::stream::<Events>(),
];

/// Names one object.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IdRef {
    /// Its id.
    id: ObjectId,
}

struct PlanShow;

impl Operation for PlanShow {
    const META: Meta = Meta::new("plan.show", Method::Get, "/plans/{id}", Need::Has(SitesRead));
    type In = IdRef;
    type Out = PlanView;
}

impl Read for PlanShow {
    fn read(cx: &Cx, input: IdRef) -> Result<PlanView> {
        let row = cx.core.store.read(|tx| plans::get(tx, input.id.as_str()))?;
        let row = row.ok_or_else(|| Error::new(Kind::NotFound, "plan_not_found").with("id", &input.id))?;
        let plan: Plan = serde_json::from_value(row.body).map_err(Error::fault)?;
        Ok(plan.view(cx.request.lang))
    }
}

/// The answer of the operation whose plan was applied.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct Answer(Value);

/// Applies a plan. The permission is the one of the operation that made it, checked where the plan is read.
struct PlanApply;

impl Operation for PlanApply {
    const META: Meta = Meta::new(APPLY, Method::Post, "/plans/{id}/apply", Need::SignedIn);
    type In = IdRef;
    type Out = Answer;
}

impl Read for PlanApply {
    fn read(_: &Cx, _: IdRef) -> Result<Answer> {
        Err(Error::fault("plan.apply does not only read"))
    }
}

fn apply_plan(cx: &Cx, input: Value) -> Result<Outcome> {
    let input: IdRef = super::run::decode(input)?;
    change::apply_kept(cx, cx.core, input.id.as_str())
}
