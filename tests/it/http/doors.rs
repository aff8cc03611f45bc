//! Who is let in: every route without a session, with the wrong method, under a forged name or address.

use crate::support::panel::Panel;
use manara::ops::{self, Need};
use serde_json::json;
use std::collections::BTreeSet;

/// A path of an operation with something in its fields.
fn path(op: &ops::Op) -> String {
    op.meta
        .path_fields()
        .fold(format!("/api/v1{}", op.meta.path), |path, field| path.replace(&format!("{{{field}}}"), "a.test"))
}

#[test]
fn every_route_asks_who_calls() {
    let panel = Panel::new();
    let mut open = BTreeSet::new();
    for op in ops::ALL.iter() {
        let answer = panel.send(op.meta.method.name(), &path(op), &[], "");
        if op.meta.need == Need::Open {
            open.insert(format!("{} /api/v1{}", op.meta.method.name(), op.meta.path));
            assert!(answer.status != 401 || op.meta.id == "session.create", "{}: {answer:?}", op.meta.id);
        } else {
            assert_eq!(answer.status, 401, "{}: {answer:?}", op.meta.id);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{}", op.meta.id);
        }
    }
    for rest in ["GET /api/v1/openapi.json", "GET /assets/*", "GET /health/live", "GET /health/ready", "GET /*"] {
        open.insert(rest.into());
    }
    let list: String = open.iter().map(|line| format!("{line}\n")).collect();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/open_routes.txt");
    if std::env::var_os("MANARA_TEST_BLESS").is_some() {
        std::fs::write(golden, &list).unwrap();
    }
    assert_eq!(std::fs::read_to_string(golden).unwrap(), list, "MANARA_TEST_BLESS=1 accepts what is new");
}

#[test]
fn a_weak_role_is_refused_before_its_body_is_read() {
    let panel = Panel::new();
    let token = panel.token("viewer");
    for op in ops::ALL.iter() {
        let Need::Has(permission) = op.meta.need else { continue };
        if manara::base::access::Role::Viewer.allows(permission) {
            continue;
        }
        let bearer = format!("Bearer {token}");
        let answer = panel.send(op.meta.method.name(), &path(op), &[("Authorization", &bearer)], "not json");
        assert_eq!(answer.status, 403, "{}: {answer:?}", op.meta.id);
    }
}

#[test]
fn every_route_names_its_methods() {
    let panel = Panel::new();
    let paths: BTreeSet<&str> = ops::ALL.iter().map(|op| op.meta.path).collect();
    for template in paths {
        let ops: Vec<_> = ops::ALL.iter().filter(|op| op.meta.path == template).collect();
        let allowed: Vec<&str> = ops.iter().map(|op| op.meta.method.name()).collect();
        for method in ["OPTIONS", "PUT", "TRACE", "FOO", "POST", "PATCH", "DELETE", "get"] {
            if allowed.contains(&method) {
                continue;
            }
            let answer = panel.send(method, &path(ops[0]), &[], "");
            assert_eq!(answer.status, 405, "{method} {template}: {answer:?}");
            let allow = answer.header("allow").unwrap();
            assert!(allowed.iter().all(|m| allow.contains(m)), "{template}: {allow}");
        }
    }
    for other in ["/", "/health/live", "/api/v1/openapi.json", "/assets/x"] {
        let answer = panel.send("POST", other, &[], "");
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{other}");
    }
}

#[test]
fn bad_credentials_are_refused_and_a_token_never_falls_back_on_a_cookie() {
    let panel = Panel::new();
    panel.browser("first", "admin");
    let browser = panel.browser("omar", "admin");
    let cookie = format!("manara={}", browser.secret);
    let get = |headers: &[(&str, &str)]| panel.send("GET", "/api/v1/sites", headers, "").status;
    assert_eq!(get(&[("Cookie", &cookie)]), 200);
    for authorization in ["Bearer wrong", "Bearer ", "Basic b21hcjpw", "Bearer a b"] {
        assert_eq!(get(&[("Authorization", authorization), ("Cookie", &cookie)]), 401, "{authorization}");
    }
    let secure = format!("__Host-manara={}", browser.secret);
    assert_eq!(get(&[("Cookie", &secure)]), 401, "the cookie of TLS is not one of plain HTTP");
    assert_eq!(get(&[("Cookie", &format!("{cookie}; {cookie}"))]), 401, "two cookies are none");
    panel.console("user.update", json!({ "name": "omar", "disabled": true }));
    assert_eq!(get(&[("Cookie", &cookie)]), 401, "a disabled user's session is over at once");
}

