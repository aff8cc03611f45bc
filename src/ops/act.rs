//! Operations on the panel's own rows: one transaction, the audit entry in it. A dry run is the same transaction, rolled
//! back.

use super::run::{Outcome, Status};
use super::{Cx, Operation};
use crate::base::clock::Time;
use crate::base::names::Domain;
use crate::base::{Error, Kind, Result, Secret, diff};
use crate::engine::events::Topic;
use crate::engine::plan::{PlanTotals, PlanView, ShownChange};
use crate::engine::{Actor, Core};
use crate::store::{Tx, audit};
use serde_json::{Value, json};

/// A session that a surface should hand to its client: the browser gets it as a cookie, never in a body.
#[derive(Debug, Clone)]
pub enum Grant {
    /// A new session.
    Begin {
        /// The session's secret.
        secret: Secret<String>,
        /// When it ends.
        expires_at: Time,
    },
    /// The session is over.
    End,
}

/// Something to do once an act is on the disk; dropped when it does not come to that.
pub type Then = Box<dyn FnOnce(&Core)>;

/// What an act did.
pub struct Acted<Out> {
    /// The answer.
    pub out: Out,
    /// What it was about, for the audit trail.
    pub target: String,
    /// Before and after, without secrets.
    pub before: Value,
    /// See `before`.
    pub after: Value,
    /// A session to hand out or to take away.
    pub grant: Option<Grant>,
    /// What to do once it is on the disk.
    pub then: Option<Then>,
}

impl<Out> Acted<Out> {
    /// An act on `target` with nothing to show before and after.
    pub fn new(out: Out, target: impl Into<String>) -> Self {
        Self { out, target: target.into(), before: Value::Null, after: Value::Null, grant: None, then: None }
    }

    /// What was there before and is there after.
    pub fn changed(self, before: Value, after: Value) -> Self {
        Self { before, after, ..self }
    }

    /// Hands out or takes away a session.
    pub fn grant(self, grant: Grant) -> Self {
        Self { grant: Some(grant), ..self }
    }

    /// Does something more once the act is on the disk.
    pub fn then(self, then: impl FnOnce(&Core) + 'static) -> Self {
        Self { then: Some(Box::new(then)), ..self }
    }
}

/// An operation on the panel's own rows.
pub trait Act: Operation {
    /// What is worked out before the transaction: slow things such as password hashes.
    type Ready;
    /// What the audit trail calls the target of a refused act.
    fn about(_: &Cx, _: &Self::In) -> Result<String> {
        Ok(String::new())
    }
    /// Works it out. Failures that must be remembered (a wrong password) are written here, in a transaction of their own.
    fn prepare(cx: &Cx, input: &Self::In) -> Result<Self::Ready>;
    /// Acts.
    fn act(cx: &Cx, tx: &Tx, input: Self::In, ready: Self::Ready) -> Result<Acted<Self::Out>>;
}

/// An act with nothing to work out before the transaction.
pub trait PlainAct: Operation {
    /// As [`Act::about`].
    fn about(_: &Cx, _: &Self::In) -> Result<String> {
        Ok(String::new())
    }
    /// Acts.
    fn act(cx: &Cx, tx: &Tx, input: Self::In) -> Result<Acted<Self::Out>>;
}

impl<O: PlainAct> Act for O {
    type Ready = ();

    fn about(cx: &Cx, input: &Self::In) -> Result<String> {
        <O as PlainAct>::about(cx, input)
    }

    fn prepare(_: &Cx, _: &Self::In) -> Result<()> {
        Ok(())
    }

    fn act(cx: &Cx, tx: &Tx, input: Self::In, (): ()) -> Result<Acted<Self::Out>> {
        <O as PlainAct>::act(cx, tx, input)
    }
}

/// An act behind the registry.
pub type ActFn = fn(&Cx, Value) -> Result<Outcome>;

