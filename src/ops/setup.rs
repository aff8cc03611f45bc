//! The first run.

use super::{Acted, Cx, Meta, Method, Need, Nothing, Op, Operation, PlainAct, Read};
use crate::base::access::Permission::{SystemChange, SystemRead};
use crate::base::{Error, Result};
use crate::services::setup::{self, Setup, StepName, StepState};
use crate::store::Tx;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) const OPS: &[Op] = &[Op::read::<Show>(), Op::act::<Update>()];

struct Show;

impl Operation for Show {
    const META: Meta = Meta::new("setup.show", Method::Get, "/setup", Need::Has(SystemRead)).stored();
    type In = Nothing;
    type Out = Setup;
}

impl Read for Show {
    fn read(cx: &Cx, _: Nothing) -> Result<Setup> {
        cx.core.store.read(setup::show)
    }
}

/// A step, and where it stands from now on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepInput {
    /// Which step.
    step: StepName,
    /// Where it stands.
    state: StepState,
}

struct Update;

impl Operation for Update {
    const META: Meta = Meta::new("setup.update", Method::Patch, "/setup", Need::Has(SystemChange));
    type In = StepInput;
    type Out = Setup;
}

impl PlainAct for Update {
    fn about(_: &Cx, input: &StepInput) -> Result<String> {
        Ok(input.step.name().into())
    }

    fn act(cx: &Cx, tx: &Tx, input: StepInput) -> Result<Acted<Setup>> {
        let state = |setup: &Setup| serde_json::to_value(&setup.steps).map_err(Error::fault);
        let before = state(&setup::show(tx)?)?;
        setup::note(tx, (input.step, input.state), &cx.actor.shown(), cx.core.now())?;
        let now = setup::show(tx)?;
        let after = state(&now)?;
        Ok(Acted::new(now, input.step.name()).changed(before, after))
    }
}
