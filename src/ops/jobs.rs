//! Operations on jobs, plans and events.

use super::run::Outcome;
use super::{Acted, Change, Cx, Direct, Meta, Method, Need, Op, Operation, PlainAct, Read, Stream, change};
use crate::base::access::Permission::{JobsChange, JobsRead, SitesChange, SitesRead, SystemRead};
use crate::base::clock::Time;
use crate::base::limits::PAGE_ROWS_DEFAULT;
use crate::base::locale::{self, Lang};
use crate::base::names::{Domain, ObjectId};
use crate::base::{Error, Kind, Result};
use crate::engine::events::{Sink, Subscription, Topic};
use crate::engine::jobs::Progress;
use crate::engine::plan::{Plan, PlanView};
use crate::engine::{Core, Draft};
use crate::services::{monitoring, sites};
use crate::store::jobs::{self as rows, JobState};
use crate::store::{Tx, plans, sites as site_rows};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const OPS: &[Op] = &[
    Op::read::<PlanShow>(),
    Op::direct::<PlanApply>(),
    Op::change::<PlanUndo>(),
    Op::read::<JobList>(),
    Op::read::<JobShow>(),
    Op::act::<JobCancel>(),
    Op::direct::<JobRetry>(),
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
        let row = cx.core.store.read(|tx| plans::by_id(tx, input.id.as_str()))?;
        let body = row.and_then(|row| row.body);
        let body = body.ok_or_else(|| Error::new(Kind::NotFound, "plan_not_found").with("id", &input.id))?;
        let plan: Plan = serde_json::from_value(body).map_err(Error::fault)?;
        // Plans of sites are for all who see sites. In others stands what others have in nginx: they are for those who may
        // make them, and those that the panel makes by itself for those who see the machine.
        match super::find(&plan.operation) {
            Some(op) if op.meta.need == Need::Has(SitesChange) => {}
            Some(op) => super::run::authorise(op, cx.actor)?,
            None if cx.actor.may(SystemRead) => {}
            None => return Err(Error::new(Kind::Forbidden, "forbidden").with("operation", Self::META.id)),
        }
        Ok(plan.view(cx.request.lang))
    }
}

/// The answer of the operation whose plan was applied.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct Answer(Value);

struct PlanApply;

impl Operation for PlanApply {
    // The permission is the one of the operation that made the plan, checked where the plan is read.
    const META: Meta = Meta::new("plan.apply", Method::Post, "/plans/{id}/apply", Need::SignedIn);
    type In = IdRef;
    type Out = Answer;
}

impl Direct for PlanApply {
    fn direct(cx: &Cx, input: IdRef) -> Result<Outcome> {
        change::apply_kept(cx, cx.core, input.id.as_str())
    }
}

struct PlanUndo;

impl Operation for PlanUndo {
    const META: Meta = Meta::new("plan.undo", Method::Post, "/plans/{id}/undo", Need::Has(SitesChange));
    type In = IdRef;
    type Out = super::Done;
}

impl Change for PlanUndo {
    fn plan(cx: &Cx, input: IdRef) -> Result<Draft> {
        sites::plan_undo_all(cx.core, input.id.as_str())
    }

    fn output(_: &Core, _: &str) -> Result<super::Done> {
        Ok(super::Done {})
    }
}

/// What became of a job.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Job")]
pub(super) struct JobView {
    /// Its id.
    id: String,
    /// The operation it carries out.
    operation: String,
    /// The operation in words.
    summary: String,
    /// What it is about; a site's domain in ASCII form.
    target: String,
    /// What it is about, the form for people.
    target_name: String,
    /// Who asked for it.
    actor: String,
    /// What became of it.
    state: JobState,
    /// Steps done.
    progress: Option<i64>,
    /// Steps in all, where that is known.
    total: Option<i64>,
    /// The last line of its output.
    message: Option<String>,
    /// Everything it printed.
    output: String,
    /// Why it failed.
    error: Option<JobError>,
    /// The plan it applies.
    plan: Option<String>,
    /// Whether the caller may ask for it again now: it ended without doing what it was asked, and its sites are as it
    /// found them. `null` in lists: that takes a plan for each.
    retryable: Option<bool>,
    /// When it was asked for.
    created_at: Time,
    /// When it began.
    started_at: Option<Time>,
    /// When it ended.
    finished_at: Option<Time>,
}

/// Why a job failed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct JobError {
    /// Stable code.
    code: String,
    /// What sort of failure it is.
    kind: Kind,
    /// What happened and why.
    detail: String,
    /// What to do.
    hint: Option<String>,
    /// What the failing component printed.
    evidence: Option<String>,
}

