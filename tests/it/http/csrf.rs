//! What another site makes a browser send.

use crate::support::panel::{PASSWORD, Panel};
use serde_json::json;

#[test]
fn a_change_with_a_session_needs_its_origin_and_its_token() {
    let panel = Panel::new();
    let browser = panel.browser("omar", "admin");
    let cookie = format!("manara={}", browser.secret);
    let (origin, csrf) = (panel.origin(), browser.csrf.as_str());
    let own = origin.as_str();
    let other_port = "http://127.0.0.1:1";
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("Origin", own), ("X-Manara-CSRF", csrf)], ""),
        (&[("Sec-Fetch-Site", "same-origin"), ("X-Manara-CSRF", csrf)], ""),
        (&[("Origin", own), ("Sec-Fetch-Site", "same-origin"), ("X-Manara-CSRF", csrf)], ""),
        (&[("X-Manara-CSRF", csrf)], "cross_site"),
        (&[("Origin", "null"), ("X-Manara-CSRF", csrf)], "cross_site"),
        (&[("Origin", ""), ("X-Manara-CSRF", csrf)], "cross_site"),
        (&[("Origin", "http://evil.test"), ("X-Manara-CSRF", csrf)], "cross_site"),
        (&[("Origin", other_port), ("X-Manara-CSRF", csrf)], "cross_site"),
        (&[("Origin", own), ("Origin", "http://evil.test"), ("X-Manara-CSRF", csrf)], "cross_site"),
        (&[("Origin", own), ("Sec-Fetch-Site", "cross-site"), ("X-Manara-CSRF", csrf)], "cross_site"),
        (&[("Sec-Fetch-Site", "same-site"), ("X-Manara-CSRF", csrf)], "cross_site"),
        (&[("Sec-Fetch-Site", "none"), ("X-Manara-CSRF", csrf)], "cross_site"),
        (&[("Origin", own)], "csrf_token"),
        (&[("Origin", own), ("X-Manara-CSRF", "")], "csrf_token"),
        (&[("Origin", own), ("X-Manara-CSRF", "0000")], "csrf_token"),
        (&[("Origin", own), ("X-Manara-CSRF", csrf), ("X-Manara-CSRF", csrf)], "csrf_token"),
    ];
    for (number, (headers, refused)) in cases.iter().enumerate() {
        let mut all = vec![("Cookie", cookie.as_str()), ("Content-Type", "application/json")];
        all.extend_from_slice(headers);
        let body = json!({ "domain": format!("s{number}.test"), "kind": "static" }).to_string();
        let answer = panel.send("POST", "/api/v1/sites", &all, &body);
        if refused.is_empty() {
            assert_eq!(answer.status, 201, "{headers:?}: {answer:?}");
        } else {
            assert_eq!((answer.status, answer.code().as_str()), (403, *refused), "{headers:?}");
        }
    }
    let made = panel.console("site.list", json!({}))["total"].clone();
    assert_eq!(made, 3, "what was refused changed nothing");
}

#[test]
fn a_token_of_another_session_does_not_fit() {
    let panel = Panel::new();
    let (one, other) = (panel.browser("omar", "admin"), panel.browser("layla", "admin"));
    let (cookie, origin) = (format!("manara={}", one.secret), panel.origin());
    let headers = [("Cookie", cookie.as_str()), ("Origin", &origin), ("X-Manara-CSRF", &other.csrf)];
    let answer = panel.send("DELETE", "/api/v1/sites/a.test", &headers, "");
    assert_eq!((answer.status, answer.code().as_str()), (403, "csrf_token"));
}

#[test]
fn reading_across_sites_is_refused_streams_included() {
    let panel = Panel::new();
    let browser = panel.browser("omar", "admin");
    let cookie = format!("manara={}", browser.secret);
    for path in ["/api/v1/sites", "/api/v1/events", "/api/v1/audit/export"] {
        for foreign in [("Origin", "http://evil.test"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
            let answer = panel.send("GET", path, &[("Cookie", &cookie), foreign], "");
            assert_eq!((answer.status, answer.code().as_str()), (403, "cross_site"), "{path} {foreign:?}");
        }
    }
    assert_eq!(panel.send("GET", "/api/v1/sites", &[("Cookie", &cookie), ("Sec-Fetch-Site", "none")], "").status, 200);
}

#[test]
fn signing_in_is_refused_from_other_sites_only() {
    let panel = Panel::new();
    panel.browser("omar", "admin");
    let origin = panel.origin();
    let body = json!({ "user": "omar", "password": PASSWORD }).to_string();
    let sign_in = |headers: &[(&str, &str)]| {
        let json = [("Content-Type", "application/json")];
        panel.send("POST", "/api/v1/session", &[&json, headers].concat(), &body)
    };
    for foreign in [("Origin", "http://evil.test"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
        assert_eq!(sign_in(&[foreign]).status, 403, "{foreign:?}");
    }
    assert_eq!(sign_in(&[]).status, 201, "a program may sign in");
    let answer = sign_in(&[("Origin", &origin)]);
    assert_eq!(answer.status, 201, "{answer:?}");
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("manara=") && cookie.contains("; HttpOnly; SameSite=Strict; Max-Age="), "{cookie}");
    let secret = cookie["manara=".len()..].split(';').next().unwrap();
    assert!(!answer.body.contains(secret), "the secret travels in the cookie only");

    let cookie = format!("manara={secret}");
    let csrf = answer.json()["session"]["csrf"].as_str().unwrap().to_owned();
    let shown = panel.send("GET", "/api/v1/session", &[("Cookie", &cookie)], "");
    assert_eq!((shown.status, &shown.json()["csrf"]), (200, &json!(csrf)));
    let headers = [("Cookie", cookie.as_str()), ("Origin", &origin), ("X-Manara-CSRF", &csrf)];
    let out = panel.send("DELETE", "/api/v1/session", &headers, "");
    assert_eq!(out.status, 200, "{out:?}");
    assert!(out.header("set-cookie").unwrap().starts_with("manara=; ") && out.head.contains("Max-Age=0"));
    assert_eq!(panel.send("GET", "/api/v1/session", &[("Cookie", &cookie)], "").status, 401);
}
