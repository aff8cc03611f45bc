//! An nginx that ended is started by an operation, which says why where that fails.

use crate::support::rig::Rig;
use manara::base::{Error, Result};
use manara::platform::HostOp;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// Calls `nginx.start` and waits for its job; the error as the job keeps it.
fn start(rig: &Rig) -> Result<Value, Value> {
    let begun = rig.call("nginx.start", json!({})).unwrap();
    let id = begun.job.expect("it is a job");
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let job = rig.call("job.show", json!({ "id": id })).unwrap().body;
        match job["state"].as_str() {
            Some("done") => return Ok(job),
            Some("failed") => return Err(job),
            _ => assert!(Instant::now() < deadline, "{job}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn settled() -> Rig {
    let rig = Rig::new();
    rig.call("site.create", json!({ "domain": "a.test", "kind": "static" })).unwrap();
    rig
}

fn stop(rig: &Rig) {
    let stopped: Result<_, Error> = rig.core().host.ask(&HostOp::NginxStop);
    stopped.unwrap();
    assert_eq!(rig.get("a.test", "/"), None);
}

#[test]
fn a_stopped_nginx_is_started_once() {
    let rig = settled();
    stop(&rig);
    start(&rig).unwrap();
    assert_eq!(rig.get("a.test", "/").unwrap().0, 200);
    let running = rig.call("nginx.show", json!({})).unwrap().body;
    assert_eq!(running["running"], true);
    start(&rig).unwrap();
    assert_eq!(rig.call("nginx.show", json!({})).unwrap().body, running, "one that runs is left alone");
    let query = json!({ "operation": "nginx.start" });
    let trail = rig.call("audit.list", query).unwrap().body;
    let results: Vec<_> = trail["items"].as_array().unwrap().iter().map(|entry| entry["result"].clone()).collect();
    assert_eq!(results, ["done", "started", "done", "started"]);
}

#[test]
fn what_starting_nginx_writes_is_put_down_to_who_asked() {
    let rig = settled();
    // As after an update of the panel: a common file is not what this release wants.
    let forgotten = |tx: &manara::store::Tx| manara::store::managed_files::delete(tx, "manara/snippets/proxy.conf");
    rig.core().store.write(forgotten).unwrap();
    std::fs::remove_file(rig.root.path().join("etc/nginx/manara/snippets/proxy.conf")).unwrap();
    let begun = rig.call_with("nginx.start", json!({}), |request| request.id = "r9876543210".into()).unwrap();
    let job = begun.job.unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while rig.call("job.show", json!({ "id": job })).unwrap().body["state"] != "done" {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    let trail = rig.call("audit.list", json!({ "operation": "nginx.base" })).unwrap().body;
    assert_eq!(trail["items"][0]["request"], "r9876543210", "{trail}");
}

#[test]
fn what_keeps_nginx_from_starting_is_said() {
    let rig = settled();
    stop(&rig);
    let taken = TcpListener::bind(("0.0.0.0", rig.http_port)).unwrap();
    let failed = start(&rig).unwrap_err();
    assert_eq!(failed["error"]["code"], "nginx_start_failed", "{failed}");
    let said = failed["error"]["detail"].as_str().unwrap_or_default();
    let bind = format!("bind() to 0.0.0.0:{} failed", rig.http_port);
    assert!(said.contains(&bind), "{failed}");
    drop(taken);

    let broken = rig.root.path().join("etc/nginx/manara/http.conf");
    let text = std::fs::read_to_string(&broken).unwrap();
    std::fs::write(&broken, format!("{text}no_such_thing;\n")).unwrap();
    let failed = start(&rig).unwrap_err();
    let said = failed["error"]["detail"].as_str().unwrap_or_default();
    assert!(said.contains("unknown directive \"no_such_thing\""), "{failed}");
    std::fs::write(&broken, text).unwrap();
    start(&rig).unwrap();
    assert_eq!(rig.get("a.test", "/").unwrap().0, 200);
}

#[test]
fn common_files_changed_by_hand_are_found_by_the_doctor_and_written_anew() {
    let rig = settled();
    let file = |name: &str| rig.root.path().join("etc/nginx/manara").join(name);
    let finding = |id: &str| {
        let diagnosis = rig.call("doctor.show", json!({})).unwrap().body;
        diagnosis["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == id).cloned()
    };
    assert_eq!(finding("drift_common"), None);
    let (edited, gone) = (file("snippets/static.conf"), file("snippets/proxy.conf"));
    let applied = std::fs::read_to_string(&edited).unwrap();
    std::fs::write(&edited, format!("{applied}# by hand\n")).unwrap();
    std::fs::remove_file(&gone).unwrap();
    let foreign = file("sites/mine.conf");
    std::fs::write(&foreign, "# mine\n").unwrap();
    let told = finding("drift_common").unwrap();
    assert_eq!(told["params"]["files"], "manara/snippets/proxy.conf, manara/snippets/static.conf");
    assert_eq!((&told["fix"]["operation"], &told["fix"]["planned"]), (&json!("nginx.reapply"), &json!(true)));
    assert_eq!(finding("drift_added").unwrap()["params"]["files"], "manara/sites/mine.conf");

    let plan = rig.call_with("nginx.reapply", json!({}), |request| request.dry_run = true).unwrap().body;
    assert_eq!(plan["changes"].as_array().unwrap().len(), 2, "{plan}");
    assert!(plan["changes"].to_string().contains("-# by hand"), "{plan}");
    assert!(std::fs::read_to_string(&edited).unwrap().ends_with("# by hand\n"), "a plan changes nothing");
    rig.call("nginx.reapply", json!({})).unwrap();
    assert_eq!(std::fs::read_to_string(&edited).unwrap(), applied);
    assert!(gone.exists() && foreign.exists(), "what is not the panel's stays");
    assert_eq!(finding("drift_common"), None);
    assert_eq!(rig.get("a.test", "/").unwrap().0, 200);
    assert_eq!(rig.call("nginx.reapply", json!({})).unwrap().job, None, "twice is once");
}