#[test]
fn names_that_are_not_ours_are_misdirected() {
    let panel = Panel::new();
    let get = |host: &str| panel.send("GET", "/api/v1/claim", &[("Host", host)], "");
    for host in ["evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "a@localhost"] {
        let answer = get(host);
        assert!([421, 400].contains(&answer.status), "{host}: {answer:?}");
    }
    for host in ["localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]:9080", "192.0.2.1"] {
        assert_eq!(get(host).status, 200, "{host}");
    }
    panel.console("setting.update", json!({ "panel.host_names": ["panel.example"] }));
    assert_eq!(get("panel.example:9443").status, 200);
    let two = "GET /api/v1/claim HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\nConnection: close\r\n\r\n";
    assert_eq!(panel.raw(two.as_bytes()).status, 400);
    assert_eq!(panel.raw(b"GET /api/v1/claim HTTP/1.1\r\nConnection: close\r\n\r\n").status, 400);
    let absolute = "GET http://evil.test/api/v1/claim HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(panel.raw(absolute.as_bytes()).status, 400);
}

/// The address the audit trail has for the newest entry of an operation.
fn audited(panel: &Panel, operation: &str) -> String {
    let page = panel.console("audit.list", json!({ "operation": operation, "limit": 1 }));
    page["items"][0]["address"].as_str().unwrap().to_owned()
}

#[test]
fn forged_proxy_headers_are_ignored_until_the_peer_is_a_listed_proxy() {
    let panel = Panel::new();
    let token = panel.token("admin");
    let bearer = format!("Bearer {token}");
    let forged = [
        ("X-Forwarded-For", "192.0.2.66"),
        ("CF-Connecting-IP", "192.0.2.67"),
        ("X-Real-IP", "192.0.2.68"),
        ("Forwarded", "for=192.0.2.69"),
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let create = |name: &str| {
        let body = json!({ "domain": name, "kind": "static" }).to_string();
        assert_eq!(panel.send("POST", "/api/v1/sites", &forged, &body).status, 201);
    };
    create("a.test");
    assert_eq!(audited(&panel, "site.create"), "127.0.0.1");
    panel.console("setting.update", json!({ "panel.trusted_proxies": ["127.0.0.0/8"] }));
    create("b.test");
    assert_eq!(audited(&panel, "site.create"), "192.0.2.66");
}

#[test]
fn only_allowed_addresses_may_come_and_this_machine_always() {
    let panel = Panel::new();
    let set = json!({ "panel.allowed_addresses": ["198.51.100.0/24"], "panel.trusted_proxies": ["127.0.0.1"] });
    panel.console("setting.update", set);
    let from = |headers: &[(&str, &str)]| panel.send("GET", "/api/v1/claim", headers, "").status;
    assert_eq!(from(&[("X-Forwarded-For", "198.51.100.7")]), 200);
    assert_eq!(from(&[("X-Forwarded-For", "192.0.2.1")]), 403);
    assert_eq!(from(&[("X-Forwarded-For", "198.51.100.7, 192.0.2.1")]), 403, "the left end is anybody's claim");
    assert_eq!(from(&[]), 200);
}

#[test]
fn no_link_is_made_from_what_the_client_calls_us() {
    let panel = Panel::new();
    panel.console(
        "setting.update",
        json!({ "panel.trusted_proxies": ["127.0.0.0/8"], "panel.host_names": ["panel.example"] }),
    );
    let bearer = format!("Bearer {}", panel.token("admin"));
    let headers = [
        ("Host", "panel.example"),
        ("X-Forwarded-Host", "evil.test"),
        ("Forwarded", "host=evil.test;proto=https"),
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let body = json!({ "domain": "a.test", "kind": "static" }).to_string();
    let made = panel.send("POST", "/api/v1/sites", &headers, &body);
    assert_eq!(made.header("location"), Some("/api/v1/sites/a.test"), "a path, without any host");
    assert!(!made.body.contains("evil.test") && !made.body.contains("panel.example"), "{made:?}");
    let link = panel.console("claim.renew", json!({}));
    assert!(link["path"].as_str().unwrap().starts_with("/claim#"), "the token is in the fragment of a path");
}

#[test]
fn what_a_role_loses_is_lost_on_its_open_session_and_tokens_at_once() {
    let panel = Panel::new();
    panel.browser("first", "admin");
    let browser = panel.browser("omar", "admin");
    let (cookie, origin) = (format!("manara={}", browser.secret), panel.origin());
    let signed = [
        ("Cookie", cookie.as_str()),
        ("Origin", &origin),
        ("X-Manara-CSRF", &browser.csrf),
        ("Content-Type", "application/json"),
    ];
    let made = panel.send("POST", "/api/v1/tokens", &signed, &json!({ "name": "ci", "role": "admin" }).to_string());
    let token = made.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(panel.api(&token, "GET", "/users", None).status, 200);
    panel.console("user.update", json!({ "name": "omar", "role": "viewer" }));
    assert_eq!(panel.send("GET", "/api/v1/users", &[("Cookie", &cookie)], "").status, 401, "the session is over");
    assert_eq!(panel.api(&token, "GET", "/users", None).status, 403, "the token has the new role as its ceiling");
    panel.console("user.delete", json!({ "name": "omar" }));
    assert_eq!(panel.api(&token, "GET", "/sites", None).status, 401);
}
