//! `kill -9` at every step of a change, with a real process and a real nginx that goes on serving.

use crate::support::rig::{Rig, loaded, open_core};
use manara::base::locale::Lang;
use manara::engine::{Actor, Request};
use manara::ops;
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;

/// Not a test of its own: the process that is killed. It opens the panel at a given root and makes one call.
#[test]
fn victim() {
    let Ok(root) = std::env::var("MANARA_TEST_VICTIM_ROOT") else { return };
    let port = |name: &str| std::env::var(name).unwrap().parse().unwrap();
    let settings = loaded(PathBuf::from(root), port("MANARA_TEST_HTTP"), port("MANARA_TEST_HTTPS"));
    let (core, _service) = open_core(settings);
    let op = ops::find(&std::env::var("MANARA_TEST_OPERATION").unwrap()).unwrap();
    let input: Value = serde_json::from_str(&std::env::var("MANARA_TEST_INPUT").unwrap()).unwrap();
    let request = Request::console("r0123456789".into(), Lang::En);
    ops::run::call(&core, &Actor::Console, &request, op, input).unwrap();
}

/// Runs the call in a process that is killed before its `n`-th effect; whether it was.
fn run_and_kill(rig: &Rig, operation: &str, input: &Value, n: u64) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::victim", "--nocapture"])
        .env("MANARA_TEST_VICTIM_ROOT", rig.root.path())
        .env("MANARA_TEST_HTTP", rig.http_port.to_string())
        .env("MANARA_TEST_HTTPS", rig.https_port.to_string())
        .env("MANARA_TEST_OPERATION", operation)
        .env("MANARA_TEST_INPUT", input.to_string())
        .env("MANARA_TEST_FAULT", format!("kill:{n}"))
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    match status.signal() {
        Some(9) => true,
        _ => {
            assert!(status.success(), "the victim failed by itself at {n}: {status}");
            false
        }
    }
}

/// Kills at every effect; after each, a new process must find the state before or the state after, never between.
fn kill_everywhere(rig: &mut Rig, operation: &str, input: &Value, old_or_new: impl Fn(&Rig) -> bool) {
    let before = rig.snapshot();
    for n in 1.. {
        rig.close();
        let killed = run_and_kill(rig, operation, input, n);
        assert_eq!(rig.get("keep.test", "/").unwrap().0, 200, "nginx stopped serving after a kill at {n}");
        rig.reopen();
        let drift = rig.call("drift.list", json!({})).unwrap().body;
        assert_eq!(drift["items"], json!([]), "{operation} killed at {n}");
        if old_or_new(rig) {
            // Done, whether the process lived to say so or was killed after its last transaction.
            return;
        }
        assert!(killed, "{operation} finished and its effect is not there");
        assert_eq!(rig.snapshot(), before, "{operation} killed at {n} left something behind");
        let jobs = rig.call("job.list", json!({ "state": "running" })).unwrap().body;
        assert_eq!(jobs["total"], 0, "a job runs for ever after a kill at {n}");
    }
}

#[test]
fn a_killed_creation_leaves_the_old_state_or_the_new_one() {
    let mut rig = Rig::new();
    rig.call("site.create", json!({ "domain": "keep.test", "kind": "static" })).unwrap();
    let input = json!({ "domain": "a.test", "kind": "static" });
    kill_everywhere(&mut rig, "site.create", &input, |rig| {
        let exists = rig.call("site.show", json!({ "domain": "a.test" })).is_ok();
        assert_eq!(rig.get("a.test", "/").is_some(), exists, "the store and nginx disagree");
        exists
    });
}

#[test]
fn a_killed_deletion_leaves_the_old_state_or_the_new_one() {
    let mut rig = Rig::new();
    rig.call("site.create", json!({ "domain": "keep.test", "kind": "static" })).unwrap();
    rig.call("site.create", json!({ "domain": "a.test", "kind": "static" })).unwrap();
    kill_everywhere(&mut rig, "site.delete", &json!({ "domain": "a.test" }), |rig| {
        let exists = rig.call("site.show", json!({ "domain": "a.test" })).is_ok();
        assert_eq!(rig.get("a.test", "/").is_some(), exists, "the store and nginx disagree");
        !exists
    });
}
