//! API tokens and their ceilings.

use super::{Desk, code, fields};
use manara::base::access::Permission;
use manara::base::{Kind, Result};
use manara::engine::Actor;
use manara::ops::{self, auth};
use serde_json::{Value, json};

fn holder(desk: &Desk, made: &Value) -> Result<Actor> {
    auth::token_actor(&desk.core, made["token"].as_str().unwrap(), &Desk::request("192.0.2.8"))
}

fn make(desk: &Desk, actor: &Actor, input: Value) -> (Value, Actor) {
    let body = desk.call(actor, "token.create", input).unwrap().body;
    let actor = holder(desk, &body).unwrap();
    (body, actor)
}

#[test]
fn a_token_is_shown_once_and_works_until_it_is_revoked() {
    let desk = Desk::claimed();
    let admin = desk.sign_in("admin").actor;
    let (made, actor) = make(&desk, &admin, json!({ "name": "ci", "role": "operator" }));
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("mnr_") && token.len() == 4 + 43);
    assert!(actor.may(Permission::SitesChange) && !actor.may(Permission::AccountsManage));
    let listed = desk.call(&admin, "token.list", json!({})).unwrap().body;
    assert!(!listed.to_string().contains(token));
    let row = &listed["items"][0];
    assert_eq!((&row["user"], &row["last_used_address"]), (&json!("admin"), &json!("192.0.2.8")));
    desk.call(&admin, "token.delete", json!({ "id": made["id"] })).unwrap();
    assert_eq!(holder(&desk, &made).unwrap_err().code(), "token_invalid");
    for wrong in ["", "mnr_", &token[4..], &format!("{token}x")] {
        let refused = auth::token_actor(&desk.core, wrong, &Desk::request("192.0.2.8")).unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (Kind::NotSignedIn, "token_invalid"));
    }
    assert_eq!((desk.audited("token.create", "done"), desk.audited("token.delete", "done")), (1, 1));
}

#[test]
fn a_token_is_never_above_its_maker() {
    let desk = Desk::claimed();
    let amal = desk.user("amal", "operator").actor;
    let create = |actor: &Actor, input: Value| desk.call(actor, "token.create", input);
    let above = create(&amal, json!({ "name": "t", "role": "admin" }));
    assert_eq!(fields(above), ["role:role_above_own"]);
    let outside = create(&amal, json!({ "name": "t", "role": "viewer", "scopes": ["sites-read", "sites-delete"] }));
    assert_eq!(fields(outside), ["scopes[1]:scope_outside_role"]);
    let unknown = create(&amal, json!({ "name": "t", "role": "viewer", "scopes": ["everything"] }));
    assert_eq!(fields(unknown), ["scopes[0]:not_one_of"]);
    let viewer = desk.user("badr", "viewer").actor;
    assert_eq!(code(create(&viewer, json!({ "name": "t", "role": "viewer" }))), "forbidden");

    let input = json!({ "name": "t", "role": "operator", "scopes": ["sites-read", "tokens-own"] });
    let (_, limited) = make(&desk, &amal, input);
    assert!(limited.may(Permission::SitesRead) && !limited.may(Permission::SitesChange));
    let wider = create(&limited, json!({ "name": "t", "role": "operator", "scopes": ["sites-change"] }));
    assert_eq!(fields(wider), ["scopes[0]:scope_above_own"]);
    let (_, child) = make(&desk, &limited, json!({ "name": "t", "role": "operator" }));
    assert!(child.may(Permission::SitesRead) && !child.may(Permission::SitesChange), "scopes are inherited");
    assert_eq!(desk.audited("token.create", "refused"), 4);
}

#[test]
fn a_token_ends_and_so_do_those_made_with_it() {
    let desk = Desk::claimed();
    let admin = desk.sign_in("admin").actor;
    let at = |s: i64| desk.core.now().plus_s(s).rfc3339();
    let past = desk.call(&admin, "token.create", json!({ "name": "t", "role": "viewer", "expires_at": at(0) }));
    assert_eq!(fields(past), ["expires_at:time_past"]);
    let nonsense = json!({ "name": "t", "role": "viewer", "expires_at": "tomorrow" });
    assert_eq!(fields(desk.call(&admin, "token.create", nonsense)), ["expires_at:time"]);
    let (made, short) = make(&desk, &admin, json!({ "name": "t", "role": "admin", "expires_at": at(60) }));
    let (child, _) = make(&desk, &short, json!({ "name": "child", "role": "admin" }));
    let (later, _) = make(&desk, &short, json!({ "name": "child", "role": "admin", "expires_at": at(3600) }));
    assert_eq!((&child["expires_at"], &later["expires_at"]), (&made["expires_at"], &made["expires_at"]));
    desk.wait_s(60);
    for token in [made, child, later] {
        assert_eq!(holder(&desk, &token).unwrap_err().code(), "token_invalid");
    }
}

