//! Upkeep over a real store whose clock the test moves.

use super::*;
use crate::base::clock::Time;
use crate::base::layout::Layout;
use crate::base::{Kind, Secret};
use crate::config::{LoadInput, load};
use crate::engine::core::Parts;
use crate::engine::hooks::NoHooks;
use crate::platform::{Host, HostOp, HostReply, Lines};
use crate::store::jobs::{Job, JobState};
use crate::store::plans::{APPLIED, APPLYING, FAILED, PLANNED, Plan};
use crate::store::sessions::{self, Session};
use crate::store::testing::{TestClock, store_with_clock};
use crate::store::users::{self, User};
use crate::store::{failures, idempotency::Begun, reservations};
use serde_json::json;
use std::sync::Arc;

/// Upkeep has no business with the machine.
struct NoMachine;

impl Host for NoMachine {
    fn call(&self, op: &HostOp, _: Lines<'_>) -> Result<HostReply> {
        Err(Error::fault(format!("upkeep asked the machine: {op:?}")))
    }
}

fn core() -> (tempfile::TempDir, Arc<Core>, Arc<TestClock>) {
    let (folder, store, clock) = store_with_clock();
    let layout = Layout { root: folder.path().to_owned(), http_port: 1, https_port: 2, ipv6: false, user: None };
    let loaded = load(LoadInput::at(folder.path())).unwrap();
    lease::take(&store, "one").unwrap();
    let core = Core::new(Parts {
        loaded,
        store,
        host: Arc::new(NoMachine),
        clock: clock.clone(),
        layout,
        hooks: Box::new(NoHooks),
        faults: Arc::default(),
        owner: "one".to_owned(),
    });
    (folder, core, clock)
}

fn plan(core: &Core, id: &str, state: &str) {
    let (created_at, expires_at) = (core.now(), core.now().plus_s(3600));
    let (operation, body) = ("site.create".to_owned(), Some(json!({ "bytes": "server {}" })));
    let row = Plan { id: id.into(), operation, actor: json!({}), body, created_at, expires_at, state: state.into() };
    core.store.write(|tx| plans::insert(tx, &row)).unwrap();
}

fn job(core: &Core, id: &str, plan: &str, state: JobState) {
    let now = core.now();
    let row = Job {
        id: id.into(),
        operation: "site.create".into(),
        target: "a.test".into(),
        actor: json!({}),
        state,
        plan_id: Some(plan.into()),
        result: None,
        error: Some(json!({ "code": "nginx_test_failed" })),
        output: String::new(),
        owner: "one".into(),
        heartbeat_at: now,
        created_at: now,
        started_at: Some(now),
        finished_at: (state != JobState::Running).then_some(now),
        input: None,
    };
    core.store.write(|tx| jobs::insert(tx, &row)).unwrap();
}

/// Whether the plan is there, and whether its bytes are.
fn kept(core: &Core, id: &str) -> Option<bool> {
    core.store.read(|tx| plans::by_id(tx, id)).unwrap().map(|row| row.body.is_some())
}

