//! Files for the browser, probes, and the headers on everything.

use crate::support::panel::{Answer, Panel, cannot};
use manara::services::monitoring;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn every_answer_is_guarded_by_its_headers() {
    let panel = Panel::new();
    let token = panel.token("viewer");
    let answers = [
        (panel.send("GET", "/", &[], ""), "page"),
        (panel.send("GET", "/sites/shop.alnoor.sa", &[], ""), "page"),
        (panel.send("GET", "/assets/missing.js", &[], ""), "api"),
        (panel.api(&token, "GET", "/sites", None), "api"),
        (panel.api("wrong", "GET", "/sites", None), "api"),
        (panel.send("FOO", "/api/v1/sites", &[], ""), "api"),
        (panel.send("GET", "/", &[("Host", "evil.test")], ""), "api"),
        (panel.send("GET", "/health/live", &[], ""), "api"),
        (panel.send("GET", "/health/metrics", &[], ""), "api"),
    ];
    for (answer, sort) in answers {
        let is = |name: &str, value: &str| assert_eq!(answer.header(name), Some(value), "{name}: {answer:?}");
        is("x-content-type-options", "nosniff");
        is("referrer-policy", "same-origin");
        is("cross-origin-opener-policy", "same-origin");
        is("cross-origin-resource-policy", "same-origin");
        assert!(answer.header("permissions-policy").unwrap().contains("camera=()"));
        assert!(answer.header("x-request-id").unwrap().starts_with('r'));
        assert_eq!(answer.header("strict-transport-security"), None, "not without a trusted certificate");
        assert_eq!(answer.header("server"), None);
        assert_eq!(answer.header("access-control-allow-origin"), None);
        if sort == "api" {
            is("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
            is("cache-control", "no-store");
        } else {
            is(
                "content-security-policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
                 connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
                 require-trusted-types-for 'script'; trusted-types svelte-trusted-html",
            );
            is("cache-control", "no-cache");
        }
    }
}

#[test]
fn a_request_id_from_outside_is_not_taken() {
    let panel = Panel::new();
    let answer = panel.send("GET", "/health/live", &[("X-Request-Id", "forged\u{1b}[31m")], "");
    assert!(!answer.head.contains("forged"));
}

#[test]
fn a_page_is_sent_once() {
    let panel = Panel::new();
    let first = panel.send("GET", "/", &[], "");
    assert_eq!((first.status, first.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let again = panel.send("GET", "/", &[("If-None-Match", first.header("etag").unwrap())], "");
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[test]
fn probes_tell_details_to_this_machine_and_to_those_who_may_see_them() {
    let panel = Panel::new();
    assert_eq!(panel.send("GET", "/health/live", &[], "").json(), json!({ "status": "live" }));
    let ready = panel.send("GET", "/health/ready", &[], "");
    assert_eq!(ready.status, 200, "{ready:?}");
    let report = ready.json();
    let names: Vec<_> = report["checks"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["store", "host", "disk", "start", "jobs", "nginx"]);
    assert!(report["checks"][0]["latency_ms"].as_f64().unwrap() > 0.0);

    let far = ("X-Forwarded-For", "192.0.2.1");
    let from_afar = |path: &str, more: &[(&str, &str)]| panel.send("GET", path, &[&[far], more].concat(), "");
    let brief = from_afar("/health/ready", &[]);
    assert_eq!((brief.status, brief.json()["checks"].clone()), (200, json!(null)), "a proxy is no local caller");
    assert_eq!(from_afar("/health/metrics", &[]).status, 401);
    let bearer = format!("Bearer {}", panel.token("viewer"));
    assert_eq!(from_afar("/health/metrics", &[("Authorization", &bearer)]).status, 200);
    assert!(from_afar("/health/ready", &[("Authorization", &bearer)]).json()["checks"].is_array());
    assert_eq!(panel.send("GET", "/health/other", &[], "").status, 404);
}

#[test]
fn a_panel_that_cannot_work_is_not_ready_and_says_why() {
    let panel = Panel::new();
    let ready = || panel.send("GET", "/health/ready", &[], "");
    let state = |answer: &Answer, name: &str| {
        let checks = answer.json()["checks"].as_array().unwrap().clone();
        checks.iter().find(|check| check["name"] == name).unwrap().clone()
    };
    panel.core.gate.set_starting(true);
    let starting = ready();
    assert_eq!((starting.status, &state(&starting, "start")["state"]), (503, &json!("starting")));
    panel.core.gate.set_starting(false);
    panel.host.gone.store(true, std::sync::atomic::Ordering::SeqCst);
    let gone = ready();
    let host = state(&gone, "host");
    assert_eq!((gone.status, &host["state"], &host["code"]), (503, &json!("failed"), &json!("host_unreachable")));
    assert_eq!(panel.send("GET", "/health/live", &[], "").status, 200, "it lives all the same");
    panel.host.gone.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(ready().status, 200, "what went well again shows at once");
}

fn metrics(panel: &Panel) -> Answer {
    panel.send("GET", "/health/metrics", &[], "")
}

#[test]
fn figures_count_what_happened() {
    let panel = Panel::new();
    panel.console("site.create", json!({ "domain": "a.test", "kind": "static" }));
    panel.api("wrong", "GET", "/sites", None);
    panel.send("GET", "/", &[], "");
    let mut text = metrics(&panel).body;
    // A connection is counted until its task has ended, a moment after its client went.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !text.contains("manara_http_connections 1\n") && Instant::now() < deadline {
        text = metrics(&panel).body;
    }
    for line in [
        "manara_http_requests_total{route=\"site.list\",status=\"401\"} 1",
        "manara_http_requests_total{route=\"assets\",status=\"200\"} 1",
        "manara_http_request_duration_seconds_count{route=\"assets\"} 1",
        "manara_sites{state=\"active\"} 1",
        "manara_jobs{state=\"done\"} 1",
        "manara_http_connections 1",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
    }
}

#[test]
fn prometheus_accepts_the_figures() {
    let panel = Panel::new();
    let measured = panel.core.clone();
    let sampler = std::thread::spawn(move || monitoring::run(&measured));
    let deadline = Instant::now() + Duration::from_secs(60);
    while panel.core.gauges.last().is_none() {
        assert!(Instant::now() < deadline, "nothing was measured");
        std::thread::sleep(Duration::from_millis(50));
    }
    let text = metrics(&panel).body;
    assert!(text.contains("\nnode_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} "), "{text}");
    assert!(
        text.contains("\nnode_memory_MemAvailable_bytes ") && text.contains("\nprocess_cpu_seconds_total "),
        "{text}"
    );
    let seen: Value =
        serde_json::from_str(&panel.api(&panel.token("viewer"), "GET", "/metrics/history?group=load", None).body)
            .unwrap();
    assert_eq!((seen["step_s"].as_i64(), seen["lines"][0]["family"].as_str()), (Some(1), Some("load1")), "{seen}");
    assert!(seen["lines"][0]["mean"].as_array().unwrap().iter().any(|v| v.is_number()), "{seen}");
    panel.core.gauges.end();
    sampler.join().unwrap();
    let started = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut checker) = started else {
        return cannot("promtool", "promtool is not installed: apt-get install prometheus");
    };
    checker.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = checker.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    // It warns of the names that the node exporter gives to memory, and ends with 3 for warnings.
    let other: Vec<_> = said.lines().filter(|line| !is_memory_name(line)).collect();
    assert!(matches!(output.status.code(), Some(0 | 3)) && other.is_empty(), "{said}");
}

fn is_memory_name(line: &str) -> bool {
    line.starts_with("node_memory_")
        && line.ends_with(" metric names should be written in 'snake_case' not 'camelCase'")
}
