//! Calls as programs make them.

use crate::support::panel::Panel;
use serde_json::{Value, json};

fn site(domain: &str) -> Value {
    json!({ "domain": domain, "kind": "static" })
}

#[test]
fn a_site_lives_and_dies_over_http() {
    let panel = Panel::new();
    let token = panel.token("admin");
    let made = panel.api(&token, "POST", "/sites", Some(&site("مثال.test")));
    assert_eq!(made.status, 201, "{made:?}");
    let location = made.header("location").unwrap().to_owned();
    let encoded = "/sites/%D9%85%D8%AB%D8%A7%D9%84.test";
    for path in [location.strip_prefix("/api/v1").unwrap(), encoded, "/sites/xn--mgbh0fb.test"] {
        assert_eq!(panel.api(&token, "GET", path, None).status, 200, "{path}");
    }
    let shown = panel.api(&token, "GET", encoded, None);
    let revision = shown.json()["revision"].as_i64().unwrap();
    assert_eq!(shown.header("etag"), Some(format!("\"{revision}\"").as_str()));

    let patched = panel.api(&token, "PATCH", encoded, Some(&json!({ "aliases": ["www.a.test"] })));
    assert_eq!(patched.status, 200, "{patched:?}");
    let gone = panel.api(&token, "DELETE", encoded, None);
    assert_eq!(gone.status, 200, "{gone:?}");
    let missing = panel.api(&token, "GET", encoded, None);
    assert_eq!((missing.status, missing.code().as_str()), (404, "site_not_found"));
    assert_eq!(missing.header("content-type"), Some("application/problem+json"));
    assert_eq!(missing.json()["request_id"].as_str(), missing.header("x-request-id"));
}

#[test]
fn an_old_revision_is_refused() {
    let panel = Panel::new();
    let bearer = format!("Bearer {}", panel.token("admin"));
    panel.console("site.create", site("a.test"));
    let patch = |tag: &str, alias: &str| {
        let headers =
            [("Authorization", bearer.as_str()), ("Content-Type", "application/merge-patch+json"), ("If-Match", tag)];
        panel.send("PATCH", "/api/v1/sites/a.test", &headers, &json!({ "aliases": [alias] }).to_string()).status
    };
    assert_eq!(patch("\"1\"", "b.test"), 200);
    assert_eq!(patch("\"1\"", "c.test"), 412);
    assert_eq!(patch("*", "d.test"), 200);
    assert_eq!(patch("1", "e.test"), 400);
}

#[test]
fn a_dry_run_answers_a_plan_that_can_be_applied() {
    let panel = Panel::new();
    let token = panel.token("admin");
    let planned = panel.api(&token, "POST", "/sites?dry_run=true", Some(&site("a.test")));
    assert_eq!((planned.status, planned.header("location")), (200, None), "{planned:?}");
    assert_eq!(panel.api(&token, "GET", "/sites", None).json()["total"], 0);
    let plan = planned.json()["id"].as_str().unwrap().to_owned();
    let applied = panel.api(&token, "POST", &format!("/plans/{plan}/apply"), None);
    assert_eq!(applied.status, 201, "{applied:?}");
    assert_eq!(panel.api(&token, "GET", "/sites", None).json()["total"], 1);
}

#[test]
fn a_repeated_request_with_a_key_is_done_once() {
    let panel = Panel::new();
    let bearer = format!("Bearer {}", panel.token("admin"));
    let post = |key: &str, body: &Value| {
        let headers =
            [("Authorization", bearer.as_str()), ("Content-Type", "application/json"), ("Idempotency-Key", key)];
        panel.send("POST", "/api/v1/sites", &headers, &body.to_string())
    };
    let first = post("k1", &site("a.test"));
    let again = post("k1", &site("a.test"));
    assert_eq!((first.status, again.status), (201, 201), "{again:?}");
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(post("k1", &site("b.test")).status, 409);
    assert_eq!(post("two words", &site("c.test")).status, 400);
    assert_eq!(post("", &site("c.test")).status, 400);
}

