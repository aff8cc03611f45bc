//! Work in the background: a bounded pool of threads, live output, cancelling, and a row in the store that tells what
//! became of it after a crash too.

use super::events::{Bus, Topic};
use crate::base::clock::Clock;
use crate::base::limits::{JOB_OUTPUT_BYTES_MAX, JOBS_QUEUED_MAX};
use crate::base::{Error, Kind, Result};
use crate::platform::acting;
use crate::store::{Store, Tx, jobs as rows};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Threads that carry out jobs, at most. nginx changes wait for each other anyway, so that they can go in groups.
const WORKERS: usize = 8;
/// Time without a job after which a thread ends.
const IDLE: Duration = Duration::from_secs(10);

type Work = Box<dyn FnOnce(&Handle) -> Result<Value> + Send>;

/// A job before it is queued.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id.
    pub id: String,
    /// The operation it carries out.
    pub operation: String,
    /// What it is about.
    pub target: String,
    /// Who asked for it.
    pub actor: Value,
    /// The plan it applies.
    pub plan: Option<String>,
    /// What the operation was asked.
    pub input: Option<Value>,
    /// Whether it is going to wait for a thread ([`Jobs::full`]): its row then says `queued` until it begins.
    pub waits: bool,
}

/// A job that was queued.
pub struct Ticket {
    /// Its id.
    pub id: String,
    done: mpsc::Receiver<Result<Value>>,
}

impl Ticket {
    /// Waits for the result; `None` when the job takes longer than `limit`.
    pub fn wait(&self, limit: Duration) -> Option<Result<Value>> {
        match self.done.recv_timeout(limit) {
            Ok(outcome) => Some(outcome),
            Err(mpsc::RecvTimeoutError::Timeout) => None,
            Err(mpsc::RecvTimeoutError::Disconnected) => Some(Err(Error::fault("the job ended without a result"))),
        }
    }
}

/// What is known of a running job.
#[derive(Default)]
struct Live {
    operation: String,
    cancel: AtomicBool,
    output: Mutex<Progress>,
}

/// A running job, as its work sees it.
pub struct Handle {
    id: String,
    live: Arc<Live>,
    bus: Bus,
}

impl Handle {
    /// The job's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Adds a line to the output. Past [`JOB_OUTPUT_BYTES_MAX`] the beginning is dropped.
    pub fn say(&self, line: &str) {
        if let Ok(mut output) = self.live.output.lock() {
            output.output.push_str(line);
            output.output.push('\n');
            if output.output.len() > JOB_OUTPUT_BYTES_MAX {
                let from = output.output.len() - JOB_OUTPUT_BYTES_MAX / 2;
                let from = (from..output.output.len()).find(|i| output.output.is_char_boundary(*i)).unwrap_or(0);
                output.output.drain(..from);
            }
            line.clone_into(&mut output.message);
        }
        self.bus.tell(Topic::Jobs, "job-output", json!({ "id": self.id, "text": format!("{line}\n") }));
    }

    /// Says how far the job is.
    pub fn progress(&self, done: i64, total: i64) {
        if let Ok(mut output) = self.live.output.lock() {
            output.steps = Some((done, total));
        }
    }

    /// Whether somebody asked the job to stop.
    pub fn cancelled(&self) -> bool {
        self.live.cancel.load(Ordering::Relaxed)
    }

    /// The output so far.
    pub fn output(&self) -> String {
        self.live.output.lock().map(|o| o.output.clone()).unwrap_or_default()
    }
}

struct Queued {
    handle: Handle,
    work: Work,
    waits: bool,
    done: mpsc::Sender<Result<Value>>,
}

/// Jobs that wait, and the threads there are for them.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Queued>,
    threads: usize,
    idle: usize,
}

/// What a running job has said so far.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Everything it printed.
    pub output: String,
    /// Its last line.
    pub message: String,
    /// Steps done, and steps in all.
    pub steps: Option<(i64, i64)>,
}

/// The pool. When the last of its handles goes, its threads end; they hold none themselves.
#[derive(Clone)]
pub struct Jobs(Arc<Outside>);

struct Outside(Arc<Inner>);

impl Drop for Outside {
    fn drop(&mut self) {
        self.0.end();
    }
}

