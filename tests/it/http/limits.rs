//! Clients that are slow, greedy or silent.

use crate::support::panel::{Answer, Panel, is_ended};
use manara::base::limits::{
    BODY_BYTES_MAX, CONNECTIONS_PER_ADDRESS_MAX, HEADERS_MAX, JSON_DEPTH_MAX, JSON_VALUES_MAX, OPEN_BODY_BYTES_MAX,
};
use manara::http::Patience;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(800);

fn impatient() -> Panel {
    Panel::with(
        None,
        Patience { head: SHORT, body: SHORT, idle: SHORT, write: SHORT, heartbeat: SHORT, ..Patience::default() },
    )
}

#[test]
fn a_silent_socket_is_closed() {
    let panel = impatient();
    for head in ["", "G", "GET / HTTP/1.1\r\nHost: loc", "PRI * HTTP/2.0\r\n"] {
        let mut stream = panel.connect();
        stream.write_all(head.as_bytes()).unwrap();
        assert!(is_ended(&mut stream), "{head:?} was kept");
    }
}

#[test]
fn an_idle_connection_is_closed_and_a_used_one_is_kept() {
    let panel = impatient();
    let began = Instant::now();
    let mut stream = loop {
        let mut stream = panel.connect();
        if (0..12).all(|_| is_used(&mut stream)) {
            break stream;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "the machine lets no connection be used often enough");
    };
    assert!(is_ended(&mut stream));
}

/// Uses a connection after a pause. `false` where it was closed and the pause had become too long, as on a busy machine;
/// to close it before is a failure.
fn is_used(stream: &mut TcpStream) -> bool {
    let began = Instant::now();
    std::thread::sleep(SHORT / 4);
    let used = try_get(stream, "/health/live");
    assert!(used.is_ok() || began.elapsed() >= SHORT, "closed after {:?}: {used:?}", began.elapsed());
    used.is_ok()
}

#[test]
fn a_slow_body_is_not_waited_for() {
    let panel = Panel::with(None, Patience { body: SHORT, ..Patience::default() });
    let mut stream = panel.connect();
    let head = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    let answer = Answer::read(&mut stream);
    assert_eq!((answer.status, answer.code().as_str()), (408, "body_slow"));
    assert_eq!(answer.header("connection"), Some("close"));
}

#[test]
fn bodies_have_limits() {
    let panel = Panel::new();
    let token = panel.token("admin");
    let bearer = format!("Bearer {token}");
    let post = |path: &str, kind: &str, body: &str| {
        let signed = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
        let headers = if path == "/api/v1/session" { &signed[1..] } else { &signed[..] };
        let answer = panel.send("POST", path, headers, body);
        (answer.status, answer.code())
    };
    let json = "application/json";
    let huge = format!("{{\"domain\":\"{}\"}}", "a".repeat(BODY_BYTES_MAX));
    assert_eq!(post("/api/v1/sites", json, &huge), (413, "body_too_large".into()));
    let large = format!("{{\"user\":\"{}\"}}", "a".repeat(OPEN_BODY_BYTES_MAX));
    assert_eq!(post("/api/v1/session", json, &large), (413, "body_too_large".into()));
    let deep = format!("{}1{}", "[".repeat(JSON_DEPTH_MAX + 1), "]".repeat(JSON_DEPTH_MAX + 1));
    assert_eq!(post("/api/v1/sites", json, &deep), (400, "body_too_deep".into()));
    let wide = format!("[{}0]", "0,".repeat(JSON_VALUES_MAX));
    assert_eq!(post("/api/v1/sites", json, &wide), (400, "body_too_wide".into()));
    for odd in ["NaN", "-Infinity", "1e999", "{\"timeout_s\":NaN}", "{\"timeout_s\":0x10}", "{\"timeout_s\":01}"] {
        assert_eq!(post("/api/v1/sites", json, odd), (400, "not_json".into()), "{odd}");
    }
    for number in ["-1", "0", "86401", "1e300", "-1e300", "1.5", "18446744073709551616", "-0.0", "\"60\""] {
        let body = format!("{{\"domain\":\"a.test\",\"kind\":\"static\",\"timeout_s\":{number}}}");
        assert_eq!(post("/api/v1/sites", json, &body), (422, "bad_input".into()), "{number}");
    }
    assert_eq!(post("/api/v1/sites", json, "{\"domain\":"), (400, "not_json".into()));
    assert_eq!(post("/api/v1/sites", json, "[]"), (422, "bad_input".into()));
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"]
    {
        assert_eq!(post("/api/v1/sites", kind, "{}"), (415, "not_json_type".into()), "{kind}");
    }
}