#[test]
fn people_see_and_revoke_their_own_tokens_only() {
    let desk = Desk::claimed();
    let (admin, amal, badr) =
        (desk.sign_in("admin").actor, desk.user("amal", "operator").actor, desk.user("badr", "operator").actor);
    let (of_console, console_token) = make(&desk, &Actor::Console, json!({ "name": "ops", "role": "operator" }));
    let (of_amal, _) = make(&desk, &amal, json!({ "name": "a", "role": "viewer" }));
    make(&desk, &badr, json!({ "name": "b", "role": "viewer" }));
    let ids = |actor: &Actor| {
        let body = desk.call(actor, "token.list", json!({})).unwrap().body;
        body["items"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((ids(&amal), ids(&badr)), (vec!["a".to_owned()], vec!["b".to_owned()]));
    assert_eq!(ids(&console_token), ["ops"]);
    assert_eq!((ids(&admin).len(), ids(&Actor::Console).len()), (3, 3));
    for foreign in [&of_amal, &of_console] {
        let refused = desk.call(&badr, "token.delete", json!({ "id": foreign["id"] })).unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (Kind::NotFound, "token_not_found"));
    }
    desk.call(&admin, "token.delete", json!({ "id": of_amal["id"] })).unwrap();
    assert!(holder(&desk, &of_console).is_ok());
}

#[test]
fn a_token_cannot_act_as_its_users_session() {
    let desk = Desk::claimed();
    let amal = desk.user("amal", "operator").actor;
    let (_, token) = make(&desk, &amal, json!({ "name": "t", "role": "operator" }));
    for id in ["session.show", "session.list", "session.delete", "session.clear"] {
        assert_eq!(code(desk.call(&token, id, json!({}))), "needs_session", "{id}");
    }
}

#[test]
fn an_answer_with_a_secret_is_not_kept_for_a_repeated_request() {
    let desk = Desk::claimed();
    let (one, two) = (desk.user("amal", "operator").actor, desk.user("badr", "operator").actor);
    let op = ops::find("token.create").unwrap();
    let once = |actor: &Actor| {
        let input = json!({ "name": "same", "role": "operator" });
        ops::run::call_once(&desk.core, actor, &Desk::request("192.0.2.1"), op, input, "key-1")
    };
    let made = once(&one).unwrap().body;
    assert_eq!(code(once(&one)), "answer_given_once");
    let kept = desk.core.store.read(|tx| tx.count("SELECT COUNT(*) FROM idempotency WHERE body <> ''", &[])).unwrap();
    assert_eq!(kept, 0);
    // Two tokens of one name are two callers.
    let other = once(&two).unwrap().body;
    let list = ops::find("site.list").unwrap();
    let seen = |made: &Value| {
        let holder = holder(&desk, made).unwrap();
        ops::run::call_once(&desk.core, &holder, &Desk::request("192.0.2.1"), list, json!({}), "key-2").unwrap();
    };
    seen(&made);
    seen(&other);
    assert_eq!(desk.rows("idempotency"), 4);
}

#[test]
fn a_narrowed_token_has_the_views_of_the_lists_that_it_may_read() {
    let desk = Desk::claimed();
    let admin = desk.sign_in("admin").actor;
    let view = |actor: &Actor, page: &str| {
        desk.call(actor, "view.create", json!({ "page": page, "name": page, "query": "q=a" }))
            .map(|made| made.body["id"].clone())
    };
    let (sites, jobs) = (view(&admin, "sites").unwrap(), view(&admin, "jobs").unwrap());
    let input = json!({ "name": "t", "role": "admin", "scopes": ["sites-read"] });
    let (_, narrow) = make(&desk, &admin, input);
    let listed = desk.call(&narrow, "view.list", json!({})).unwrap().body;
    assert_eq!(listed["items"].as_array().unwrap().iter().map(|v| &v["id"]).collect::<Vec<_>>(), [&sites]);
    assert_eq!(code(desk.call(&narrow, "view.delete", json!({ "id": jobs }))), "forbidden");
    assert_eq!(view(&narrow, "audit").unwrap_err().code(), "forbidden");
    desk.call(&narrow, "view.delete", json!({ "id": sites })).unwrap();
    desk.call(&admin, "view.delete", json!({ "id": jobs })).unwrap();
}
