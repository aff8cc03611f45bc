//! `kill -9` at every step of a change, with a real process and a real nginx that goes on serving.

use crate::support::debian::{SHOP, debian, etc, start, theirs};
use crate::support::rig::{Rig, get, loaded_as, open_core};
use crate::support::rng::Rng;
use manara::base::locale::Lang;
use manara::engine::{Actor, Request};
use manara::ops;
use serde_json::{Value, json};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Not a test of its own: the process that is killed. It opens the panel at a given root and makes one call.
#[test]
fn victim() {
    let Ok(root) = std::env::var("MANARA_TEST_VICTIM_ROOT") else { return };
    let port = |name: &str| std::env::var(name).unwrap().parse().unwrap();
    let ownership = std::env::var("MANARA_TEST_OWNERSHIP").unwrap();
    let settings = loaded_as(PathBuf::from(root), port("MANARA_TEST_HTTP"), port("MANARA_TEST_HTTPS"), &ownership);
    let (core, _service) = open_core(settings);
    let op = ops::find(&std::env::var("MANARA_TEST_OPERATION").unwrap()).unwrap();
    let input: Value = serde_json::from_str(&std::env::var("MANARA_TEST_INPUT").unwrap()).unwrap();
    let request = Request::console("r0123456789".into(), Lang::En);
    ops::run::call(&core, &Actor::Console, &request, op, input).unwrap();
}

/// The process that makes the call.
fn victim_of(rig: &Rig, operation: &str, input: &Value) -> Command {
    let mut victim = Command::new(std::env::current_exe().unwrap());
    victim
        .args(["--exact", "kill::victim", "--nocapture"])
        .env("MANARA_TEST_VICTIM_ROOT", rig.root.path())
        .env("MANARA_TEST_HTTP", rig.http_port.to_string())
        .env("MANARA_TEST_HTTPS", rig.https_port.to_string())
        .env("MANARA_TEST_OWNERSHIP", rig.ownership)
        .env("MANARA_TEST_OPERATION", operation)
        .env("MANARA_TEST_INPUT", input.to_string())
        .stdout(std::process::Stdio::null());
    victim
}

/// Runs the call in a process that is killed before its `n`-th effect; whether it was.
fn run_and_kill(rig: &Rig, operation: &str, input: &Value, n: u64) -> bool {
    let status = victim_of(rig, operation, input).env("MANARA_TEST_FAULT", format!("kill:{n}")).status().unwrap();
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

#[test]
fn a_killed_change_of_hands_leaves_nginx_with_the_one_or_the_other() {
    let mut rig = Rig::closed(tempfile::tempdir().unwrap());
    debian(&rig, &SHOP);
    start(&rig);
    rig.ownership = "owned";
    rig.reopen();
    rig.call("site.create", json!({ "domain": "keep.test", "kind": "static" })).unwrap();
    let (answers, original) = (theirs(&rig), std::fs::read(etc(&rig).join("nginx.conf")).unwrap());
    let shared = rig.snapshot();
    let is_theirs = |rig: &Rig| {
        let shared = rig.call("nginx.show", json!({})).unwrap().body["ownership"] == "shared";
        let place = if shared { "nginx.conf" } else { "manara/adopted/nginx.conf" };
        assert_eq!(std::fs::read(etc(rig).join(place)).unwrap(), original, "{place}");
        assert_eq!(etc(rig).join("manara/adopted").exists(), !shared);
        if shared {
            assert_eq!(theirs(rig), answers, "others answer differently");
        }
        shared
    };
    kill_everywhere(&mut rig, "nginx.adopt", &json!({}), |rig| !is_theirs(rig));
    assert_eq!(rig.get("shop.test", "/"), None, "nginx is the panel's alone");
    kill_everywhere(&mut rig, "nginx.release", &json!({}), is_theirs);
    assert_eq!(rig.snapshot(), shared, "every byte is back");
}

/// Says that something has ended, also when that was a failure: else the threads that wait for it would wait for ever.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Asks for a site again and again until `ended`; how often it answered. Every answer has to be the page.
fn ask_until(ended: &AtomicBool, port: u16) -> usize {
    let mut answers = 0;
    while answers == 0 || !ended.load(Ordering::Relaxed) {
        assert_eq!(get(port, "keep.test", "/").map(|(status, _)| status), Some(200), "a request failed");
        answers += 1;
        // Each visit keeps a port for a minute; all of them together must not run out.
        std::thread::sleep(Duration::from_millis(10));
    }
    answers
}

/// `MANARA_KILLS` says how often.
#[test]
fn kills_at_any_moment_leave_the_old_state_or_the_new_one() {
    let kills: usize = std::env::var("MANARA_KILLS").map_or(8, |n| n.parse().unwrap());
    let mut rig = Rig::new();
    rig.call("site.create", json!({ "domain": "keep.test", "kind": "static" })).unwrap();
    let input = json!({ "domain": "a.test", "kind": "static" });
    rig.close();
    let begun = Instant::now();
    assert!(victim_of(&rig, "site.create", &input).status().unwrap().success());
    let mut whole = begun.elapsed();
    rig.reopen();

    let (ended, port, mut rng) = (AtomicBool::new(false), rig.http_port, Rng::new(7));
    let (mut interrupted, mut finished) = (0, 0);
    let answers = std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask_until(&ended, port));
        let end = End(&ended);
        for round in 0.. {
            // The machine may have been busy when the whole was measured: then all of them are done before.
            match (round < kills, interrupted) {
                (true, _) => {}
                (false, 0) => whole /= 2,
                (false, _) => break,
            }
            let before = rig.call("site.show", json!({ "domain": "a.test" })).is_ok();
            let operation = if before { "site.delete" } else { "site.create" };
            let input = if before { json!({ "domain": "a.test" }) } else { input.clone() };
            rig.close();
            let mut victim = victim_of(&rig, operation, &input).spawn().unwrap();
            std::thread::sleep(whole.mul_f64(rng.below(1000) as f64 / 1000.0));
            victim.kill().unwrap();
            let killed = victim.wait().unwrap().signal() == Some(9);
            rig.reopen();
            let after = rig.call("site.show", json!({ "domain": "a.test" })).is_ok();
            assert_eq!(rig.get("a.test", "/").is_some(), after, "round {round}: the store and nginx disagree");
            assert_eq!(rig.call("drift.list", json!({})).unwrap().body["items"], json!([]), "round {round}");
            assert_eq!(rig.call("job.list", json!({ "state": "running" })).unwrap().body["total"], 0, "round {round}");
            assert!(killed || after != before, "round {round}: {operation} ended and changed nothing");
            if killed { interrupted += 1 } else { finished += 1 }
        }
        drop(end);
        asking.join().unwrap()
    });
    let told =
        format!("{interrupted} killed, {finished} done before; {answers} requests answered meanwhile, none failed");
    let _ = writeln!(std::io::stderr(), "{told}");
    assert!(interrupted > 0 && answers > 0);
}
