//! Applying plans to a real nginx, and breaking every step of it.

use crate::support::rig::Rig;
use manara::platform::faults::Fault;
use serde_json::{Value, json};

fn create(rig: &Rig, domain: &str) -> Value {
    rig.call("site.create", json!({ "domain": domain, "kind": "static" })).unwrap().body
}

#[test]
fn a_site_answers_from_creation_to_deletion() {
    let rig = Rig::new();
    assert_eq!(rig.get("a.test", "/"), None, "an unknown name gets no answer");
    let site = create(&rig, "a.test");
    assert_eq!(site["state"], "active");
    let (status, page) = rig.get("a.test", "/").unwrap();
    assert_eq!(status, 200);
    assert!(page.contains("a.test") && page.contains("هذا الموقع جاهز"));
    assert_eq!(rig.get("a.test", "/.git/config").unwrap().0, 404);
    assert_eq!(rig.get("b.test", "/"), None);

    rig.call("site.update", json!({ "domain": "a.test", "aliases": ["www.a.test", "مثال.إختبار"] })).unwrap();
    assert_eq!(rig.get("xn--mgbh0fb.xn--kgbechtv", "/").unwrap().0, 200);
    rig.call("site.disable", json!({ "domain": "مثال.إختبار" })).unwrap();
    assert_eq!(rig.get("a.test", "/"), None);
    rig.call("site.enable", json!({ "domain": "a.test" })).unwrap();
    assert_eq!(rig.get("www.a.test", "/").unwrap().0, 200);

    let gone = rig.call("site.delete", json!({ "domain": "a.test" })).unwrap().body;
    assert_eq!(rig.get("a.test", "/"), None);
    let trash = gone["trash"].as_str().unwrap();
    assert!(std::path::Path::new(trash).join("public/index.html").exists());
    assert_eq!(rig.call("site.show", json!({ "domain": "a.test" })).unwrap_err().code(), "site_not_found");
    create(&rig, "a.test");
}

#[test]
fn a_dry_run_shows_everything_and_changes_nothing() {
    let rig = Rig::new();
    let before = rig.snapshot();
    let plan = rig
        .call_with("site.create", json!({ "domain": "a.test", "kind": "static" }), |r| r.dry_run = true)
        .unwrap()
        .body;
    assert_eq!(plan["test"]["ok"], true);
    let diffs: String = plan["changes"].as_array().unwrap().iter().map(|c| c["diff"].as_str().unwrap()).collect();
    assert!(diffs.contains("+    server_name a.test;"), "{diffs}");
    assert_eq!(rig.snapshot(), before);
    assert_eq!(rig.call("site.show", json!({ "domain": "a.test" })).unwrap_err().code(), "site_not_found");

    let applied = rig.call("plan.apply", json!({ "id": plan["id"] })).unwrap();
    assert_eq!(applied.body["domain"], "a.test");
    assert_eq!(rig.get("a.test", "/").unwrap().0, 200);
    let again = rig.call("plan.apply", json!({ "id": plan["id"] })).unwrap_err();
    assert_eq!(again.code(), "plan_used");
}

#[test]
fn a_plan_is_stale_after_another_change() {
    let rig = Rig::new();
    create(&rig, "a.test");
    let dry = |input: Value| rig.call_with("site.update", input, |r| r.dry_run = true).unwrap().body;
    let first = dry(json!({ "domain": "a.test", "max_body_mb": 5 }));
    rig.call("site.update", json!({ "domain": "a.test", "max_body_mb": 7 })).unwrap();
    let late = rig.call("plan.apply", json!({ "id": first["id"] })).unwrap_err();
    assert_eq!(late.code(), "plan_stale");
    let seen = rig.call_with("site.disable", json!({ "domain": "a.test" }), |r| r.if_match = Some(1)).unwrap_err();
    assert_eq!((seen.code(), seen.kind().http_status()), ("site_changed", 412));
}

/// Fails every effect of one operation in turn; each time the state before must be back, live.
fn fail_everywhere(rig: &Rig, operation: &str, input: &Value, check: impl Fn(&Rig)) -> usize {
    break_everywhere(rig, (Fault::Fail, "injected_fault"), operation, input, check)
}

/// Breaks every effect of one operation in turn; each time the state before must be back, live, and `code` answered.
fn break_everywhere(
    rig: &Rig,
    (fault, code): (fn(u64) -> Fault, &str),
    operation: &str,
    input: &Value,
    check: impl Fn(&Rig),
) -> usize {
    rig.core().faults.disarm();
    let before = rig.snapshot();
    for n in 1.. {
        rig.core().faults.arm(fault(n));
        let outcome = rig.call(operation, input.clone());
        let steps = rig.core().faults.disarm();
        let Err(error) = outcome else {
            assert!(steps.len() >= 4, "{operation} has only these steps: {steps:?}");
            return steps.len();
        };
        let step = steps.last().cloned().unwrap_or_default();
        assert_eq!(error.code(), code, "at {n} ({step}): {error}");
        assert_eq!(rig.snapshot(), before, "{operation} left something behind at {n} ({step})");
        check(rig);
    }
    unreachable!("the loop ends when nothing fails any more")
}

