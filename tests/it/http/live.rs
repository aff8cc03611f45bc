//! Event streams.

use crate::support::panel::Panel;
use manara::engine::events::Topic;
use manara::http::Patience;
use manara::platform::logs::LogStart;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

fn quick() -> Panel {
    Panel::with(None, Patience { heartbeat: Duration::from_millis(200), ..Patience::default() })
}

fn open(panel: &Panel, header: &str) -> TcpStream {
    open_topics(panel, header, "jobs,sites")
}

fn open_topics(panel: &Panel, header: &str, topics: &str) -> TcpStream {
    let mut stream = panel.connect();
    let request = format!("GET /api/v1/events?topics={topics} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Reads until `wanted` came, or the stream ended.
fn until(stream: &mut TcpStream, wanted: &str) -> String {
    until_all(stream, &[wanted])
}

/// Reads until all of `wanted` came, or the stream ended. One that goes on without them is left after a minute.
fn until_all(stream: &mut TcpStream, wanted: &[&str]) -> String {
    let deadline = Instant::now() + Duration::from_secs(60);
    let (mut text, mut piece) = (String::new(), [0; 4096]);
    while !wanted.iter().all(|wanted| text.contains(wanted)) && Instant::now() < deadline {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(read) => text.push_str(&String::from_utf8_lossy(&piece[..read])),
        }
    }
    text
}

#[test]
fn a_stream_brings_events_and_stays_alive() {
    let panel = quick();
    let mut stream = open(&panel, &format!("Authorization: Bearer {}", panel.token("viewer")));
    let head = until(&mut stream, "retry:");
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
    panel.core.bus.tell(Topic::Metrics, "metrics", json!({ "not": "asked for" }));
    panel.console("site.create", json!({ "domain": "a.test", "kind": "static" }));
    let text = until(&mut stream, "event: site\n");
    assert!(text.contains("event: job\n") && text.contains("id: "), "{text}");
    assert!(!text.contains("metrics"), "{text}");
    assert!(until(&mut stream, "\r\n:\n\n").contains("\r\n:\n\n"), "a heartbeat");
}

#[test]
fn a_stream_ends_with_its_session() {
    let panel = quick();
    panel.browser("first", "admin");
    let browser = panel.browser("omar", "operator");
    let mut stream = open(&panel, &format!("Cookie: manara={}", browser.secret));
    assert!(until(&mut stream, "retry:").contains("200 OK"));
    panel.console("user.update", json!({ "name": "omar", "disabled": true }));
    assert!(until(&mut stream, "0\r\n\r\n").ends_with("0\r\n\r\n"), "the stream ends");
    assert_eq!(panel.core.bus.streams(), 0);
}

#[test]
fn a_stream_ends_when_its_reader_goes_and_when_the_panel_stops() {
    let mut panel = quick();
    let header = format!("Authorization: Bearer {}", panel.token("viewer"));
    let mut gone = open(&panel, &header);
    until(&mut gone, "retry:");
    drop(gone);
    let began = Instant::now();
    while panel.core.bus.streams() > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "the listener is forgotten");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut stream = open(&panel, &header);
    until(&mut stream, "retry:");
    panel.stop();
    // What held the end up would be cut in the end, without a last chunk.
    let rest = until(&mut stream, "never");
    assert!(rest.ends_with("0\r\n\r\n"), "a stream does not hold the end up: {rest}");
}

#[test]
fn streams_are_limited() {
    let panel = Panel::new();
    let header = format!("Authorization: Bearer {}", panel.token("viewer"));
    let open: Vec<TcpStream> = (0..manara::base::limits::STREAMS_MAX)
        .map(|_| {
            let mut stream = open(&panel, &header);
            until(&mut stream, "retry:");
            stream
        })
        .collect();
    let refused = panel.api(header.trim_start_matches("Authorization: Bearer "), "GET", "/events", None);
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("30")));
    drop(open);
}

/// What listeners hear of a machine without processes.
const NOTHING: &str = r#"data: {"items":[],"total":0}"#;

#[test]
fn one_look_at_the_machine_is_for_everybody_who_listens_or_asks() {
    let panel = quick();
    let token = panel.token("viewer");
    let header = format!("Authorization: Bearer {token}");
    let looks = || panel.host.looks.each_ref().map(|looks| looks.load(Ordering::SeqCst));
    let began = Instant::now();
    let mut tabs = [(); 3].map(|()| open_topics(&panel, &header, "processes,services"));
    for tab in &mut tabs {
        // Whoever comes between the two looks hears of services first.
        let both = ["event: services\n", "event: processes\n"];
        let told = until_all(tab, &both);
        assert!(both.iter().all(|event| told.contains(event)), "{told}");
    }
    for _ in 0..5 {
        assert_eq!(panel.api(&token, "GET", "/processes?q=nginx", None).status, 200);
        assert_eq!(panel.api(&token, "GET", "/services", None).status, 200);
    }
    // Whoever comes later hears of the next look, five seconds after the one before.
    let mut late = open_topics(&panel, &header, "processes");
    let told = until_all(&mut late, &["event: processes\n", NOTHING]);
    assert!(told.contains(NOTHING) && !told.contains("services"), "{told}");
    let [processes, services] = looks();
    let most = 1 + u32::try_from(began.elapsed().as_secs() / 5).unwrap();
    assert!((2..=most).contains(&processes), "{processes} of {most}");
    assert!((1..=most).contains(&services), "{services} of {most}");

    drop((tabs, late));
    let began = Instant::now();
    while *panel.core.looks.running.lock().unwrap() {
        assert!(began.elapsed() < Duration::from_secs(60), "nobody looks for nobody");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_token_that_may_not_see_the_machine_has_nobody_look_at_it() {
    let panel = quick();
    let narrow = json!({ "name": "narrow", "role": "viewer", "scopes": ["sites-read"] });
    let token = panel.console("token.create", narrow)["token"].as_str().unwrap().to_owned();
    let mut stream = open_topics(&panel, &format!("Authorization: Bearer {token}"), "sites,processes,services");
    assert!(until(&mut stream, "retry:").contains("200 OK"));
    assert!(!*panel.core.looks.running.lock().unwrap());
    panel.core.bus.tell(Topic::Processes, "processes", json!({ "not": "for them" }));
    panel.console("site.create", json!({ "domain": "a.test", "kind": "static" }));
    let text = until(&mut stream, "event: site\n");
    assert!(text.contains("event: site\n") && !text.contains("not"), "{text}");
}

#[test]
fn following_a_log_does_not_search_it_for_what_is_wanted() {
    let panel = quick();
    let mut stream = panel.connect();
    let token = panel.token("admin");
    let path =
        "/api/v1/logs/nginx-access/follow?q=rare&level=error&from=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z";
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let head = until(&mut stream, "retry:");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let first = panel.host.log_reads.lock().unwrap()[0].clone();
    assert_eq!((first.limit, first.start), (1, LogStart::Newest));
    assert_eq!((first.site, first.text, first.level, first.from, first.until), (None, None, None, None, None));
}
