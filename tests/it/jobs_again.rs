//! Jobs that are found by who asked and when, and repeated.

use crate::support::rig::Rig;
use manara::base::access::Role;
use manara::base::locale::Lang;
use manara::engine::{Actor, Request};
use manara::ops;
use manara::platform::faults::Fault;
use serde_json::{Value, json};

fn jobs(rig: &Rig, query: Value) -> Vec<Value> {
    rig.call("job.list", query).unwrap().body["items"].as_array().unwrap().clone()
}

#[test]
fn a_job_that_failed_is_repeated_with_the_same_input() {
    let rig = Rig::new();
    rig.core().faults.arm(Fault::Fail(3));
    rig.call("site.create", json!({ "domain": "a.test", "kind": "static" })).unwrap_err();
    rig.core().faults.disarm();
    let failed = jobs(&rig, json!({ "state": "failed" }));
    assert_eq!(failed.len(), 1, "{failed:?}");
    let id = failed[0]["id"].clone();
    assert!(offered(&rig, &id));
    let made = rig.call("job.retry", json!({ "id": id })).unwrap();
    assert_eq!(made.body["domain"], "a.test");
    assert_eq!(rig.get("a.test", "/").unwrap().0, 200);
    assert_eq!(jobs(&rig, json!({ "operation": "site.create" })).len(), 2, "it is a job of its own");

    // What did its work is not repeated, and repeating is refused as the operation itself would be.
    let done = jobs(&rig, json!({ "state": "done", "operation": "site.create" }))[0].clone();
    assert!(!offered(&rig, &done["id"]));
    assert_eq!(rig.call("job.retry", json!({ "id": done["id"] })).unwrap_err().code(), "job_not_retryable");
    assert_eq!(rig.call("job.retry", json!({ "id": id })).unwrap_err().code(), "job_not_retryable", "once only");
}

/// Has `operation` fail as a job; its id.
fn failed(rig: &Rig, operation: &str, input: Value) -> Value {
    rig.core().faults.arm(Fault::Fail(3));
    rig.call(operation, input).unwrap_err();
    rig.core().faults.disarm();
    let found = jobs(rig, json!({ "operation": operation, "state": "failed" }));
    found.first().unwrap_or_else(|| panic!("{:?}", jobs(rig, json!({}))))["id"].clone()
}

/// Whether repeating a job is offered on its page. A list does not say.
fn offered(rig: &Rig, id: &Value) -> bool {
    offered_to(rig, &Actor::Console, id)
}

fn offered_to(rig: &Rig, actor: &Actor, id: &Value) -> bool {
    let request = Request::console("r0123456789".into(), Lang::En);
    let call = |operation: &str, input: Value| {
        let op = ops::find(operation).unwrap();
        ops::run::call(rig.core(), actor, &request, op, input).unwrap().body
    };
    let shown = call("job.show", json!({ "id": id }))["retryable"].clone();
    let listed = call("job.list", json!({ "limit": 500 }));
    let listed = listed["items"].as_array().unwrap().iter().find(|job| job["id"] == *id).unwrap();
    assert_eq!(listed["retryable"], Value::Null);
    shown.as_bool().unwrap()
}

#[test]
fn repeating_is_offered_to_whom_it_is_allowed_and_while_nothing_stands_in_its_way() {
    let rig = Rig::new();
    let id = failed(&rig, "site.create", json!({ "domain": "a.test", "kind": "static" }));
    let actor = |role| Actor::User { id: "u0123456789".into(), name: "amal".into(), role, session: String::new() };
    assert!(offered_to(&rig, &actor(Role::Operator), &id));
    assert!(!offered_to(&rig, &actor(Role::Viewer), &id));
    // Somebody else takes the name: creating would be refused.
    rig.call("site.create", json!({ "domain": "b.test", "kind": "static", "aliases": ["a.test"] })).unwrap();
    assert!(!offered(&rig, &id));
    assert_eq!(rig.call("job.retry", json!({ "id": id })).unwrap_err().code(), "site_exists");
    rig.call("site.update", json!({ "domain": "b.test", "aliases": [] })).unwrap();
    assert!(offered(&rig, &id));
    rig.call("job.retry", json!({ "id": id })).unwrap();
    assert!(!offered(&rig, &id), "once only");
}

#[test]
fn a_job_is_not_repeated_on_what_changed_since() {
    let rig = Rig::new();
    rig.call("site.create", json!({ "domain": "a.test", "kind": "static" })).unwrap();
    let refused = |id: &Value| rig.call("job.retry", json!({ "id": id })).unwrap_err().code().to_owned();
    let late = failed(&rig, "site.update", json!({ "domain": "a.test", "max_body_mb": 9 }));
    assert!(offered(&rig, &late));
    rig.call("site.update", json!({ "domain": "a.test", "max_body_mb": 10 })).unwrap();
    assert!(!offered(&rig, &late), "what would be refused is not offered");
    assert_eq!((refused(&late), refused(&late)), ("job_target_changed".into(), "job_target_changed".into()));
    let body = rig.call("site.show", json!({ "domain": "a.test" })).unwrap().body;
    assert_eq!(body["max_body_mb"], 10);
    // What nobody touched since is repeated.
    let again = failed(&rig, "site.update", json!({ "domain": "a.test", "max_body_mb": 11 }));
    assert_eq!(rig.call("job.retry", json!({ "id": again })).unwrap().body["max_body_mb"], 11);
}

#[test]
fn a_job_about_all_that_a_filter_finds_is_not_repeated() {
    let rig = Rig::new();
    rig.call("site.create", json!({ "domain": "a.test", "kind": "static" })).unwrap();
    let id = failed(&rig, "site.delete-many", json!({ "all": true, "q": "test" }));
    assert!(!offered(&rig, &id));
    assert_eq!(rig.call("job.retry", json!({ "id": id })).unwrap_err().code(), "job_chose_all");
    let named = failed(&rig, "site.delete-many", json!({ "sites": ["a.test"] }));
    rig.call("job.retry", json!({ "id": named })).unwrap();
    assert_eq!(rig.call("site.list", json!({})).unwrap().body["total"], 0);
}

#[test]
fn jobs_are_found_by_who_asked_and_when() {
    let rig = Rig::new();
    rig.call("site.create", json!({ "domain": "a.test", "kind": "static" })).unwrap();
    let all = jobs(&rig, json!({}));
    let by = |actor: &str| jobs(&rig, json!({ "actor": actor, "operation": "site.create" })).len();
    assert_eq!((by("root@console"), by("root"), by("root@consol_")), (1, 0, 0));
    let at = all.iter().find(|job| job["operation"] == "site.create").unwrap()["created_at"].clone();
    let from = |query: Value| jobs(&rig, query).iter().filter(|job| job["operation"] == "site.create").count();
    assert_eq!((from(json!({ "from": at })), from(json!({ "until": at }))), (1, 0));
    assert_eq!(from(json!({ "from": "2001-01-01T00:00:00Z", "until": "2001-01-02T00:00:00Z" })), 0);
}
