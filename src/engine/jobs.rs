//! Work in the background: a bounded pool of threads, live output, cancelling, and a row in the store that tells what
//! became of it after a crash too.

use super::events::{Bus, Topic};
use crate::base::clock::Clock;
use crate::base::limits::{JOB_OUTPUT_BYTES_MAX, JOBS_QUEUED_MAX};
use crate::base::{Error, Kind, Result};
use crate::store::{Store, Tx, jobs as rows};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::Duration;

/// Threads that carry out jobs, at most. nginx changes wait for each other anyway, so that they can go in groups.
const WORKERS: usize = 8;
/// Time after which a waiting thread looks whether the pool is still there.
const TURN: Duration = Duration::from_millis(500);
/// Turns without a job after which a thread ends.
const TURNS_MAX: u32 = 20;

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

/// The pool.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

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
        Jobs(inner)
    }

    /// Writes the row of a job that is about to be queued.
    pub fn insert(&self, tx: &Tx, job: &NewJob) -> Result<()> {
        let now = self.0.clock.now();
        rows::insert(
            tx,
            &rows::Job {
                id: job.id.clone(),
                operation: job.operation.clone(),
                target: job.target.clone(),
                actor: job.actor.clone(),
                state: rows::JobState::Running,
                plan_id: job.plan.clone(),
                result: None,
                error: None,
                output: String::new(),
                owner: self.0.owner.clone(),
                heartbeat_at: now,
                created_at: now,
                started_at: Some(now),
                finished_at: None,
            },
        )
    }

    /// Queues a job whose row was written with [`Jobs::insert`].
    pub fn run(&self, job: NewJob, work: impl FnOnce(&Handle) -> Result<Value> + Send + 'static) -> Result<Ticket> {
        let (send, done) = mpsc::channel();
        let live = Arc::new(Live { operation: job.operation.clone(), ..Live::default() });
        let handle = Handle { id: job.id.clone(), live: live.clone(), bus: self.0.bus.clone() };
        let mut queue = self.0.queue.lock().map_err(Error::fault)?;
        if self.0.stopping.load(Ordering::Relaxed) {
            return Err(Error::new(Kind::Unavailable, "stopping"));
        }
        if queue.waiting.len() >= JOBS_QUEUED_MAX {
            return Err(Error::new(Kind::Unavailable, "jobs_full").with("max", JOBS_QUEUED_MAX));
        }
        self.staff(&mut queue)?;
        self.0.live.lock().map_err(Error::fault)?.insert(job.id.clone(), live);
        self.0.bus.tell(Topic::Jobs, "job", json!({ "id": job.id, "operation": job.operation, "state": "running" }));
        queue.waiting.push_back(Queued { handle, work: Box::new(work), done: send });
        drop(queue);
        self.0.arrived.notify_one();
        Ok(Ticket { id: job.id, done })
    }

    /// Sees to it that there is a thread for one more job.
    fn staff(&self, queue: &mut Queue) -> Result<()> {
        if queue.idle > queue.waiting.len() || queue.threads >= WORKERS {
            return Ok(());
        }
        // A weak reference: the threads end when everybody else has let go of the pool.
        let pool = Arc::downgrade(&self.0);
        match std::thread::Builder::new().name("job".into()).spawn(move || work(&pool)) {
            Ok(_) => queue.threads += 1,
            Err(e) if queue.threads > 0 => log::warn!(target: "jobs", "no further job thread could be started: {e}"),
            Err(e) => return Err(Error::new(Kind::Unavailable, "jobs_full").with("max", 0).cause(e)),
        }
        Ok(())
    }

    /// Asks a job to stop. `false` when it does not run.
    pub fn cancel(&self, id: &str) -> bool {
        let live = self.0.live.lock().ok().and_then(|l| l.get(id).cloned());
        live.is_some_and(|l| {
            l.cancel.store(true, Ordering::Relaxed);
            true
        })
    }

    /// What a running job has said so far.
    pub fn live(&self, id: &str) -> Option<Progress> {
        let live = self.0.live.lock().ok()?.get(id).cloned()?;
        let output = live.output.lock().ok()?;
        Some(output.clone())
    }

    /// How many jobs run or wait.
    pub fn count(&self) -> usize {
        self.0.live.lock().map_or(0, |l| l.len())
    }

    /// Takes no more jobs, asks the running ones to stop, and waits for them at most until `limit` has passed.
    pub fn stop(&self, limit: Duration) {
        self.0.stopping.store(true, Ordering::Relaxed);
        self.0.arrived.notify_all();
        let Ok(mut live) = self.0.live.lock() else { return };
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
            match self.0.live.lock() {
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
        self.0.store.write(|tx| rows::heartbeat(tx, &self.0.owner, self.0.clock.now())).map(drop)
    }
}

/// One thread of the pool: carries out jobs until none has come for a while.
fn work(pool: &Weak<Inner>) {
    let mut turns = 0;
    while let Some(inner) = pool.upgrade() {
        let last = turns >= TURNS_MAX || inner.stopping.load(Ordering::Relaxed);
        match next(&inner, last) {
            Some(queued) => {
                turns = 0;
                carry_out(&inner, queued);
            }
            None if last => return,
            None => turns += 1,
        }
    }
}

/// The next job. Without one, a thread in its `last` turn is no longer counted.
fn next(pool: &Inner, last: bool) -> Option<Queued> {
    let mut queue = pool.queue.lock().ok()?;
    queue.idle += 1;
    let waited = pool
        .arrived
        .wait_timeout_while(queue, TURN, |q| q.waiting.is_empty() && !pool.stopping.load(Ordering::Relaxed));
    let (mut queue, _) = waited.ok()?;
    queue.idle -= 1;
    let next = queue.waiting.pop_front();
    if next.is_none() && last {
        queue.threads -= 1;
    }
    next
}

fn carry_out(pool: &Inner, queued: Queued) {
    let Queued { handle, work, done } = queued;
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&handle)));
    let outcome = ended.unwrap_or_else(|_| {
        let error = Error::fault("the job panicked");
        let shown = serde_json::to_value(&error).ok();
        let row = pool
            .store
            .write(|tx| rows::finish(tx, handle.id(), rows::JobState::Failed, None, shown.as_ref(), pool.clock.now()));
        if let Err(e) = row {
            log::error!(target: "jobs", "the end of job {} could not be recorded: {e}", handle.id());
        }
        Err(error)
    });
    let output = handle.output();
    if let Err(e) = pool.store.write(|tx| rows::append_output(tx, handle.id(), &output)) {
        log::warn!(target: "jobs", "the output of job {} could not be kept: {e}", handle.id());
    }
    if let Ok(mut live) = pool.live.lock() {
        live.remove(handle.id());
    }
    let state = if outcome.is_ok() { "done" } else { "failed" };
    pool.bus.tell(Topic::Jobs, "job", json!({ "id": handle.id(), "operation": handle.live.operation, "state": state }));
    // Nobody may be waiting any more.
    let _ = done.send(outcome);
}