#[test]
fn a_job_is_answered_at_once_where_that_is_preferred() {
    let panel = Panel::new();
    let bearer = format!("Bearer {}", panel.token("admin"));
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
        ("Prefer", "wait=1, respond-async"),
        ("Idempotency-Key", "k1"),
    ];
    let asked = || panel.send("POST", "/api/v1/sites", &headers, &site("a.test").to_string());
    let answer = asked();
    let job = answer.json()["job"]["id"].as_str().unwrap().to_owned();
    for answer in [answer, asked()] {
        assert_eq!((answer.status, answer.json()["job"]["id"].as_str()), (202, Some(job.as_str())), "{answer:?}");
        assert_eq!(answer.header("location"), Some(format!("/api/v1/jobs/{job}").as_str()));
    }
}

#[test]
fn every_mistake_is_named_and_unknown_fields_are_mistakes() {
    let panel = Panel::new();
    let token = panel.token("admin");
    let fields = |method: &str, path: &str, body: Option<Value>| -> Vec<String> {
        let answer = panel.api(&token, method, path, body.as_ref());
        assert_eq!(answer.status, 422, "{path}: {answer:?}");
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect()
    };
    let body = json!({ "domain": "a b", "kind": "nothing", "role": "admin" });
    assert_eq!(fields("POST", "/sites", Some(body)), ["domain", "kind", "role"]);
    assert_eq!(fields("GET", "/sites?limit=many&what=1", None), ["limit", "what"]);
    assert_eq!(fields("GET", "/sites/a.test?domain=b.test", None), ["domain"]);
    assert_eq!(fields("PATCH", "/sites/a.test", Some(json!({ "domain": "b.test" }))), ["domain"]);
    assert_eq!(fields("POST", "/sites?dry_run=maybe&x=1", Some(site("a.test"))), ["dry_run", "x"]);
}

#[test]
fn problems_speak_the_callers_language() {
    let panel = Panel::new();
    let ask = |lang: &str| panel.send("GET", "/api/v1/nothing", &[("Accept-Language", lang)], "");
    let (arabic, english) = (ask("ar-SA,en;q=0.5"), ask("de"));
    assert_eq!((arabic.status, arabic.header("content-language")), (404, Some("ar")));
    assert!(arabic.json()["detail"].as_str().unwrap().contains('ه'), "{arabic:?}");
    assert_eq!(english.header("content-language"), Some("en"));
    for path in ["/api", "/api/", "/api/v2/sites", "/api/v1", "/api/v1/sites/", "/api/v1/%zz", "/api/v1/sites/%ff"] {
        let status = panel.send("GET", path, &[], "").status;
        assert!([400, 404].contains(&status), "{path}: {status}");
    }
}

#[test]
fn sessions_that_are_tried_too_often_must_wait() {
    let panel = Panel::new();
    let body = json!({ "user": "nobody", "password": "wrong password" }).to_string();
    let tried: Vec<_> =
        (0..8).map(|_| panel.send("POST", "/api/v1/session", &[("Content-Type", "application/json")], &body)).collect();
    let last = tried.last().unwrap();
    assert_eq!(last.status, 429, "{last:?}");
    assert!(last.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
}

#[test]
fn downloads_and_the_description_come_whole() {
    let panel = Panel::new();
    let token = panel.token("admin");
    panel.console("site.create", site("a.test"));
    let trail = panel.api(&token, "GET", "/audit/export", None);
    assert_eq!(trail.status, 200);
    assert_eq!(trail.header("content-disposition"), Some("attachment; filename=\"manara-audit.jsonl\""));
    assert!(trail.body.contains("site.create"));
    let description = panel.send("GET", "/api/v1/openapi.json", &[], "");
    assert_eq!(description.json()["openapi"], "3.1.0");
}

#[test]
fn head_is_get_without_the_body() {
    let panel = Panel::new();
    let token = panel.token("admin");
    for path in ["/sites", "/openapi.json", "/nothing"] {
        let (get, head) = (panel.api(&token, "GET", path, None), panel.api(&token, "HEAD", path, None));
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
    }
    let page = panel.send("HEAD", "/", &[], "");
    assert!(page.header("content-length").unwrap().parse::<u32>().unwrap() > 0);
    assert_eq!(page.body, "");
}