/// Runs an act through the registry.
pub(super) fn run<O: Act>(cx: &Cx, input: Value) -> Result<Outcome> {
    let input: O::In = super::run::decode(input)?;
    let about = O::about(cx, &input)?;
    let ready = O::prepare(cx, &input).inspect_err(|e| refused(cx, O::META.id, &about, e))?;
    let mut dry_run = None;
    let done = cx.core.store.write(|tx| {
        let acted = O::act(cx, tx, input, ready)?;
        if cx.request.dry_run {
            dry_run = Some(shown::<O>(&acted));
            return Err(Error::fault("a dry run is rolled back"));
        }
        audit::append(
            tx,
            cx.core.store.keys(),
            &entry(cx, O::META.id, (&acted.target, "done"), &acted.before, &acted.after),
        )?;
        Ok(acted)
    });
    if let Some(view) = dry_run {
        return Outcome::plan(&view);
    }
    let done = done.inspect_err(|e| refused(cx, O::META.id, &about, e))?;
    if let Some(then) = done.then {
        then(cx.core);
    }
    cx.core.bus.tell(Topic::Audit, "audit", json!({ "operation": O::META.id, "target": done.target }));
    let status = if O::META.creates { Status::Created } else { Status::Done };
    let body = serde_json::to_value(&done.out).map_err(Error::fault)?;
    Ok(Outcome { grant: done.grant, ..Outcome::new(status, body) })
}

fn shown<O: Act>(acted: &Acted<O::Out>) -> PlanView {
    let text = |v: &Value| if v.is_null() { None } else { serde_json::to_string_pretty(v).ok().map(|t| t + "\n") };
    let (before, after) = (text(&acted.before), text(&acted.after));
    let action = match (&before, &after) {
        (None, _) => "create",
        (_, None) => "delete",
        _ => "update",
    };
    let diff = diff::unified(&acted.target, before.as_deref(), after.as_deref());
    let changes = vec![ShownChange { kind: "row".into(), action: action.into(), name: acted.target.clone(), diff }];
    PlanView {
        totals: PlanTotals::of(&changes, 0),
        sites: vec![],
        id: String::new(),
        operation: O::META.id.into(),
        target: acted.target.clone(),
        target_name: Domain::shown(&acted.target),
        changes,
        test: None,
        warnings: vec![],
        expires_at: None,
    }
}

fn entry(cx: &Cx, operation: &str, (target, result): (&str, &str), before: &Value, after: &Value) -> audit::Entry {
    audit::Entry {
        at: cx.core.now(),
        actor: cx.actor.shown(),
        actor_kind: cx.actor.kind().into(),
        address: cx.request.shown_address(),
        operation: operation.into(),
        target: target.to_owned(),
        result: result.into(),
        before: Some(before.clone()).filter(|v| !v.is_null()),
        after: Some(after.clone()).filter(|v| !v.is_null()),
        request_id: cx.request.id.clone(),
        ..audit::Entry::default()
    }
}

/// A refused call is in the audit trail too: failed sign-ins and missing permissions are security events. Nothing that
/// can be repeated at will is recorded without end: sign-ins beyond their limit are not, nor refusals of a caller beyond
/// what [`crate::engine::refusals`] admits; how many were left out stands in the next entry, and the log has each.
pub(super) fn refused(cx: &Cx, operation: &str, about: &str, error: &Error) {
    let (actor, address) = (cx.actor.shown(), cx.request.shown_address());
    log::warn!(
        target: "manara::security", id = cx.request.id, actor = actor.as_str(), address = address.as_str();
        "{operation} on {about:?} was refused: {}", error.code()
    );
    let left_out = match (cx.actor, error.kind()) {
        (_, Kind::TooMany) => return,
        // The little that anybody may try, sign-in and claim, has limits of its own.
        (Actor::Nobody, _) => Some(0),
        _ => cx.core.refusals.admit(&cx.actor.key(), cx.core.now()),
    };
    let Some(left_out) = left_out else { return };
    let entry = audit::Entry {
        code: Some(error.code().to_owned()),
        params: if left_out > 0 { json!({ "left_out": left_out }) } else { Value::Null },
        ..entry(cx, operation, (about, "refused"), &Value::Null, &Value::Null)
    };
    if let Err(e) = cx.core.store.write(|tx| audit::append(tx, cx.core.store.keys(), &entry)) {
        log::error!(target: "manara::audit", "a refused {operation} could not be recorded: {e}");
    }
}