/// The client sends all of it before it looks at the answer, as most do; a connection that is reset would lose it.
#[test]
fn whoever_sends_too_much_still_reads_why_not() {
    let panel = Panel::new();
    let bearer = format!("Authorization: Bearer {}\r\n", panel.token("admin"));
    let piece = "a".repeat(64 * 1024);
    for (signed, kind, status) in [
        (bearer.as_str(), "application/json", 413),
        (bearer.as_str(), "text/plain", 415),
        ("", "application/json", 401),
        ("X: y\r\n", "application/json", 401),
    ] {
        let mut stream = panel.connect();
        let head = format!(
            "POST /api/v1/sites HTTP/1.1\r\nHost: localhost\r\n{signed}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            piece.len() * 128
        );
        stream.write_all(head.as_bytes()).unwrap();
        for _ in 0..128 {
            stream.write_all(piece.as_bytes()).unwrap_or_else(|e| panic!("{status}: the connection was reset: {e}"));
        }
        assert_eq!(Answer::read(&mut stream).status, status);
    }
}

#[test]
fn a_chunked_body_has_the_same_limit() {
    let panel = Panel::new();
    let mut stream = panel.connect();
    let head = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(0x1000));
    for _ in 0..OPEN_BODY_BYTES_MAX / 0x1000 + 1 {
        let _ = stream.write_all(chunk.as_bytes());
    }
    assert_eq!(Answer::read(&mut stream).status, 413);
}

#[test]
fn heads_have_limits() {
    let panel = Panel::new();
    let many: String = (0..=HEADERS_MAX).map(|n| format!("X-{n}: y\r\n")).collect();
    assert_eq!(panel.raw(format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n").as_bytes()).status, 431);
    let long = "x".repeat(64 * 1024);
    assert_eq!(panel.raw(format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n").as_bytes()).status, 431);
    let path = format!("/{}", "x".repeat(9000));
    assert_eq!(panel.send("GET", &path, &[], "").status, 414);
    for junk in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9\r\n\r\n"] {
        let status = panel.raw(junk.as_bytes()).status;
        assert!(status == 400 || status == 0, "{junk:?}: {status}");
    }
}

#[test]
fn one_address_gets_only_so_many_connections() {
    // Silent ones keep their places for the whole test.
    let panel = Panel::with(None, Patience { head: Duration::from_secs(600), ..Patience::default() });
    let open: Vec<TcpStream> = (0..CONNECTIONS_PER_ADDRESS_MAX).map(|_| panel.connect()).collect();
    assert!(is_ended(&mut panel.connect()), "it is closed at once");
    drop(open);
    let began = Instant::now();
    while try_get(&mut panel.connect(), "/health/live").is_err() {
        assert!(began.elapsed() < Duration::from_secs(60), "places come back");
    }
}

/// Sends a request on a connection that stays open, and reads its answer.
fn try_get(stream: &mut TcpStream, path: &str) -> std::io::Result<()> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())?;
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    while !text.ends_with(b"}") {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        text.extend_from_slice(&piece[..read]);
    }
    Ok(())
}

/// Nagle's algorithm with delayed acknowledgements would make it 40 ms each.
#[test]
fn answers_come_at_once_on_a_connection_that_stays_open() {
    let panel = Panel::new();
    let mut stream = panel.connect();
    let mut timed = |_| {
        let began = Instant::now();
        try_get(&mut stream, "/health/live").unwrap();
        began.elapsed()
    };
    let began = Instant::now();
    loop {
        let mut times: Vec<Duration> = (0..50).map(&mut timed).collect();
        times.sort();
        // The fast ones: a busy machine may hold up some for a while, Nagle's algorithm would all, and for ever.
        if times[10] < Duration::from_millis(20) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{times:?}");
    }
}

#[test]
fn stopping_lets_a_request_finish_and_takes_no_more() {
    let mut panel = Panel::new();
    let mut stream = panel.connect();
    let body = "{\"user\":\"nobody\",\"password\":\"not the password\"}";
    let head = format!(
        "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut begun = [0; 25];
    stream.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100 Continue\r\n\r\n", "the request is under way");
    let address = panel.address;
    let stopping = std::thread::spawn(move || panel.stop());
    let began = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(began.elapsed() < Duration::from_secs(60), "the port is closed");
    }
    stream.write_all(body.as_bytes()).unwrap();
    assert_eq!(Answer::read(&mut stream).status, 401);
    stopping.join().unwrap();
}
