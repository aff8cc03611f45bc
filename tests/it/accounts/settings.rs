//! Options whose home is the store.

use super::{Desk, code, fields};
use manara::base::Kind;
use manara::engine::{Actor, Request};
use manara::ops::auth;
use serde_json::{Value, json};

fn shown(desk: &Desk, key: &str) -> Value {
    let body = desk.console("setting.list", json!({})).unwrap().body;
    body["items"].as_array().unwrap().iter().find(|s| s["key"] == key).unwrap().clone()
}

#[test]
fn a_change_is_in_force_at_once_and_null_takes_it_back() {
    let desk = Desk::claimed();
    let idle = || auth::panel_settings(&desk.core).unwrap().session_idle_s;
    assert_eq!(idle(), 43_200);
    let admin = desk.sign_in("admin");
    desk.console("setting.update", json!({ "session.idle_s": 300, "panel.host_names": ["panel.test"] })).unwrap();
    assert_eq!(idle(), 300);
    let row = shown(&desk, "session.idle_s");
    assert_eq!(
        (&row["value"], &row["default"], &row["source"]["kind"]),
        (&json!(300), &json!(43_200), &json!("store"))
    );
    assert_eq!((&row["unit"], &row["min"], &row["changeable"]), (&json!("s"), &json!(300), &json!(true)));
    assert!(!row["text"].as_str().unwrap().starts_with("option."));
    assert_eq!(shown(&desk, "nginx.http_port")["changeable"], false);
    desk.wait_s(300);
    assert_eq!(desk.actor(&admin.secret).unwrap_err().code(), "session_invalid", "the shorter life counts");
    desk.console("setting.update", json!({ "session.idle_s": null })).unwrap();
    assert_eq!((idle(), desk.audited("setting.update", "done")), (43_200, 2));
    assert_eq!(desk.rows("settings"), 1);
}

#[test]
fn every_wrong_value_is_named_and_nothing_is_changed() {
    let desk = Desk::claimed();
    let bad = json!({ "session.idle_s": 5, "panel.trusted_proxies": ["0.0.0.0/0"], "panel.tls": "maybe" });
    let mut found = fields(desk.console("setting.update", bad));
    found.sort();
    assert_eq!(found, ["panel.tls:not_boolean", "session.idle_s:out_of_range"]);
    let everyone = json!({ "panel.trusted_proxies": ["0.0.0.0/0"], "panel.host_names": ["a b"] });
    let mut found = fields(desk.console("setting.update", everyone));
    found.sort();
    assert_eq!(found, ["panel.host_names:option.not_name", "panel.trusted_proxies:option.everyone_trusted"]);
    let outside = json!({ "panel.listen": "0.0.0.0:9080" });
    assert_eq!(fields(desk.console("setting.update", outside)), ["panel.listen:option.plain_http_outside"]);
    let file = json!({ "nginx.http_port": 81 });
    assert_eq!(fields(desk.console("setting.update", file)), ["nginx.http_port:unknown"]);
    assert_eq!(desk.rows("settings"), 0);
}

#[test]
fn nobody_shuts_themselves_out() {
    let desk = Desk::claimed();
    let admin = desk.sign_in("admin").actor;
    let only = |network: &str| json!({ "panel.allowed_addresses": [network] });
    let refused = desk.call(&admin, "setting.update", only("198.51.100.0/24"));
    assert_eq!(fields(refused), ["panel.allowed_addresses:shuts_you_out"]);
    desk.call(&admin, "setting.update", only("192.0.2.0/24")).unwrap();
    assert_eq!(auth::panel_settings(&desk.core).unwrap().allowed_addresses.len(), 1);
}

#[test]
fn settings_belong_to_administrators_and_a_dry_run_changes_none() {
    let desk = Desk::claimed();
    let amal = desk.user("amal", "operator").actor;
    let input = json!({ "session.idle_s": 600 });
    assert_eq!(code(desk.call(&amal, "setting.update", input.clone())), "forbidden");
    assert!(desk.call(&amal, "setting.list", json!({})).is_ok());
    let dry = Request { dry_run: true, ..Desk::request("192.0.2.1") };
    let plan = desk.call_with(&dry, &Actor::Console, "setting.update", input).unwrap().body;
    assert!(plan["changes"][0]["diff"].as_str().unwrap().contains("+  \"session.idle_s\": 600"), "{plan}");
    assert_eq!(auth::panel_settings(&desk.core).unwrap().session_idle_s, 43_200);
    assert_eq!(desk.rows("settings"), 0);
}

#[test]
fn a_change_for_values_that_somebody_else_has_changed_is_refused() {
    let desk = Desk::claimed();
    let revision = || desk.console("setting.list", json!({})).unwrap().body["revision"].as_i64().unwrap();
    let first = revision();
    let change = |seen: i64, idle: Value| {
        let request = Request { if_match: Some(seen), ..Desk::request("192.0.2.1") };
        desk.call_with(&request, &Actor::Console, "setting.update", json!({ "session.idle_s": idle }))
    };
    let done = change(first, json!(300)).unwrap();
    assert_eq!(done.body["revision"], revision());
    assert_ne!(first, revision());
    let refused = change(first, json!(600)).unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (Kind::Stale, "revision_stale"));
    assert_eq!(shown(&desk, "session.idle_s")["value"], 300);
    // It stands for the values: what was put back is what was seen.
    change(revision(), json!(null)).unwrap();
    assert_eq!(revision(), first);
}
