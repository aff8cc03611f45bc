//! The life of a job.

use super::*;
use crate::store::Store;
use crate::store::testing::store;

fn job(n: i64) -> Job {
    Job {
        id: format!("j{n}"),
        operation: "site.create".to_owned(),
        target: "a.test".to_owned(),
        actor: serde_json::json!({ "name": "root" }),
        state: JobState::Running,
        plan_id: None,
        result: None,
        error: None,
        output: String::new(),
        owner: "one".to_owned(),
        heartbeat_at: Time(n),
        created_at: Time(n),
        started_at: Some(Time(n)),
        finished_at: None,
        input: None,
    }
}

fn add(store: &Store, count: i64) {
    store.write(|tx| (1..=count).try_for_each(|n| insert(tx, &job(n)))).unwrap();
}

#[test]
fn a_job_is_read_as_it_was_written_and_ends_once() {
    let (_folder, store) = store();
    add(&store, 2);
    store
        .write(|tx| {
            assert_eq!(by_id(tx, "j1")?, Some(job(1)));
            let result = serde_json::json!({ "target": "s1" });
            assert!(finish(tx, "j1", JobState::Done, Some(&result), None, Time(9))?);
            assert!(!finish(tx, "j1", JobState::Failed, None, None, Time(10))?);
            let ended = Job { state: JobState::Done, result: Some(result), finished_at: Some(Time(9)), ..job(1) };
            assert_eq!(by_id(tx, "j1")?, Some(ended));
            assert_eq!((forget(tx, Time(9))?, forget(tx, Time(10))?), (0, 1));
            assert_eq!(by_id(tx, "j2")?, Some(job(2)), "what runs is never forgotten");
            Ok(())
        })
        .unwrap();
}

#[test]
fn jobs_of_a_process_that_is_gone_are_found() {
    let (_folder, store) = store();
    store
        .write(|tx| {
            insert(tx, &job(1))?;
            insert(tx, &Job { owner: "two".to_owned(), ..job(2) })?;
            insert(tx, &Job { state: JobState::Done, finished_at: Some(Time(4)), ..job(3) })?;
            assert_eq!(heartbeat(tx, "two", Time(70))?, 1);
            let ids = |jobs: Vec<Job>| jobs.into_iter().map(|j| j.id).collect::<Vec<_>>();
            assert_eq!(ids(orphans(tx, "three", None)?), ["j1", "j2"]);
            assert_eq!(ids(orphans(tx, "three", Some(Time(60)))?), ["j1"]);
            assert_eq!(ids(orphans(tx, "one", None)?), ["j2"]);
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_end_of_long_output_is_kept() {
    let (_folder, store) = store();
    add(&store, 1);
    store
        .write(|tx| {
            append_output(tx, "j1", &"ب".repeat(limits::JOB_OUTPUT_BYTES_MAX))?;
            append_output(tx, "j1", "x end")?;
            let output = by_id(tx, "j1")?.unwrap().output;
            assert!(output.len() <= limits::JOB_OUTPUT_BYTES_MAX && output.len() > limits::JOB_OUTPUT_BYTES_MAX - 4);
            assert!(output.ends_with("بx end"));
            assert!(!append_output(tx, "none", "x")?);
            Ok(())
        })
        .unwrap();
}

#[test]
fn lists_are_newest_first() {
    let (_folder, store) = store();
    add(&store, 5);
    store
        .read(|tx| {
            let running = JobFilter { state: Some(JobState::Running), ..JobFilter::default() };
            let first = list(tx, &running, None, 3)?;
            assert_eq!(first.rows.iter().map(|j| j.id.as_str()).collect::<Vec<_>>(), ["j5", "j4", "j3"]);
            let second = list(tx, &running, first.next.as_deref(), 3)?;
            assert_eq!((second.rows.len(), second.next, count(tx, &running)?), (2, None, 5));
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_a_job_was_asked_is_kept_until_it_is_done_and_lists_only_say_whether() {
    let (_folder, store) = store();
    let input = serde_json::json!({ "document": "manara = 1" });
    store
        .write(|tx| {
            (1..=2).try_for_each(|n| insert(tx, &Job { input: Some(input.clone()), ..job(n) }))?;
            insert(tx, &job(3))?;
            let listed = list(tx, &JobFilter::default(), None, 9)?.rows;
            let said = || Some(Json::Bool(true));
            assert_eq!(listed.into_iter().map(|j| j.input).collect::<Vec<_>>(), [None, said(), said()]);
            finish(tx, "j1", JobState::Done, None, None, Time(9))?;
            finish(tx, "j2", JobState::Failed, None, None, Time(9))?;
            assert_eq!(by_id(tx, "j1")?.unwrap().input, None);
            assert_eq!(by_id(tx, "j2")?.unwrap().input.as_ref(), Some(&input));
            Ok(())
        })
        .unwrap();
}