fn worded(core: &Core, row: rows::Job, retryable: Option<bool>, lang: Lang) -> JobView {
    let live = core.jobs.live(&row.id);
    let live = live.unwrap_or_else(|| Progress { output: row.output.clone(), ..Progress::default() });
    JobView {
        summary: locale::text::<&str>(lang, &format!("op.{}", row.operation), &[]),
        actor: row.actor.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
        message: Some(live.message).filter(|m| !m.is_empty()),
        progress: live.steps.map(|s| s.0),
        total: live.steps.map(|s| s.1),
        error: row.error.and_then(|e| serde_json::from_value::<Error>(e).ok()).map(|e| JobError {
            detail: e.text(lang),
            hint: e.hint(lang),
            evidence: e.shown_evidence().map(str::to_owned),
            kind: e.kind(),
            code: e.code().to_owned(),
        }),
        id: row.id,
        operation: row.operation,
        target_name: Domain::shown(&row.target),
        target: row.target,
        state: row.state,
        output: live.output,
        plan: row.plan_id,
        retryable,
        created_at: row.created_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
    }
}

fn find(core: &Core, id: &str) -> Result<rows::Job> {
    let row = core.store.read(|tx| rows::by_id(tx, id))?;
    row.ok_or_else(|| Error::new(Kind::NotFound, "job_not_found").with("id", id))
}

/// A job that has just begun.
pub(super) fn view(core: &Core, id: &str, lang: Lang) -> Result<JobView> {
    Ok(worded(core, find(core, id)?, Some(false), lang))
}

/// Which jobs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JobQuery {
    /// Only this state.
    state: Option<JobState>,
    /// Only this operation, such as `site.create`.
    #[schemars(length(max = 64))]
    operation: Option<String>,
    /// Only about this object: a site's domain in ASCII form, a component's name.
    #[schemars(length(max = 253))]
    target: Option<String>,
    /// Only asked for by this actor.
    #[schemars(length(max = 64))]
    actor: Option<String>,
    /// Only asked for from this time on.
    from: Option<Time>,
    /// Only asked for before this time.
    until: Option<Time>,
    /// Rows of a page.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<u32>,
    /// Where the page begins: `next` of the page before.
    #[schemars(length(max = 1024))]
    cursor: Option<String>,
}

/// One page of jobs, the newest first. Their output is left out.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "JobList")]
pub(super) struct Page {
    /// The jobs.
    items: Vec<JobView>,
    /// Cursor of the next page.
    next: Option<String>,
    /// How many jobs the query finds.
    total: i64,
}

struct JobList;

impl Operation for JobList {
    const META: Meta = Meta::new("job.list", Method::Get, "/jobs", Need::Has(JobsRead));
    type In = JobQuery;
    type Out = Page;
}

impl Read for JobList {
    fn read(cx: &Cx, input: JobQuery) -> Result<Page> {
        let limit = input.limit.unwrap_or(PAGE_ROWS_DEFAULT);
        let (operation, target) = (input.operation.as_deref(), input.target.as_deref());
        let (actor, from, until) = (input.actor.as_deref(), input.from, input.until);
        let filter = rows::JobFilter { state: input.state, operation, target, actor, from, until };
        let (page, total) = cx
            .core
            .store
            .read(|tx| Ok((rows::list(tx, &filter, input.cursor.as_deref(), limit)?, rows::count(tx, &filter)?)))?;
        let brief = |row| JobView { output: String::new(), ..worded(cx.core, row, None, cx.request.lang) };
        Ok(Page { items: page.rows.into_iter().map(brief).collect(), next: page.next, total })
    }
}

struct JobShow;

impl Operation for JobShow {
    const META: Meta = Meta::new("job.show", Method::Get, "/jobs/{id}", Need::Has(JobsRead));
    type In = IdRef;
    type Out = JobView;
}

impl Read for JobShow {
    fn read(cx: &Cx, input: IdRef) -> Result<JobView> {
        let row = find(cx.core, input.id.as_str())?;
        let retryable = retryable(cx, &row);
        Ok(worded(cx.core, row, Some(retryable), cx.request.lang))
    }
}

struct JobRetry;

impl Operation for JobRetry {
    // The operation's own permission is checked besides: whoever repeats a job must be allowed to begin it.
    const META: Meta = Meta::new("job.retry", Method::Post, "/jobs/{id}/retry", Need::Has(JobsChange)).destructive();
    type In = IdRef;
    type Out = Answer;
}

impl Direct for JobRetry {
    fn direct(cx: &Cx, input: IdRef) -> Result<Outcome> {
        let id = input.id.as_str();
        let store = &cx.core.store;
        let Again { op, input, sites } = again(cx.core, &find(cx.core, id)?)?;
        // One repetition only: it is a job of its own, which can be repeated in turn.
        if !store.write(|tx| rows::take_input(tx, id))? {
            return Err(not_retryable(id));
        }
        let outcome = super::run::repeat(cx, op, input.clone(), sites.as_deref().map(|sites| (id, sites)));
        if outcome.as_ref().is_err_and(|e| e.param("job").is_none()) {
            // No job came of it.
            store.write(|tx| rows::give_input(tx, id, &input))?;
        }
        outcome
    }
}

