//! The one pipeline: actor, permission, decode and validate, hooks, plan, apply, audit. Every surface goes through it.

use super::act::Grant;
use super::meta::{Need, Op, Shape};
use super::{Cx, Direct, Download, Downloads, Operation, Read, Stream, Work, act, change};
use crate::base::locale::Lang;
use crate::base::{Error, Kind, Result, schema};
use crate::engine::caught;
use crate::engine::events::{Sink, Subscription};
use crate::engine::jobs::{Handle, NewJob};
use crate::engine::plan::PlanView;
use crate::engine::{Actor, Core, Request, apply};
use crate::platform::install::update;
use crate::store::jobs::{self as job_rows, JobState};
use crate::store::{audit, idempotency};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Done (200).
    Done,
    /// A new object (201).
    Created,
    /// A job goes on (202).
    Accepted,
    /// A dry run's plan (200).
    Planned,
}

impl Status {
    /// Those that an answer which is given again may have.
    const KEPT: [Status; 3] = [Status::Done, Status::Created, Status::Accepted];

    /// Its number in HTTP (RFC 9110 §15.3).
    fn code(self) -> u32 {
        match self {
            Status::Done | Status::Planned => 200,
            Status::Created => 201,
            Status::Accepted => 202,
        }
    }
}

/// A successful answer.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The answer.
    pub body: Value,
    /// The job that did it or does it.
    pub job: Option<String>,
    /// The plan that was applied.
    pub plan: Option<String>,
    /// A session to hand out or to take away.
    pub grant: Option<Grant>,
}

impl Outcome {
    /// An answer without job, plan and grant.
    pub fn new(status: Status, body: Value) -> Self {
        Self { status, body, job: None, plan: None, grant: None }
    }

    pub(super) fn plan(view: &PlanView) -> Result<Self> {
        let body = serde_json::to_value(view).map_err(Error::fault)?;
        Ok(Self { plan: Some(view.id.clone()), ..Self::new(Status::Planned, body) })
    }

    pub(super) fn accepted(core: &Core, job: &str, lang: Lang) -> Result<Self> {
        let view = super::jobs::view(core, job, lang)?;
        Ok(Self { job: Some(job.to_owned()), ..Self::new(Status::Accepted, json!({ "job": view })) })
    }

    /// Revision of the object in the answer, for `ETag`.
    pub fn revision(&self) -> Option<i64> {
        if self.status == Status::Planned { None } else { self.body.get("revision").and_then(Value::as_i64) }
    }
}

/// When to ask again while a new version proves itself.
const UNPROVED_RETRY_S: u64 = 10;

/// Refuses callers without the permission of `op`.
pub fn authorise(op: &Op, actor: &Actor) -> Result<()> {
    let allowed = match op.meta.need {
        Need::Open => true,
        Need::SignedIn => *actor != Actor::Nobody,
        Need::Has(permission) => actor.may(permission),
    };
    match (allowed, actor) {
        (true, _) => Ok(()),
        (false, Actor::Nobody) => Err(Error::new(Kind::NotSignedIn, "not_signed_in")),
        (false, _) => Err(Error::new(Kind::Forbidden, "forbidden").with("operation", op.meta.id)),
    }
}

/// As [`authorise`]; a refused change is remembered.
pub fn admit(cx: &Cx, op: &Op) -> Result<()> {
    authorise(op, cx.actor).inspect_err(|e| {
        if op.changes() && e.kind() == Kind::Forbidden {
            act::refused(cx, op.meta.id, "", e);
        }
    })
}

/// Carries out a call. Bad input is reported with every problem; a panic becomes our fault, never the end of the panel.
pub fn call(core: &Arc<Core>, actor: &Actor, request: &Request, op: &Op, input: Value) -> Result<Outcome> {
    let cx = Cx { core, actor, request };
    admit(&cx, op)?;
    let ended = catch_unwind(AssertUnwindSafe(|| {
        check(op, &input)?;
        if op.changes() && !request.dry_run && update::is_unproved(&core.config.root) {
            return Err(Error::new(Kind::Unavailable, "version_unproved").with("retry_s", UNPROVED_RETRY_S));
        }
        if request.dry_run && !op.can_dry_run() && op.changes() {
            return Err(Error::new(Kind::BadInput, "no_dry_run").with("operation", op.meta.id));
        }
        dispatch(&cx, op, input, None)
    }));
    let ended = ended.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(Error::fault(format!("{} panicked: {}", op.meta.id, text.unwrap_or("no message"))))
    });
    // An act has recorded its refusal itself; others may find only on the way what the caller may not do.
    if let Err(e) = &ended
        && e.kind() == Kind::Forbidden
        && matches!(op.shape, Shape::Change(_) | Shape::Direct(_) | Shape::Work(_))
    {
        act::refused(&cx, op.meta.id, "", e);
    }
    ended
}

/// Carries out `op` again with an input that it took before, for a caller who may. With `of`, the job that is repeated and
/// the sites as it found them, only while they still are so; error `job_target_changed` otherwise.
pub(super) fn repeat(cx: &Cx, op: &Op, input: Value, of: Option<change::Former>) -> Result<Outcome> {
    authorise(op, cx.actor)?;
    check(op, &input)?;
    dispatch(cx, op, input, of)
}

