//! The pool's threads and the states of its jobs.

use super::*;
use crate::store::testing::store_with_clock;
use std::sync::{Barrier, Weak};
use std::time::Instant;

fn pool() -> (tempfile::TempDir, Store, Jobs) {
    let (folder, store, clock) = store_with_clock();
    let jobs = Jobs::new(store.clone(), "one".into(), clock, Bus::default());
    (folder, store, jobs)
}

fn queue(store: &Store, jobs: &Jobs, id: &str, work: impl FnOnce(&Handle) -> Result<Value> + Send + 'static) -> Ticket {
    let (operation, target, actor, plan) = ("site.create".to_owned(), "a.test".to_owned(), json!({}), None);
    let job = NewJob { id: id.to_owned(), operation, target, actor, plan, input: None, waits: jobs.full() };
    store.write(|tx| jobs.insert(tx, &job)).unwrap();
    jobs.run(job, work).unwrap()
}

fn state(store: &Store, id: &str) -> rows::Job {
    store.read(|tx| rows::by_id(tx, id)).unwrap().unwrap()
}

/// How long the threads of a pool take to end, after its last handle has gone.
fn ending() -> Duration {
    let (_folder, store, jobs) = pool();
    for id in ["j1", "j2", "j3"] {
        queue(&store, &jobs, id, |_| Ok(json!(1))).wait(Duration::from_secs(60)).unwrap().unwrap();
    }
    let inner: Weak<Inner> = Arc::downgrade(jobs.inner());
    let second = jobs.clone();
    drop(jobs);
    let ticket = queue(&store, &second, "j4", |_| Ok(json!(4)));
    assert_eq!(ticket.wait(Duration::from_secs(60)).unwrap().unwrap(), 4, "one handle is left");
    drop(second);
    let began = Instant::now();
    while inner.strong_count() > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "the threads go on");
        std::thread::yield_now();
    }
    began.elapsed()
}

#[test]
fn the_threads_end_with_the_last_handle() {
    // A busy machine may hold them up now and then; those that wait for jobs take as long every time.
    let mut tries = (0..5).map(|_| ending());
    assert!(tries.any(|time| time < IDLE / 2), "the threads wait for jobs that cannot come");
}

#[test]
fn a_job_is_queued_until_a_thread_has_it() {
    let (_folder, store, jobs) = pool();
    let barrier = Arc::new(Barrier::new(WORKERS + 1));
    let blocked = |n: usize| {
        let barrier = barrier.clone();
        queue(&store, &jobs, &format!("j{n}"), move |_| Ok(json!(barrier.wait().is_leader())))
    };
    let mut tickets: Vec<_> = (0..WORKERS).map(blocked).collect();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !jobs.full() {
        assert!(Instant::now() < deadline, "the threads took no jobs");
    }
    tickets.push(queue(&store, &jobs, "last", |_| Ok(json!(1))));
    let waiting = state(&store, "last");
    assert_eq!((waiting.state, waiting.started_at), (rows::JobState::Queued, None));
    assert_eq!(state(&store, "j0").state, rows::JobState::Running);
    let orphans = store.read(|tx| rows::orphans(tx, "two", None)).unwrap();
    assert!(orphans.iter().any(|job| job.id == "last"), "recovery closes what waited as well");
    barrier.wait();
    tickets.into_iter().for_each(|t| drop(t.wait(Duration::from_secs(60)).unwrap().unwrap()));
    let begun = state(&store, "last");
    assert_eq!((begun.state, begun.started_at.is_some()), (rows::JobState::Running, true));
}

#[test]
fn a_panic_ends_the_job_and_not_the_thread() {
    let (_folder, store, jobs) = pool();
    let ticket = queue(&store, &jobs, "j1", |_| panic!("on purpose"));
    let error = ticket.wait(Duration::from_secs(60)).unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Fault);
    assert_eq!(state(&store, "j1").state, rows::JobState::Failed);
    queue(&store, &jobs, "j2", |_| Ok(json!(2))).wait(Duration::from_secs(60)).unwrap().unwrap();
}
