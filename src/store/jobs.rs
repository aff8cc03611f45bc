//! Jobs: what runs longer than a request, and what came of it.

use super::page::{self, Conditions, Page, order};
use super::{Row, Tx, rows};
use crate::base::clock::Time;
use crate::base::{Error, Result, limits};
use crate::values;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

mod change;

pub use change::{append_output, begin, finish, give_input, heartbeat, take_input};

const SELECT: &str = "SELECT id, operation, target, actor, state, plan_id, result, error, output, owner, heartbeat_at, \
                      created_at, started_at, finished_at, input FROM jobs";

/// As [`SELECT`], but of an input, which may be long, only whether there is one.
const SELECT_BRIEF: &str = "SELECT id, operation, target, actor, state, plan_id, result, error, output, owner, \
                            heartbeat_at, created_at, started_at, finished_at, \
                            CASE WHEN input IS NULL THEN NULL ELSE 'true' END AS input FROM jobs";

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waits for its turn.
    Queued,
    /// Runs.
    Running,
    /// Did what it was asked.
    Done,
    /// Did not.
    Failed,
    /// Was stopped before it changed anything.
    Cancelled,
    /// Failed and was taken back.
    Undone,
}

impl JobState {
    const ALL: [JobState; 6] =
        [JobState::Queued, JobState::Running, JobState::Done, JobState::Failed, JobState::Cancelled, JobState::Undone];

    /// The word in the database and the API.
    pub fn text(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Running => "running",
            JobState::Done => "done",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
            JobState::Undone => "undone",
        }
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Id.
    pub id: String,
    /// The operation it carries out.
    pub operation: String,
    /// The object it is about.
    pub target: String,
    /// Who asked for it.
    pub actor: Json,
    /// Where it stands.
    pub state: JobState,
    /// The plan it applies.
    pub plan_id: Option<String>,
    /// The operation's answer.
    pub result: Option<Json>,
    /// The error.
    pub error: Option<Json>,
    /// The end of what its programs printed, at most [`limits::JOB_OUTPUT_BYTES_MAX`].
    pub output: String,
    /// The process that runs it.
    pub owner: String,
    /// When that process last said that it is alive.
    pub heartbeat_at: Time,
    /// When it was asked for.
    pub created_at: Time,
    /// When it began.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// What the operation was asked; `None` where it cannot be asked again.
    pub input: Option<Json>,
}

/// Which jobs are wanted; an absent part does not limit.
#[derive(Debug, Clone, Default)]
pub struct JobFilter<'a> {
    /// In this state.
    pub state: Option<JobState>,
    /// Of this operation.
    pub operation: Option<&'a str>,
    /// About this object.
    pub target: Option<&'a str>,
    /// Asked for by this actor, as the audit trail shows it.
    pub actor: Option<&'a str>,
    /// Asked for not before.
    pub from: Option<Time>,
    /// Asked for before.
    pub until: Option<Time>,
}

fn read(row: &Row) -> Result<Job> {
    let state: String = row.get("state")?;
    let known = JobState::ALL.into_iter().find(|s| s.text() == state);
    Ok(Job {
        id: row.get("id")?,
        operation: row.get("operation")?,
        target: row.get("target")?,
        actor: row.json("actor")?,
        state: known.ok_or_else(|| Error::fault(format!("a job is in the unknown state {state}")))?,
        plan_id: row.get("plan_id")?,
        result: row.json_opt("result")?,
        error: row.json_opt("error")?,
        output: row.get("output")?,
        owner: row.get("owner")?,
        heartbeat_at: row.get("heartbeat_at")?,
        created_at: row.get("created_at")?,
        started_at: row.get("started_at")?,
        finished_at: row.get("finished_at")?,
        input: row.json_opt("input")?,
    })
}

/// Adds a job.
pub fn insert(tx: &Tx, job: &Job) -> Result<()> {
    let sql = "INSERT INTO jobs (id, operation, target, actor, state, plan_id, result, error, output, owner, \
               heartbeat_at, created_at, started_at, finished_at, input) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let Job { id, operation, target, actor, plan_id, output, owner, .. } = job;
    let (result, error) = (job.result.as_ref(), job.error.as_ref());
    let mut values = values![id, operation, target, actor, job.state.text(), plan_id, result, error].to_vec();
    values.extend(values![output, owner, job.heartbeat_at, job.created_at, job.started_at, job.finished_at]);
    values.push(job.input.as_ref().into());
    tx.exec(sql, &values).map(drop)
}

/// The job with this id.
pub fn by_id(tx: &Tx, id: &str) -> Result<Option<Job>> {
    rows::first(tx.one(&format!("{SELECT} WHERE id = ?"), &values![id])?, read)
}

/// One page of the jobs that match, newest first. In place of an input stands `true`.
pub fn list(tx: &Tx, filter: &JobFilter<'_>, cursor: Option<&str>, limit: u32) -> Result<Page<Job>> {
    page::page(tx, SELECT_BRIEF, conditions(filter), order!("created_at", "id", desc), (cursor, limit), read)
}

/// How many jobs match.
pub fn count(tx: &Tx, filter: &JobFilter<'_>) -> Result<i64> {
    conditions(filter).count(tx, "jobs")
}

/// Waiting and running jobs of other processes: what a recovery has to look at. `owner` is the one that asks; with
/// `silent_since`, only those whose process has not been heard of since.
pub fn orphans(tx: &Tx, owner: &str, silent_since: Option<Time>) -> Result<Vec<Job>> {
    let sql = format!(
        "{SELECT} WHERE state IN ('queued', 'running') AND owner <> ? \
                       AND heartbeat_at <= ? ORDER BY created_at, id"
    );
    rows::all(&tx.query(&sql, &values![owner, silent_since.unwrap_or(Time(i64::MAX))])?, read)
}

/// Forgets jobs that ended before `before`; how many that were.
pub fn forget(tx: &Tx, before: Time) -> Result<u64> {
    let sql = "DELETE FROM jobs WHERE finished_at IS NOT NULL AND finished_at < ?";
    tx.exec(sql, &values![before])
}

fn conditions(filter: &JobFilter<'_>) -> Conditions {
    let mut wanted = Conditions::default();
    wanted.add_some("state = ?", filter.state.map(JobState::text));
    wanted.add_some("operation = ?", filter.operation);
    wanted.add_some("target = ?", filter.target);
    // The actor is opaque JSON to the database: its name stands there as serde_json writes it.
    let name = filter.actor.map(|name| page::like(&format!("\"name\":{}", Json::from(name))));
    wanted.add_some("actor LIKE ? ESCAPE '!'", name);
    wanted.add_some("created_at >= ?", filter.from);
    wanted.add_some("created_at < ?", filter.until);
    wanted
}

/// The end of `text` that fits into a job's output, cut between characters.
fn tail(mut text: String) -> String {
    if text.len() > limits::JOB_OUTPUT_BYTES_MAX {
        let mut cut = text.len() - limits::JOB_OUTPUT_BYTES_MAX;
        while !text.is_char_boundary(cut) {
            cut += 1;
        }
        text.drain(..cut);
    }
    text
}

#[cfg(test)]
mod tests;
