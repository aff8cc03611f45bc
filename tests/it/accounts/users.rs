//! Users, and what a change of theirs takes away at once.

use super::{Desk, PASSWORD, code, fields};
use manara::base::Kind;
use manara::engine::{Actor, Request};
use manara::ops::auth;
use serde_json::{Value, json};

fn update(name: &str, field: &str, value: Value) -> Value {
    json!({ "name": name, field: value })
}

#[test]
fn users_are_managed_by_administrators() {
    let desk = Desk::claimed();
    let (admin, amal) = (desk.sign_in("admin"), desk.user("amal", "operator"));
    let new = json!({ "name": "badr", "role": "viewer", "password": PASSWORD });
    for actor in [&amal.actor, &Actor::Nobody] {
        for (id, input) in [
            ("user.list", json!({})),
            ("user.create", new.clone()),
            ("user.update", update("amal", "role", json!("admin"))),
            ("user.delete", json!({ "name": "admin" })),
            ("user.unlock", json!({ "name": "amal" })),
        ] {
            let refused = desk.call(actor, id, input).unwrap_err().kind();
            assert!(matches!(refused, Kind::Forbidden | Kind::NotSignedIn), "{id}");
        }
    }
    let made = desk.call(&admin.actor, "user.create", new.clone()).unwrap();
    assert!(!made.body.to_string().contains("argon2"));
    assert_eq!(code(desk.call(&admin.actor, "user.create", new)), "user_exists");
    let extra = json!({ "name": "eve", "role": "viewer", "password": PASSWORD, "is_admin": true });
    assert_eq!(fields(desk.call(&admin.actor, "user.create", extra)), ["is_admin:unknown"]);
    let named = json!({ "name": "administratrix", "role": "viewer", "password": "Administratrix" });
    assert_eq!(fields(desk.call(&admin.actor, "user.create", named)), ["password:password_is_name"]);
    let names = desk.call(&admin.actor, "user.list", json!({})).unwrap().body;
    assert_eq!(names["items"].as_array().unwrap().iter().map(|u| u["name"].clone()).collect::<Vec<_>>().len(), 3);
    desk.call(&admin.actor, "user.delete", json!({ "name": "badr" })).unwrap();
    assert_eq!(code(desk.call(&admin.actor, "user.delete", json!({ "name": "badr" }))), "user_not_found");
    assert_eq!((desk.audited("user.create", "done"), desk.audited("user.create", "refused")), (2, 3));
    assert_eq!((desk.audited("user.delete", "done"), desk.audited("user.list", "done")), (1, 0));
}

#[test]
fn role_state_and_password_end_the_sessions_at_once() {
    let desk = Desk::claimed();
    for (n, change) in [("role", json!("viewer")), ("disabled", json!(true)), ("password", json!("new plain words"))]
        .into_iter()
        .enumerate()
    {
        let name = format!("user{n}");
        let caller = desk.user(&name, "operator");
        let token = desk.call(&caller.actor, "token.create", json!({ "name": "t", "role": "operator" })).unwrap();
        let token = token.body["token"].as_str().unwrap().to_owned();
        desk.console("user.update", update(&name, change.0, change.1)).unwrap();
        assert_eq!(desk.actor(&caller.secret).unwrap_err().code(), "session_invalid", "{name}");
        let by_token = auth::token_actor(&desk.core, &token, &Desk::request("192.0.2.1"));
        match change.0 {
            "disabled" => assert_eq!(by_token.unwrap_err().code(), "token_invalid"),
            "role" => assert_eq!(by_token.unwrap().role().unwrap().name(), "viewer", "the ceiling came down"),
            _ => assert_eq!(by_token.unwrap().role().unwrap().name(), "operator"),
        }
    }
    assert_eq!(desk.audited("user.update", "done"), 3);
}