/// Whether [`repeat`] would begin, as far as that can be told without a test. Errors: why it would not.
pub(super) fn try_repeat(cx: &Cx, op: &Op, input: Value, of: Option<change::Former>) -> Result<()> {
    authorise(op, cx.actor)?;
    check(op, &input)?;
    match op.shape {
        Shape::Change(fns) => change::draft(cx, op.meta.id, fns, input, of).map(drop),
        Shape::Work(fns) => (fns.check)(cx, &input).map(drop),
        _ => Ok(()),
    }
}

fn dispatch(cx: &Cx, op: &Op, input: Value, former: Option<change::Former>) -> Result<Outcome> {
    match op.shape {
        Shape::Read(read) => Ok(Outcome::new(Status::Done, read(cx, input)?)),
        Shape::Act(act) => act(cx, input),
        Shape::Direct(direct) => direct(cx, input),
        Shape::Change(fns) => change::run(cx, op.meta.id, fns, input, former),
        Shape::Work(fns) => work(cx, cx.core, op, fns, input),
        Shape::Stream(_) | Shape::Download(..) => Err(Error::fault("a stream was called like a function")),
    }
}

fn check(op: &Op, input: &Value) -> Result<()> {
    let problems = schema::problems(super::schema::input(op), input);
    if problems.is_empty() { Ok(()) } else { Err(Error::bad_input(problems)) }
}

/// Reads a checked input. The schema was the check; what still fails here is our fault only if the schema is wrong, so it
/// is answered as bad input.
pub(super) fn decode<T: DeserializeOwned>(input: Value) -> Result<T> {
    serde_json::from_value(input).map_err(|e| Error::new(Kind::BadInput, "bad_input").cause(e))
}

/// Carries out a call once per idempotency key (draft-ietf-httpapi-idempotency-key-header): a repeated request gets the
/// first answer, another request under the same key is a conflict. Callers without a name share nothing, so a key means
/// nothing from them; an answer with a secret is given once and not kept.
pub fn call_once(
    core: &Arc<Core>,
    actor: &Actor,
    request: &Request,
    op: &Op,
    input: Value,
    key: &str,
) -> Result<Outcome> {
    if *actor == Actor::Nobody {
        return call(core, actor, request, op, input);
    }
    admit(&Cx { core, actor, request }, op)?;
    let actor_key = actor.key();
    let hash = crate::platform::nginx::sha256_hex(format!("{} {} {input}", op.meta.id, request.dry_run).as_bytes());
    let begun = core.store.write(|tx| idempotency::begin(tx, &actor_key, key, &hash, core.now()))?;
    match begun {
        idempotency::Begun::New => {}
        idempotency::Begun::Done { .. } if op.meta.secret => {
            return Err(Error::new(Kind::Conflict, "answer_given_once").with("key", key));
        }
        idempotency::Begun::Done { status, body } => {
            let body: Value = serde_json::from_str(&body).map_err(Error::fault)?;
            let status = Status::KEPT.into_iter().find(|kept| kept.code() == status).unwrap_or(Status::Done);
            let job = (status == Status::Accepted).then(|| body["job"]["id"].as_str().map(str::to_owned)).flatten();
            return Ok(Outcome { job, ..Outcome::new(status, body) });
        }
        idempotency::Begun::Running => return Err(Error::new(Kind::Conflict, "request_running").with("key", key)),
        idempotency::Begun::OtherRequest => {
            return Err(Error::new(Kind::Conflict, "idempotency_key_used").with("key", key));
        }
    }
    let outcome = call(core, actor, request, op, input);
    core.store.write(|tx| match &outcome {
        Ok(done) => {
            let body = if op.meta.secret { String::new() } else { done.body.to_string() };
            idempotency::finish(tx, &actor_key, key, done.status.code(), &body)
        }
        Err(_) => idempotency::abandon(tx, &actor_key, key),
    })?;
    outcome
}

/// Opens a stream: `sink` gets the events that the caller asked for and may have.
pub fn listen(
    core: &Arc<Core>,
    actor: &Actor,
    request: &Request,
    op: &Op,
    input: Value,
    sink: Sink,
) -> Result<Subscription> {
    authorise(op, actor)?;
    check(op, &input)?;
    let Shape::Stream(listen) = op.shape else { return Err(Error::fault("not a stream")) };
    if core.bus.streams() >= crate::base::limits::STREAMS_MAX {
        return Err(Error::new(Kind::TooMany, "too_many_streams").with("retry_s", 30));
    }
    listen(&Cx { core, actor, request }, input, sink)
}

/// Starts a download.
pub fn open_download(core: &Arc<Core>, actor: &Actor, request: &Request, op: &Op, input: Value) -> Result<Download> {
    authorise(op, actor)?;
    check(op, &input)?;
    let Shape::Download(download, _) = op.shape else { return Err(Error::fault("not a download")) };
    download(&Cx { core, actor, request }, input)
}

pub(super) fn read<O: Read>(cx: &Cx, input: Value) -> Result<Value> {
    serde_json::to_value(O::read(cx, decode(input)?)?).map_err(Error::fault)
}

