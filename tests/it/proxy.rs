//! Reverse proxies through a real nginx: headers, WebSocket upgrade, a dead upstream.

use crate::support::rig::{Rig, free_port};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// An upstream that answers every connection with what it got, or, asked for an upgrade, echoes bytes.
fn upstream() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    port
}

fn answer(mut stream: TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    if text.to_lowercase().contains("upgrade: websocket") {
        let switch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        stream.write_all(switch.as_bytes()).unwrap();
        let mut buffer = [0; 64];
        while let Ok(n @ 1..) = stream.read(&mut buffer) {
            stream.write_all(&buffer[..n]).unwrap();
        }
    } else {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len());
        stream.write_all(answer.as_bytes()).unwrap();
    }
}

fn create(rig: &Rig, domain: &str, port: u16, more: serde_json::Value) {
    let mut input = json!({ "domain": domain, "kind": "proxy", "upstream": format!("http://127.0.0.1:{port}") });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rig.call("site.create", input).unwrap();
}

#[test]
fn the_upstream_sees_the_real_client_and_our_headers() {
    let rig = Rig::new();
    create(&rig, "p.test", upstream(), json!({ "headers": [{ "name": "X-Team", "value": "a \"b\"; #c {d}" }] }));
    let mut stream = TcpStream::connect(("127.0.0.1", rig.http_port)).unwrap();
    let request =
        "GET /path/a%20b?x=1&y=%2F HTTP/1.1\r\nHost: p.test\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.contains("GET /path/a%20b?x=1&y=%2F HTTP/1.1"), "{text}");
    assert!(text.contains("X-Forwarded-For: 127.0.0.1\r\n") && !text.contains("6.6.6.6"), "{text}");
    assert!(text.contains("Host: p.test\r\n") && text.contains("X-Forwarded-Proto: http\r\n"), "{text}");
    assert!(text.contains("X-Team: a \"b\"; #c {d}\r\n"), "{text}");
}

fn upgrade(rig: &Rig, domain: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", rig.http_port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: {domain}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

#[test]
fn websockets_pass_unless_switched_off() {
    let rig = Rig::new();
    let port = upstream();
    create(&rig, "on.test", port, json!({}));
    create(&rig, "off.test", port, json!({ "websocket": false }));
    let mut stream = upgrade(&rig, "on.test");
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    let mut rest = Vec::new();
    let mut byte = [0];
    while !rest.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        rest.push(byte[0]);
    }
    stream.write_all(b"frame").unwrap();
    let mut echo = [0; 5];
    stream.read_exact(&mut echo).unwrap();
    assert_eq!(&echo, b"frame");

    let mut stream = upgrade(&rig, "off.test");
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
}

#[test]
fn a_dead_upstream_is_a_502_and_can_be_changed() {
    let rig = Rig::new();
    create(&rig, "p.test", free_port(), json!({}));
    assert_eq!(rig.get("p.test", "/").unwrap().0, 502);
    let upstream = format!("http://127.0.0.1:{}", upstream());
    rig.call("site.update", json!({ "domain": "p.test", "upstream": upstream })).unwrap();
    assert_eq!(rig.get("p.test", "/").unwrap().0, 200);
    for bad in ["http://169.254.169.254", "http://[fe80::1]", "http://0.0.0.0:80", "http://example.com"] {
        let error = rig.call("site.update", json!({ "domain": "p.test", "upstream": bad })).unwrap_err();
        assert_eq!(error.code(), "bad_input", "{bad}");
    }
}

#[test]
fn the_panels_own_ports_are_no_upstream() {
    let rig = Rig::new();
    let app = upstream();
    create(&rig, "p.test", app, json!({}));
    let code = |operation: &str, upstream: String| {
        let input = json!({ "domain": "p.test", "upstream": upstream });
        let error = rig.call_with(operation, input, |r| r.dry_run = true).unwrap_err();
        assert_eq!(error.fields()[0].field, "upstream", "{error}");
        error.fields()[0].code.to_string()
    };
    let (http, https) = (rig.http_port, rig.https_port);
    for loops in [
        format!("http://127.0.0.1:{http}"),
        format!("http://localhost:{http}"),
        format!("https://[::1]:{https}"),
        format!("http://[::ffff:127.0.0.1]:{http}"),
        format!("http://127.86.65.78:{app}"),
    ] {
        assert_eq!(code("site.update", loops.clone()), "upstream_own_nginx", "{loops}");
    }
    let panel = rig.core().settings.now(&rig.core().store).unwrap().panel.listen.port();
    for own in [format!("http://127.0.0.1:{panel}"), format!("https://[::1]:{panel}")] {
        assert_eq!(code("site.update", own), "upstream_own_panel");
    }
    let elsewhere = json!({ "domain": "p.test", "upstream": format!("http://198.51.100.7:{panel}") });
    rig.call_with("site.update", elsewhere, |r| r.dry_run = true).unwrap();
    let create = json!({ "domain": "q.test", "kind": "proxy", "upstream": format!("http://127.0.0.1:{panel}") });
    assert_eq!(rig.call("site.create", create).unwrap_err().fields()[0].code, "upstream_own_panel");
    let file = format!(
        "manara = 1\n[[site]]\ndomain = \"p.test\"\nkind = \"proxy\"\nupstream = \"http://127.0.0.1:{panel}\"\n"
    );
    assert_eq!(
        rig.call("state.apply", json!({ "document": file })).unwrap_err().fields()[0].code,
        "upstream_own_panel"
    );

    // The panel moves to the application's port: the next rendering of the site says so.
    rig.call("setting.update", json!({ "panel.listen": format!("127.0.0.1:{app}") })).unwrap();
    for (operation, input) in [
        ("site.update", json!({ "domain": "p.test", "max_body_mb": 3 })),
        ("site.reapply", json!({ "domain": "p.test" })),
    ] {
        let error = rig.call(operation, input).unwrap_err();
        assert_eq!(error.fields()[0].code, "upstream_own_panel", "{operation}: {error}");
    }
    assert_eq!(rig.get("p.test", "/").unwrap().0, 200, "what is live is left alone");
    rig.call("site.disable", json!({ "domain": "p.test" })).unwrap();
    let enable = rig.call("site.enable", json!({ "domain": "p.test" })).unwrap_err();
    assert_eq!(enable.fields()[0].code, "upstream_own_panel");
}
