//! The first run.

use super::{Desk, PASSWORD, code, fields};
use manara::base::Kind;
use manara::engine::Actor;
use manara::ops::auth;
use serde_json::{Value, json};
use std::sync::Barrier;

fn claim(token: &str, user: &str) -> Value {
    json!({ "token": token, "user": user, "password": PASSWORD })
}

fn token(desk: &Desk) -> String {
    auth::claim_link_token(&desk.core).unwrap().expect("not claimed")
}

#[test]
fn the_token_makes_the_first_administrator_once() {
    let desk = Desk::new();
    let open = |id: &str| desk.call(&Actor::Nobody, id, json!({})).unwrap().body;
    assert_eq!(open("claim.show")["claimed"], false);
    let token = token(&desk);
    assert_eq!(code(desk.call(&Actor::Nobody, "claim.create", claim("wrong", "amal"))), "claim_refused");
    let outcome = desk.call(&Actor::Nobody, "claim.create", claim(&token, "Amal")).unwrap();
    let amal = desk.begun(&outcome);
    assert_eq!((&outcome.body["user"]["name"], &outcome.body["user"]["role"]), (&json!("amal"), &json!("admin")));
    assert!(matches!(amal.actor, Actor::User { ref name, .. } if name == "amal"));
    assert_eq!(open("claim.show")["claimed"], true);
    assert_eq!(code(desk.call(&Actor::Nobody, "claim.create", claim(&token, "eve"))), "already_claimed");
    assert_eq!(code(desk.console("claim.create", json!({ "user": "eve", "password": PASSWORD }))), "already_claimed");
    assert_eq!(code(desk.console("claim.renew", json!({}))), "already_claimed");
    assert_eq!(auth::claim_link_token(&desk.core).unwrap(), None);
    assert_eq!((desk.audited("claim.create", "done"), desk.audited("claim.create", "refused")), (1, 3));
}

#[test]
fn a_refused_token_does_not_say_why() {
    let desk = Desk::new();
    let refused = |address: &str, token: &str| {
        let e = desk.call_from(address, &Actor::Nobody, "claim.create", claim(token, "eve")).unwrap_err();
        (e.kind(), e.code().to_owned(), e.params().clone())
    };
    let absent = refused("192.0.2.1", "none was made");
    let first = token(&desk);
    let second = token(&desk);
    assert_eq!(refused("192.0.2.2", &first), absent, "replaced by a newer one");
    assert_eq!(refused("192.0.2.3", "wrong"), absent);
    desk.wait_s(3600);
    assert_eq!(refused("192.0.2.4", &second), absent, "expired");
    assert_eq!(absent.0, Kind::Forbidden);
    assert_eq!(desk.rows("users"), 0);
}

#[test]
fn wrong_tokens_are_limited_per_address_and_in_all() {
    let desk = Desk::new();
    let token = token(&desk);
    for _ in 0..5 {
        assert_eq!(code(desk.call(&Actor::Nobody, "claim.create", claim("guess", "eve"))), "claim_refused");
    }
    let limited = desk.call(&Actor::Nobody, "claim.create", claim(&token, "eve")).unwrap_err();
    assert_eq!((limited.kind(), limited.param("retry_s")), (Kind::TooMany, Some("30")));
    for n in 0..15 {
        desk.call_from(&format!("198.51.100.{n}"), &Actor::Nobody, "claim.create", claim("guess", "eve")).unwrap_err();
    }
    let worn_out = desk.call_from("203.0.113.1", &Actor::Nobody, "claim.create", claim(&token, "amal"));
    assert_eq!(code(worn_out), "claim_refused");
    let renewed = desk.console("claim.renew", json!({})).unwrap().body;
    assert_eq!(renewed["path"], format!("/claim#{}", renewed["token"].as_str().unwrap()));
    let input = claim(renewed["token"].as_str().unwrap(), "amal");
    desk.call_from("203.0.113.1", &Actor::Nobody, "claim.create", input).unwrap();
}

#[test]
fn the_console_claims_without_a_token_and_gets_no_session() {
    let desk = Desk::new();
    let outcome = desk.console("claim.create", json!({ "user": "amal", "password": PASSWORD })).unwrap();
    assert!(outcome.grant.is_none());
    assert_eq!((&outcome.body["name"], &outcome.body["role"]), (&json!("amal"), &json!("admin")));
    assert_eq!(desk.rows("sessions"), 0);
    desk.sign_in("amal");
}

#[test]
fn only_the_console_makes_claim_tokens() {
    let desk = Desk::new();
    assert_eq!(code(desk.call(&Actor::Nobody, "claim.renew", json!({}))), "not_signed_in");
    desk.console("claim.create", json!({ "user": "admin", "password": PASSWORD })).unwrap();
    assert_eq!(code(desk.call(&desk.sign_in("admin").actor, "claim.renew", json!({}))), "console_only");
}

#[test]
fn a_claim_without_token_or_with_a_weak_password_changes_nothing() {
    let desk = Desk::new();
    let token = token(&desk);
    let input = json!({ "user": "amal", "password": PASSWORD });
    assert_eq!(fields(desk.call(&Actor::Nobody, "claim.create", input)), ["token:required"]);
    for (password, expected) in [("short", "password:password_short"), ("qwertyuiop", "password:password_common")] {
        let input = json!({ "token": token, "user": "amal", "password": password });
        assert_eq!(fields(desk.call(&Actor::Nobody, "claim.create", input)), [expected]);
    }
    desk.call(&Actor::Nobody, "claim.create", claim(&token, "amal")).unwrap();
}

#[test]
fn a_dry_run_leaves_no_row_and_does_not_use_the_token() {
    let desk = Desk::new();
    let token = token(&desk);
    let request = manara::engine::Request { dry_run: true, ..Desk::request("192.0.2.1") };
    let plan = desk.call_with(&request, &Actor::Nobody, "claim.create", claim(&token, "amal")).unwrap();
    assert!(plan.grant.is_none());
    assert!(plan.body["changes"][0]["diff"].as_str().unwrap().contains("\"name\": \"amal\""));
    assert!(!plan.body.to_string().contains("argon2"));
    let tables = ["users", "sessions", "audit", "sign_in_failures"];
    assert_eq!(tables.map(|table| desk.rows(table)), [0; 4]);
    desk.call(&Actor::Nobody, "claim.create", claim(&token, "amal")).unwrap();
}

#[test]
fn of_two_claims_at_once_one_wins() {
    let desk = Desk::new();
    let token = token(&desk);
    let start = Barrier::new(4);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let attempt = |n: usize| {
            let (desk, start, token) = (&desk, &start, &token);
            scope.spawn(move || {
                start.wait();
                let input = claim(token, &format!("user{n}"));
                if n > 2 {
                    return desk.console("claim.create", input);
                }
                desk.call_from(&format!("192.0.2.{n}"), &Actor::Nobody, "claim.create", input)
            })
        };
        let running: Vec<_> = (1..=4).map(attempt).collect();
        running.into_iter().map(|r| r.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
    for error in outcomes.into_iter().filter_map(Result::err) {
        assert!(["already_claimed", "claim_refused"].contains(&error.code()), "{error}");
    }
    assert_eq!(desk.rows("users"), 1);
}

#[test]
fn two_installs_share_nothing() {
    let (one, two) = (Desk::new(), Desk::new());
    assert_ne!(token(&one), token(&two));
    assert_ne!(auth::csrf_token(&one.core, "same"), auth::csrf_token(&two.core, "same"));
    assert_ne!(one.core.store.keys().id(), two.core.store.keys().id());
}