pub(super) fn direct<O: Direct>(cx: &Cx, input: Value) -> Result<Outcome> {
    O::direct(cx, decode(input)?)
}

pub(super) fn listening<O: Stream>(cx: &Cx, input: Value, sink: Sink) -> Result<Subscription> {
    O::listen(cx, decode(input)?, sink)
}

pub(super) fn download<O: Downloads>(cx: &Cx, input: Value) -> Result<Download> {
    O::download(cx, decode(input)?)
}

/// A job behind the registry.
#[derive(Clone, Copy)]
pub struct WorkFns {
    check: fn(&Cx, &Value) -> Result<String>,
    work: fn(&Cx, Value, &Handle) -> Result<Value>,
}

pub(super) const fn work_fns<O: Work>() -> WorkFns {
    WorkFns { check: check_work::<O>, work: do_work::<O> }
}

fn check_work<O: Work>(cx: &Cx, input: &Value) -> Result<String> {
    let input: <O as Operation>::In = decode(input.clone())?;
    O::check(cx, &input)?;
    Ok(O::target(&input))
}

fn do_work<O: Work>(cx: &Cx, input: Value, job: &Handle) -> Result<Value> {
    serde_json::to_value(O::work(cx, decode(input)?, job)?).map_err(Error::fault)
}

/// Queues a job and answers at once; whoever wants to wait listens to its events.
fn work(cx: &Cx, core: &Arc<Core>, op: &Op, fns: WorkFns, input: Value) -> Result<Outcome> {
    let target = (fns.check)(cx, &input)?;
    let held = core.locks.take(&format!("{}/{target}", op.meta.id))?;
    let job = NewJob {
        id: apply::object_id("j")?.to_string(),
        operation: op.meta.id.into(),
        target: target.clone(),
        actor: apply::actor_json(cx.actor, cx.request),
        plan: None,
        input: Some(input.clone()),
        waits: core.jobs.full(),
    };
    let entry = audit::Entry {
        at: core.now(),
        actor: cx.actor.shown(),
        actor_kind: cx.actor.kind().into(),
        address: cx.request.shown_address(),
        operation: op.meta.id.into(),
        target,
        request_id: cx.request.id.clone(),
        ..audit::Entry::default()
    };
    core.store.write(|tx| {
        core.jobs.insert(tx, &job)?;
        audit::append(tx, core.store.keys(), &audit::Entry { result: "started".into(), ..entry.clone() }).map(drop)
    })?;
    let (worker, actor, request) = (core.clone(), cx.actor.clone(), cx.request.clone());
    let refused = (job.id.clone(), entry.clone());
    let ticket = core.jobs.run(job, move |handle| {
        let _held = held;
        let cx = Cx { core: &worker, actor: &actor, request: &request };
        let outcome = caught(|| (fns.work)(&cx, input, handle));
        end_work(&worker, (handle.id(), handle.cancelled()), entry, &outcome)?;
        outcome
    });
    let ticket = match ticket {
        Err(e) => return end_work(core, (&refused.0, false), refused.1, &Err(e.clone())).and(Err(e)),
        Ok(ticket) => ticket,
    };
    Outcome::accepted(core, &ticket.id, cx.request.lang)
}

fn end_work(core: &Core, (job, cancelled): (&str, bool), entry: audit::Entry, outcome: &Result<Value>) -> Result<()> {
    let state = match outcome {
        Ok(_) => JobState::Done,
        Err(_) if cancelled => JobState::Cancelled,
        Err(_) => JobState::Failed,
    };
    let error = outcome.as_ref().err();
    let shown = error.map(serde_json::to_value).transpose().map_err(Error::fault)?;
    let code = error.map(|e| e.code().to_owned());
    core.store.write(|tx| {
        let entry = audit::Entry { at: core.now(), result: state.text().into(), code, ..entry };
        audit::append(tx, core.store.keys(), &entry)?;
        job_rows::finish(tx, job, state, outcome.as_ref().ok(), shown.as_ref(), core.now()).map(drop)
    })
}

/// An input built from named texts, each converted to the type its schema asks for: how path segments, query strings and
/// command-line flags become JSON. What does not convert stays text, so that the check names the field.
pub fn input_from_texts<'a>(op: &Op, texts: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    let schema = super::schema::input(op);
    let mut input = Map::new();
    for (name, text) in texts {
        let field = schema.pointer(&format!("/properties/{name}")).unwrap_or(&Value::Null);
        match super::schema::field_type(field) {
            "array" => {
                let items = input.entry(name).or_insert_with(|| json!([]));
                if let Value::Array(items) = items {
                    items.extend(text.split(',').filter(|t| !t.is_empty()).map(Value::from));
                }
            }
            "integer" => drop(input.insert(name.into(), text.parse::<i64>().map_or_else(|_| text.into(), Value::from))),
            "boolean" => {
                drop(input.insert(name.into(), text.parse::<bool>().map_or_else(|_| text.into(), Value::from)))
            }
            _ => drop(input.insert(name.into(), text.into())),
        }
    }
    input
}
