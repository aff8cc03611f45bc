//! Calls for which somebody lacks the permission, in the audit trail.

use super::{Desk, code};
use manara::base::limits::{REFUSALS_PER_CALLER_MAX, REFUSALS_S};
use manara::engine::Actor;
use serde_json::json;

#[test]
fn a_refused_change_is_remembered_but_not_without_end() {
    let desk = Desk::claimed();
    let (viewer, other) = (desk.user("omar", "viewer"), desk.user("layla", "viewer"));
    let try_it = |actor: &Actor| code(desk.call(actor, "user.delete", json!({ "name": "admin" })));
    for _ in 0..REFUSALS_PER_CALLER_MAX + 7 {
        assert_eq!(try_it(&viewer.actor), "forbidden");
    }
    let recorded = || desk.audited("user.delete", "refused");
    assert_eq!(recorded(), i64::from(REFUSALS_PER_CALLER_MAX));
    try_it(&other.actor);
    assert_eq!(recorded(), i64::from(REFUSALS_PER_CALLER_MAX) + 1, "others are still recorded");
    let entry = desk.console("audit.list", json!({ "operation": "user.delete", "limit": 1 })).unwrap().body;
    let entry = &entry["items"][0];
    assert_eq!(
        (&entry["actor"], &entry["code"], &entry["address"]),
        (&json!("layla"), &json!("forbidden"), &json!("192.0.2.1"))
    );

    desk.wait_s(REFUSALS_S);
    try_it(&viewer.actor);
    assert_eq!(recorded(), i64::from(REFUSALS_PER_CALLER_MAX) + 2, "later it is recorded again");
}

#[test]
fn reading_and_strangers_leave_nothing() {
    let desk = Desk::claimed();
    let viewer = desk.user("omar", "viewer");
    assert_eq!(code(desk.call(&viewer.actor, "user.list", json!({}))), "forbidden");
    assert_eq!(code(desk.call(&Actor::Nobody, "user.delete", json!({ "name": "admin" }))), "not_signed_in");
    assert_eq!(desk.audited("user.list", "refused") + desk.audited("user.delete", "refused"), 0);
}

#[test]
fn what_turns_out_to_be_forbidden_on_the_way_is_remembered_too() {
    let desk = Desk::claimed();
    let maker =
        desk.console("token.create", json!({ "name": "ci", "role": "operator", "scopes": ["sites-change"] })).unwrap();
    let actor =
        manara::ops::auth::token_actor(&desk.core, maker.body["token"].as_str().unwrap(), &Desk::request("")).unwrap();
    let prune = json!({ "document": "manara = 1\nowner = \"me\"\n", "prune": true });
    assert_eq!(code(desk.call(&actor, "state.apply", prune)), "forbidden");
    assert_eq!(desk.audited("state.apply", "refused"), 1);
}