#[test]
fn whatever_fails_the_old_state_is_back() {
    let rig = Rig::new();
    create(&rig, "keep.test");
    let input = json!({ "domain": "a.test", "kind": "static" });
    fail_everywhere(&rig, "site.create", &input, |rig| {
        assert_eq!(rig.get("a.test", "/"), None);
        assert_eq!(rig.get("keep.test", "/").unwrap().0, 200);
        assert_eq!(rig.call("site.list", json!({})).unwrap().body["total"], 1);
    });
    let input = json!({ "domain": "a.test", "new_domain": "b.test" });
    fail_everywhere(&rig, "site.update", &input, |rig| {
        assert_eq!(rig.get("a.test", "/").unwrap().0, 200);
        assert_eq!(rig.get("b.test", "/"), None);
    });
    fail_everywhere(&rig, "site.delete", &json!({ "domain": "b.test" }), |rig| {
        assert_eq!(rig.get("b.test", "/").unwrap().0, 200);
        assert_eq!(rig.call("site.show", json!({ "domain": "b.test" })).unwrap().body["domain"], "b.test");
    });
    assert!(rig.call("drift.list", json!({})).unwrap().body["items"].as_array().unwrap().is_empty());
}

#[test]
fn a_panic_anywhere_is_taken_back_at_once() {
    let rig = Rig::new();
    create(&rig, "keep.test");
    let list = |operation: &str, input: Value| {
        let body = rig.call(operation, input).unwrap().body;
        (body["total"].clone(), body["items"][0].clone())
    };
    let ended = |rig: &Rig| {
        assert_eq!(rig.get("keep.test", "/").unwrap().0, 200);
        // What began is over: nothing runs, nothing is reserved, and the audit trail says how it ended.
        for state in ["queued", "running"] {
            assert_eq!(list("job.list", json!({ "state": state })).0, 0);
        }
        let started = list("audit.list", json!({ "operation": "site.create", "result": "started" })).0;
        let done = list("audit.list", json!({ "operation": "site.create", "result": "done" })).0;
        let failed = list("audit.list", json!({ "operation": "site.create", "result": "failed" })).0;
        assert_eq!(started.as_i64(), Some(done.as_i64().unwrap() + failed.as_i64().unwrap()));
        let dry = json!({ "domain": "a.test", "kind": "static" });
        rig.call_with("site.create", dry, |r| r.dry_run = true).unwrap();
    };
    let input = json!({ "domain": "a.test", "kind": "static" });
    break_everywhere(&rig, (Fault::Panic, "fault"), "site.create", &input, ended);
    let (total, job) = list("job.list", json!({ "operation": "site.create", "target": "a.test", "state": "failed" }));
    assert!(total.as_i64().unwrap() >= 4, "{total}");
    assert_eq!((&job["error"]["code"], &job["target"]), (&json!("fault"), &json!("a.test")));
    assert_eq!(list("job.list", json!({ "operation": "site.create", "target": "keep.test" })).0, 1);
    assert_eq!(list("job.list", json!({ "operation": "site.delete" })).0, 0);
}

#[test]
fn nginx_refuses_and_nothing_changes() {
    let rig = Rig::new();
    create(&rig, "a.test");
    // Somebody breaks the site's file by hand; the panel neither overwrites it nor lets it break others unnoticed.
    let id = rig.call("site.show", json!({ "domain": "a.test" })).unwrap().body["id"].as_str().unwrap().to_owned();
    let path = rig.root.path().join(format!("etc/nginx/manara/sites/{id}.conf"));
    let good = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{good}\nnonsense on;\n")).unwrap();
    let drift = rig.call("drift.list", json!({})).unwrap().body;
    assert_eq!(drift["items"][0]["kind"], "content");
    assert!(drift["items"][0]["diff"].as_str().unwrap().contains("+nonsense on;"));
    let drifted = || rig.call("site.show", json!({ "domain": "a.test" })).unwrap().body["drifted"].clone();
    assert_eq!(drifted(), true, "the list shows what was found last");
    let update = rig.call("site.update", json!({ "domain": "a.test", "max_body_mb": 3 })).unwrap_err();
    assert_eq!(update.code(), "file_drifted");
    let other = rig.call("site.create", json!({ "domain": "b.test", "kind": "static" })).unwrap_err();
    assert_eq!((other.code(), other.param("site")), ("nginx_other_site_broken", Some("a.test")));
    assert!(other.shown_evidence().unwrap().contains("nonsense"), "{other}");
    assert_eq!(rig.get("a.test", "/").unwrap().0, 200, "the running nginx goes on");
    rig.call("site.reapply", json!({ "domain": "a.test" })).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), good);
    assert_eq!(drifted(), false);
    create(&rig, "b.test");
}