#[test]
fn a_change_of_nothing_keeps_the_sessions() {
    let desk = Desk::claimed();
    let amal = desk.user("amal", "operator");
    desk.console("user.update", json!({ "name": "amal", "role": "operator", "disabled": false })).unwrap();
    assert!(desk.actor(&amal.secret).is_ok());
}

#[test]
fn a_disabled_user_who_comes_back_has_no_token_left() {
    let desk = Desk::claimed();
    let amal = desk.user("amal", "operator");
    let made = desk.call(&amal.actor, "token.create", json!({ "name": "t", "role": "viewer" })).unwrap();
    for disabled in [true, false] {
        desk.console("user.update", update("amal", "disabled", json!(disabled))).unwrap();
    }
    let token = made.body["token"].as_str().unwrap();
    assert!(auth::token_actor(&desk.core, token, &Desk::request("192.0.2.1")).is_err());
    assert!(desk.actor(&amal.secret).is_err());
    desk.sign_in("amal");
}

#[test]
fn the_last_administrator_stays() {
    let desk = Desk::claimed();
    let admin = desk.sign_in("admin");
    let demote = update("admin", "role", json!("operator"));
    let attempts = [
        ("user.update", demote.clone()),
        ("user.update", update("admin", "disabled", json!(true))),
        ("user.delete", json!({ "name": "admin" })),
    ];
    for (id, input) in attempts {
        assert_eq!(code(desk.console(id, input)), "last_admin");
    }
    assert!(desk.actor(&admin.secret).is_ok(), "the refused change was rolled back");
    desk.user("second", "admin");
    desk.console("user.update", update("second", "disabled", json!(true))).unwrap();
    assert_eq!(code(desk.console("user.update", demote.clone())), "last_admin", "a disabled one does not count");
    desk.console("user.update", update("second", "disabled", json!(false))).unwrap();
    desk.console("user.update", demote).unwrap();
    assert!(desk.actor(&admin.secret).is_err());
}

#[test]
fn of_two_changes_to_one_revision_the_second_is_stale() {
    let desk = Desk::claimed();
    desk.user("amal", "operator");
    let seen = Request { if_match: Some(1), ..Desk::request("192.0.2.1") };
    let input = update("amal", "role", json!("viewer"));
    let done = desk.call_with(&seen, &Actor::Console, "user.update", input.clone()).unwrap();
    assert_eq!(done.revision(), Some(2));
    let stale = desk.call_with(&seen, &Actor::Console, "user.update", input).unwrap_err();
    assert_eq!(stale.kind(), Kind::Stale);
    let stale = desk.call_with(&seen, &Actor::Console, "user.delete", json!({ "name": "amal" })).unwrap_err();
    assert_eq!(stale.kind(), Kind::Stale);
}

#[test]
fn nobody_sets_their_own_password_without_the_current_one() {
    let desk = Desk::claimed();
    let admin = desk.sign_in("admin");
    let input = update("admin", "password", json!("another four plain words"));
    assert_eq!(fields(desk.call(&admin.actor, "user.update", input.clone())), ["password:password_own"]);
    desk.console("user.update", input).unwrap();
}

#[test]
fn a_dry_run_shows_the_change_and_leaves_no_row() {
    let desk = Desk::claimed();
    let request = Request { dry_run: true, ..Desk::request("192.0.2.1") };
    let audit = desk.rows("audit");
    let input = json!({ "name": "amal", "role": "viewer", "password": PASSWORD });
    let plan = desk.call_with(&request, &Actor::Console, "user.create", input).unwrap().body;
    assert_eq!((&plan["changes"][0]["kind"], &plan["changes"][0]["action"]), (&json!("row"), &json!("create")));
    let plan = desk.call_with(&request, &Actor::Console, "user.delete", json!({ "name": "admin" }));
    assert_eq!(code(plan), "last_admin", "a dry run says what would stop it");
    assert_eq!((desk.rows("users"), desk.rows("audit")), (1, audit + 1));
}