#[test]
fn plans_go_when_they_ran_out_but_never_from_under_a_job() {
    let (_folder, core, clock) = core();
    plan(&core, "unused", PLANNED);
    plan(&core, "odd", PLANNED);
    job(&core, "j-odd", "odd", JobState::Failed);
    for (id, state) in [("applied", APPLIED), ("failed", FAILED), ("underway", APPLYING)] {
        plan(&core, id, state);
    }
    job(&core, "j-failed", "failed", JobState::Failed);
    job(&core, "j-underway", "underway", JobState::Running);
    core.store
        .write(|tx| reservations::take(tx, "failed", &["a.test".parse().unwrap()], core.now(), core.now().plus_s(60)))
        .unwrap();

    take(&core, SWEEPS);
    assert_eq!(kept(&core, "unused"), Some(true), "it may still be applied");
    clock.advance_s(3601);
    take(&core, SWEEPS);
    assert_eq!(kept(&core, "unused"), None);
    assert_eq!(core.store.write(|tx| reservations::release(tx, "failed")).unwrap(), 0, "the name is free");
    for id in ["odd", "applied", "failed", "underway"] {
        assert_eq!(kept(&core, id), Some(true), "{id}");
    }

    clock.advance_s(PLAN_BODY_S_MAX);
    take(&core, SWEEPS);
    assert_eq!((kept(&core, "applied"), kept(&core, "failed")), (None, Some(false)), "a job refers to the second");
    assert_eq!((kept(&core, "odd"), kept(&core, "underway")), (Some(true), Some(true)));
    let evidence = core.store.read(|tx| jobs::by_id(tx, "j-failed")).unwrap().unwrap().error;
    assert_eq!(evidence, Some(json!({ "code": "nginx_test_failed" })));

    clock.advance_s(JOB_S_MAX);
    take(&core, SWEEPS);
    assert!(core.store.read(|tx| jobs::by_id(tx, "j-failed")).unwrap().is_none());
    assert_eq!((kept(&core, "failed"), kept(&core, "odd"), kept(&core, "underway")), (None, None, Some(true)));
}

fn session(id: &str, at: Time) -> Session {
    let (created_at, last_seen_at, verified_at) = (at, at, at);
    let (user_id, address, agent) = ("u1".to_owned(), String::new(), String::new());
    Session { id: id.to_owned(), user_id, created_at, last_seen_at, verified_at, address, agent }
}

#[test]
fn sessions_failures_and_remembered_answers_run_out() {
    let (_folder, core, clock) = core();
    let subject = failures::Subject::Address("192.0.2.1");
    let begin = |now| core.store.write(|tx| idempotency::begin(tx, "root", "k", "h", now)).unwrap();
    let now = core.now();
    core.store
        .write(|tx| {
            let (id, name, role) = ("u1".to_owned(), "amal".to_owned(), "admin".to_owned());
            let (password_hash, disabled, revision) = (Secret::new("x".to_owned()), false, 1);
            let (created_at, updated_at, password_changed_at) = (now, now, now);
            let user =
                User { id, name, role, password_hash, disabled, revision, created_at, updated_at, password_changed_at };
            users::insert(tx, &user)?;
            sessions::insert(tx, &session("h1", now), &Secret::new("one".to_owned()))?;
            failures::record(tx, subject, now).map(drop)
        })
        .unwrap();
    assert_eq!(begin(now), Begun::New);
    let left = |tx: &crate::store::Tx| Ok((sessions::list(tx)?.len(), failures::since(tx, subject, Time(0))?.0));
    take(&core, SWEEPS);
    assert_eq!(core.store.read(left).unwrap(), (1, 1));
    assert_eq!(begin(core.now()), Begun::Running);
    clock.advance_s(IDEMPOTENCY_S_MAX + 1);
    take(&core, SWEEPS);
    assert_eq!(core.store.read(left).unwrap(), (0, 0));
    assert_eq!(begin(core.now()), Begun::New);
}

#[test]
fn a_step_that_fails_does_not_stop_the_others() {
    let (_folder, core, clock) = core();
    plan(&core, "unused", PLANNED);
    clock.advance_s(3601);
    core.store.write(|tx| tx.exec("ALTER TABLE sessions RENAME TO hidden", &[])).unwrap();
    take(&core, SWEEPS);
    assert_eq!(kept(&core, "unused"), None);
}

#[test]
fn a_panel_that_lost_its_database_changes_nothing_more() {
    let (_folder, core, clock) = core();
    clock.advance_s(5);
    take(&core, BEATS);
    let held = core.store.read(lease::current).unwrap().unwrap();
    assert_eq!((held.owner.as_str(), held.heartbeat_at), ("one", core.now()));
    lease::take(&core.store, "two").unwrap();
    core.store.write(|_| Ok(())).unwrap();
    take(&core, BEATS);
    let refused = core.store.write(|_| Ok(())).unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (Kind::Unavailable, "store_lost"));
    assert_eq!(core.store.read(lease::current).unwrap().unwrap().owner, "two");
}