#[test]
fn every_way_in_which_a_file_can_drift_is_named() {
    let rig = Rig::new();
    for domain in ["a.test", "b.test", "c.test"] {
        create(&rig, domain);
    }
    let site = |domain: &str| {
        let id = rig.call("site.show", json!({ "domain": domain })).unwrap().body["id"].as_str().unwrap().to_owned();
        format!("sites/{id}.conf")
    };
    let at = |rel: &str| rig.root.path().join("etc/nginx/manara").join(rel);
    let [open, given, gone, added] = [site("a.test"), site("b.test"), site("c.test"), "sites/by-hand.conf".to_owned()];
    std::fs::set_permissions(at(&open), std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    std::fs::remove_file(at(&gone)).unwrap();
    std::fs::write(at(&added), "# mine\n").unwrap();
    let mut expected = vec![(open, "mode"), (gone, "deleted"), (added, "added")];
    if manara::platform::files::is_root() {
        std::os::unix::fs::chown(at(&given), Some(65534), None).unwrap();
        expected.push((given, "owner"));
    }
    let drift = rig.call("drift.list", json!({})).unwrap().body;
    let items = drift["items"].as_array().unwrap();
    for (rel, kind) in &expected {
        let found = items.iter().find(|item| item["file"].as_str().unwrap().ends_with(rel.as_str()));
        assert_eq!(found.unwrap_or_else(|| panic!("{rel}: {drift}"))["kind"], **kind, "{rel}");
    }
    assert_eq!(items.len(), expected.len(), "{drift}");
}

#[test]
fn concurrent_changes_have_one_winner_or_go_together() {
    let rig = Rig::new();
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let create = |i: usize| {
            let rig = &rig;
            move || rig.call("site.create", json!({ "domain": format!("s{}.test", i / 2), "kind": "static" }))
        };
        let threads: Vec<_> = (0..8).map(|i| scope.spawn(create(i))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let (good, bad): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (4, 4));
    for error in bad {
        let code = error.unwrap_err().code().to_owned();
        assert!(["site_exists", "name_reserved", "site_folder_exists"].contains(&code.as_str()), "{code}");
    }
    for i in 0..4 {
        assert_eq!(rig.get(&format!("s{i}.test"), "/").unwrap().0, 200);
    }
}

#[test]
fn the_side_that_writes_refuses_hostile_files_whoever_asks() {
    let rig = Rig::new();
    let before = rig.snapshot();
    let wire = |file: &str, directive: Value| {
        let change = json!({ "file": file, "content": [directive] });
        [
            json!({ "nginx_switch": { "plan": "p0123456789", "changes": [change] } }),
            json!({ "nginx_test": { "changes": [change] } }),
        ]
    };
    let hostile = [
        wire("main", json!({ "name": "load_module", "args": ["/tmp/x.so"] })),
        wire("main", json!({ "name": "error_log", "args": ["/etc/cron.d/x"] })),
        wire("http", json!({ "name": "access_log", "args": ["/etc/cron.d/x", "manara"] })),
        wire("http", json!({ "name": "log_format", "args": ["manara", "escape=none", "$http_user_agent"] })),
        wire("proxy_snippet", json!({ "name": "include", "args": ["/etc/passwd"] })),
    ];
    for op in hostile.into_iter().flatten() {
        let op: manara::platform::HostOp = serde_json::from_value(op).unwrap();
        let error = rig.core().host.ask(&op).unwrap_err();
        assert_eq!((error.code(), error.kind().http_status()), ("nginx_directive_refused", 403), "{op:?}");
    }
    assert_eq!(rig.snapshot(), before);
}

#[test]
fn jobs_plans_and_the_audit_trail_name_a_site_in_both_forms() {
    let rig = Rig::new();
    let input = json!({ "domain": "مثال.إختبار", "kind": "static" });
    let plan = rig.call_with("site.create", input.clone(), |r| r.dry_run = true).unwrap().body;
    rig.call("site.create", input).unwrap();
    let first =
        |operation: &str| rig.call(operation, json!({ "operation": "site.create" })).unwrap().body["items"][0].clone();
    for shown in [plan, first("job.list"), first("audit.list")] {
        assert_eq!(
            (&shown["target"], &shown["target_name"]),
            (&json!("xn--mgbh0fb.xn--kgbechtv"), &json!("مثال.إختبار"))
        );
    }
}