struct Inner {
    store: Store,
    owner: String,
    clock: Arc<dyn Clock>,
    bus: Bus,
    queue: Mutex<Queue>,
    arrived: Condvar,
    live: Mutex<HashMap<String, Arc<Live>>>,
    stopping: AtomicBool,
}

impl Jobs {
    /// An empty pool; `owner` names this process in the rows of its jobs.
    pub fn new(store: Store, owner: String, clock: Arc<dyn Clock>, bus: Bus) -> Self {
        let inner = Arc::new(Inner {
            store,
            owner,
            clock,
            bus,
            queue: Mutex::default(),
            arrived: Condvar::new(),
            live: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        Jobs(Arc::new(Outside(inner)))
    }

    fn inner(&self) -> &Arc<Inner> {
        &self.0.0
    }

    /// Whether every thread is busy, so that one more job waits for its turn.
    pub fn full(&self) -> bool {
        self.inner().queue.lock().is_ok_and(|q| q.threads >= WORKERS && q.idle <= q.waiting.len())
    }

    /// Writes the row of a job that is about to be queued.
    pub fn insert(&self, tx: &Tx, job: &NewJob) -> Result<()> {
        let now = self.inner().clock.now();
        rows::insert(
            tx,
            &rows::Job {
                id: job.id.clone(),
                operation: job.operation.clone(),
                target: job.target.clone(),
                actor: job.actor.clone(),
                state: if job.waits { rows::JobState::Queued } else { rows::JobState::Running },
                plan_id: job.plan.clone(),
                result: None,
                error: None,
                output: String::new(),
                owner: self.inner().owner.clone(),
                heartbeat_at: now,
                created_at: now,
                started_at: (!job.waits).then_some(now),
                finished_at: None,
                input: job.input.clone(),
            },
        )
    }

    /// Queues a job whose row was written with [`Jobs::insert`].
    pub fn run(&self, job: NewJob, work: impl FnOnce(&Handle) -> Result<Value> + Send + 'static) -> Result<Ticket> {
        let (send, done) = mpsc::channel();
        let actor = job.actor["name"].as_str().unwrap_or_default().to_owned();
        let work = move |handle: &Handle| acting::on_behalf_of(&actor, || work(handle));
        let live = Arc::new(Live { operation: job.operation.clone(), ..Live::default() });
        let handle = Handle { id: job.id.clone(), live: live.clone(), bus: self.inner().bus.clone() };
        let mut queue = self.inner().queue.lock().map_err(Error::fault)?;
        if self.inner().stopping.load(Ordering::Relaxed) {
            return Err(Error::new(Kind::Unavailable, "stopping"));
        }
        if queue.waiting.len() >= JOBS_QUEUED_MAX {
            return Err(Error::new(Kind::Unavailable, "jobs_full").with("max", JOBS_QUEUED_MAX));
        }
        self.staff(&mut queue)?;
        self.inner().live.lock().map_err(Error::fault)?.insert(job.id.clone(), live);
        self.inner().bus.tell(
            Topic::Jobs,
            "job",
            json!({ "id": job.id, "operation": job.operation, "state": if job.waits { "queued" } else { "running" } }),
        );
        queue.waiting.push_back(Queued { handle, work: Box::new(work), waits: job.waits, done: send });
        drop(queue);
        self.inner().arrived.notify_one();
        Ok(Ticket { id: job.id, done })
    }

    /// Sees to it that there is a thread for one more job.
    fn staff(&self, queue: &mut Queue) -> Result<()> {
        if queue.idle > queue.waiting.len() || queue.threads >= WORKERS {
            return Ok(());
        }
        let pool = self.inner().clone();
        match std::thread::Builder::new().name("job".into()).spawn(move || work(&pool)) {
            Ok(_) => queue.threads += 1,
            Err(e) if queue.threads > 0 => {
                log::warn!(target: "manara::jobs", "no further job thread could be started: {e}")
            }
            Err(e) => return Err(Error::new(Kind::Unavailable, "jobs_full").with("max", 0).cause(e)),
        }
        Ok(())
    }

    /// Asks a job to stop. `false` when it does not run.
    pub fn cancel(&self, id: &str) -> bool {
        let live = self.inner().live.lock().ok().and_then(|l| l.get(id).cloned());
        live.is_some_and(|l| {
            l.cancel.store(true, Ordering::Relaxed);
            true
        })
    }

    /// What a running job has said so far.
    pub fn live(&self, id: &str) -> Option<Progress> {
        let live = self.inner().live.lock().ok()?.get(id).cloned()?;
        let output = live.output.lock().ok()?;
        Some(output.clone())
    }

    /// How many jobs run or wait.
    pub fn count(&self) -> usize {
        self.inner().live.lock().map_or(0, |l| l.len())
    }

    /// Takes no more jobs, asks the running ones to stop, and waits for them at most until `limit` has passed.
    pub fn stop(&self, limit: Duration) {
        self.inner().end();
        let Ok(mut live) = self.inner().live.lock() else { return };
        live.values()
            .filter(|l| !l.operation.starts_with("site."))
            .for_each(|l| l.cancel.store(true, Ordering::Relaxed));
        let deadline = std::time::Instant::now() + limit;
        while !live.is_empty() {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                return;
            }
            drop(live);
            crate::platform::clock::pause(Duration::from_millis(20).min(left));
            match self.inner().live.lock() {
                Ok(again) => live = again,
                Err(_) => return,
            }
        }
    }

    /// Tells the store that the running jobs are alive.
    pub fn heartbeat(&self) -> Result<()> {
        if self.count() == 0 {
            return Ok(());
        }
        self.inner().store.write(|tx| rows::heartbeat(tx, &self.inner().owner, self.inner().clock.now())).map(drop)
    }
}

impl Inner {
    /// Takes no more jobs; the threads end when none waits any more.
    fn end(&self) {
        // With the queue in hand, so that no thread is between looking and waiting.
        let _queue = self.queue.lock();
        self.stopping.store(true, Ordering::Relaxed);
        self.arrived.notify_all();
    }
}

/// One thread of the pool: carries out jobs until none has come for a while, or none will.
fn work(pool: &Inner) {
    while let Some(queued) = next(pool) {
        carry_out(pool, queued);
    }
}

/// The next job. Without one, the thread is no longer counted.
fn next(pool: &Inner) -> Option<Queued> {
    let mut queue = pool.queue.lock().ok()?;
    queue.idle += 1;
    let stopping = || pool.stopping.load(Ordering::Relaxed);
    let waited = pool.arrived.wait_timeout_while(queue, IDLE, |q| q.waiting.is_empty() && !stopping());
    let (mut queue, _) = waited.ok()?;
    queue.idle -= 1;
    let next = queue.waiting.pop_front();
    if next.is_none() {
        queue.threads -= 1;
    }
    next
}

/// Says that a job which had to wait has begun.
fn begin(pool: &Inner, handle: &Handle) {
    if let Err(e) = pool.store.write(|tx| rows::begin(tx, handle.id(), pool.clock.now())) {
        log::warn!(target: "manara::jobs", "the beginning of job {} could not be recorded: {e}", handle.id());
    }
    let operation = &handle.live.operation;
    pool.bus.tell(Topic::Jobs, "job", json!({ "id": handle.id(), "operation": operation, "state": "running" }));
}

fn carry_out(pool: &Inner, queued: Queued) {
    let Queued { handle, work, waits, done } = queued;
    if waits {
        begin(pool, &handle);
    }
    // Whoever queued a job catches its panics and writes down what became of it; this is for a panic while doing so.
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&handle)));
    let outcome = ended.unwrap_or_else(|_| {
        let error = Error::fault("the job panicked");
        let shown = serde_json::to_value(&error).ok();
        let row = pool
            .store
            .write(|tx| rows::finish(tx, handle.id(), rows::JobState::Failed, None, shown.as_ref(), pool.clock.now()));
        if let Err(e) = row {
            log::error!(target: "manara::jobs", "the end of job {} could not be recorded: {e}", handle.id());
        }
        Err(error)
    });
    let output = handle.output();
    if let Err(e) = pool.store.write(|tx| rows::append_output(tx, handle.id(), &output)) {
        log::warn!(target: "manara::jobs", "the output of job {} could not be kept: {e}", handle.id());
    }
    if let Ok(mut live) = pool.live.lock() {
        live.remove(handle.id());
    }
    let state = if outcome.is_ok() { "done" } else { "failed" };
    pool.bus.tell(Topic::Jobs, "job", json!({ "id": handle.id(), "operation": handle.live.operation, "state": state }));
    // Nobody may be waiting any more.
    let _ = done.send(outcome);
}

#[cfg(test)]
mod tests;
