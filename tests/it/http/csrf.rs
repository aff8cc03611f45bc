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

/// Everything that a browser may be made to say of where a request comes from, with every content type that a form can
/// send: a change needs a source of ours, JSON and the token, all three.
#[test]
fn no_mixture_of_source_and_content_type_slips_through() {
    let panel = Panel::new();
    let browser = panel.browser("omar", "admin");
    let (cookie, own) = (format!("manara={}", browser.secret), panel.origin());
    let tls = own.replace("http:", "https:");
    let origins = [
        None,
        Some(own.as_str()),
        Some("null"),
        Some("http://evil.test"),
        Some("http://localhost"),
        Some(tls.as_str()),
    ];
    let sites = [None, Some("same-origin"), Some("same-site"), Some("cross-site"), Some("none")];
    let kinds = [
        None,
        Some("application/json"),
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("text/plain; charset=application/json"),
    ];
    let (mut made, mut tried) = (0, 0);
    for (origin, site) in origins.iter().flat_map(|o| sites.iter().map(move |s| (*o, *s))) {
        for (kind, token) in kinds.iter().flat_map(|k| [true, false].map(|t| (*k, t))) {
            tried += 1;
            let body = json!({ "domain": format!("s{tried}.test"), "kind": "static" }).to_string();
            let mut headers = vec![("Cookie", cookie.as_str())];
            headers.extend(origin.map(|o| ("Origin", o)));
            headers.extend(site.map(|s| ("Sec-Fetch-Site", s)));
            headers.extend(kind.map(|k| ("Content-Type", k)));
            headers.extend(token.then_some(("X-Manara-CSRF", browser.csrf.as_str())));
            let answer = panel.send("POST", "/api/v1/sites", &headers, &body);
            let ours = matches!((origin, site), (Some(o), None | Some("same-origin")) if o == own)
                || (origin, site) == (None, Some("same-origin"));
            let expected = match (ours, token, kind) {
                (false, ..) | (_, false, _) => 403,
                (.., Some("application/json")) => 201,
                _ => 415,
            };
            assert_eq!(answer.status, expected, "{headers:?}: {answer:?}");
            made += i64::from(expected == 201);
        }
    }
    assert_eq!(made, 3, "our origin, our fetch site, both");
    assert_eq!(panel.console("site.list", json!({}))["total"], made);
}