/// A job as it would begin once more.
struct Again {
    op: &'static Op,
    input: Value,
    /// The sites that it was about, as it found them.
    sites: Option<Vec<(String, i64)>>,
}

fn not_retryable(id: &str) -> Error {
    Error::new(Kind::Conflict, "job_not_retryable").with("id", id)
}

fn may_be_repeated(row: &rows::Job) -> bool {
    row.input.is_some() && matches!(row.state, JobState::Failed | JobState::Cancelled | JobState::Undone)
}

/// Errors: `job_not_retryable`, `job_chose_all`, `job_target_changed`.
fn again(core: &Core, row: &rows::Job) -> Result<Again> {
    let refused = || not_retryable(&row.id);
    let input = row.input.clone().filter(|_| may_be_repeated(row)).ok_or_else(refused)?;
    let op = super::find(&row.operation).ok_or_else(refused)?;
    if input.get("all") == Some(&Value::Bool(true)) {
        return Err(Error::new(Kind::Conflict, "job_chose_all").with("id", &row.id));
    }
    let sites = row.plan_id.as_deref().map(|plan| planned(core, &row.id, plan)).transpose()?;
    Ok(Again { op, input, sites })
}

/// Beyond so many sites a plan is not made only to say whether it could be: their revisions tell.
const REPLANNED_SITES_MAX: usize = 50;

/// Whether the caller's `job.retry` would begin now.
fn retryable(cx: &Cx, row: &rows::Job) -> bool {
    if !cx.actor.may(JobsChange) {
        return false;
    }
    let Ok(Again { op, input, sites }) = again(cx.core, row) else { return false };
    match &sites {
        Some(sites) if sites.len() > REPLANNED_SITES_MAX => {
            let stand = |(id, revision): &(String, i64)| {
                let row = cx.core.store.read(|tx| site_rows::by_id(tx, id));
                row.is_ok_and(|row| row.is_some_and(|row| row.revision == *revision))
            };
            super::run::authorise(op, cx.actor).is_ok() && sites.iter().all(stand)
        }
        _ => super::run::try_repeat(cx, op, input, sites.as_deref().map(|sites| (row.id.as_str(), sites))).is_ok(),
    }
}

/// The sites that a job meant to change, as it found them. Error: `job_target_changed` when its plan is no longer known,
/// since nobody can tell then.
fn planned(core: &Core, id: &str, plan: &str) -> Result<Vec<(String, i64)>> {
    let row = core.store.read(|tx| plans::by_id(tx, plan))?;
    let body = row.and_then(|row| row.body).ok_or_else(|| change::target_changed(id))?;
    Ok(serde_json::from_value::<Plan>(body).map_err(Error::fault)?.revisions)
}

struct JobCancel;

impl Operation for JobCancel {
    const META: Meta = Meta::new("job.cancel", Method::Post, "/jobs/{id}/cancel", Need::Has(JobsChange));
    type In = IdRef;
    type Out = super::Done;
}

impl PlainAct for JobCancel {
    fn act(cx: &Cx, tx: &Tx, input: IdRef) -> Result<Acted<super::Done>> {
        let id = input.id.as_str();
        let row = rows::by_id(tx, id)?.ok_or_else(|| Error::new(Kind::NotFound, "job_not_found").with("id", id))?;
        if row.plan_id.is_some() {
            return Err(Error::new(Kind::Conflict, "job_not_cancellable").with("id", id));
        }
        if !cx.request.dry_run && !cx.core.jobs.cancel(id) {
            return Err(Error::new(Kind::Conflict, "job_over").with("id", id));
        }
        Ok(Acted::new(super::Done {}, format!("{} {}", row.operation, row.target)))
    }
}

/// Which events.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventQuery {
    /// Topics to listen to; all that the caller may have when absent.
    #[schemars(length(max = 8), extend("x-flag" = "topic"))]
    topics: Option<Vec<Topic>>,
}

/// One event, as its data stands on the stream.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct EventData(Value);

struct Events;

impl Operation for Events {
    const META: Meta = Meta::new("event.stream", Method::Get, "/events", Need::SignedIn);
    type In = EventQuery;
    type Out = EventData;
}

impl Stream for Events {
    fn listen(cx: &Cx, input: EventQuery, sink: Sink) -> Result<Subscription> {
        let wanted = input.topics.unwrap_or_else(|| Topic::ALL.to_vec());
        let listening = cx.core.bus.listen(wanted.into_iter().filter(|t| cx.actor.may(t.needs())).collect(), sink);
        monitoring::tell_listeners(cx.core)?;
        Ok(listening)
    }
}
