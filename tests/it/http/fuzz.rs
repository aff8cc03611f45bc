//! Random and mutated requests: whatever comes, it is never our fault, and the panel goes on.

use crate::fuzz::drive;
use crate::support::panel::{Answer, Panel};
use crate::support::rng::Rng;
use manara::ops;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::net::Shutdown;
use std::time::Duration;

/// Pieces that requests are made of, and some that hurt careless readers.
const SPICE: &[&str] = &[
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\0",
    "%00",
    "%2e%2e/",
    "%",
    "..",
    "//",
    "?",
    "&",
    "=",
    "+",
    "\"",
    "\\",
    "{",
    "[",
    "[[[[",
    "null",
    "true",
    "-1",
    "1e999",
    "9223372036854775808",
    "NaN",
    "Host: evil\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: 5\r\n",
    "Expect: 100-continue\r\n",
    "If-Match: \"1\"\r\n",
    "X-Forwarded-For: 1.2.3.4\r\n",
    "Cookie: manara=x\r\n",
    "Upgrade: h2c\r\n",
    "dry_run=true",
    "HTTP/1.0",
    "HTTP/2",
    "OPTIONS",
    "HEAD",
    "\u{202e}",
    "مثال",
    "a.test",
    "\u{1f600}",
];

/// Any JSON, mostly small.
fn any(rng: &mut Rng, depth: usize) -> Value {
    match rng.below(if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => Value::Bool(rng.once_in(2)),
        2 => json!(i64::from_le_bytes(rng.next().to_le_bytes())),
        3 => json!(-0.5e300),
        4 | 5 => Value::from(rng.pick(SPICE)),
        6 => (0..rng.below(4)).map(|_| any(rng, depth - 1)).collect(),
        _ => Value::Object((0..rng.below(4)).map(|_| (rng.pick(SPICE).to_owned(), any(rng, depth - 1))).collect()),
    }
}

/// A request for an operation, with any values in the fields it has.
fn request(rng: &mut Rng, token: &str) -> Vec<u8> {
    let op = loop {
        let op = &ops::ALL[rng.below(ops::ALL.len())];
        // Streams do not end by themselves, and the machine in memory installs nothing.
        if !["event.stream", "component.install"].contains(&op.meta.id) {
            break op;
        }
    };
    let path = op.meta.path_fields().fold(op.meta.path.to_owned(), |path, field| {
        path.replace(&format!("{{{field}}}"), rng.pick(&["a.test", "x", "%d9%85", "%ff", "a%2fb", "nginx", "-"]))
    });
    let schema = ops::schema::input(op);
    let names = schema.get("properties").and_then(Value::as_object).map(|p| p.keys().cloned().collect::<Vec<_>>());
    let fields: Map<String, Value> = names.unwrap_or_default().into_iter().map(|n| (n, any(rng, 2))).collect();
    let body = Value::Object(fields).to_string();
    let head = format!(
        "{} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        op.meta.method.name(),
        body.len()
    );
    (head + &body).into_bytes()
}

#[test]
fn no_request_is_our_fault() {
    let panel = Panel::new();
    let token = panel.token("admin");
    panel.console("site.create", json!({ "domain": "a.test", "kind": "static" }));
    drive("http requests", |rng| {
        let whole = request(rng, &token);
        let bytes = if rng.once_in(2) { rng.mutate(&whole, SPICE) } else { whole };
        let mut stream = panel.connect();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        // The panel may end the connection before it has everything.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let answer = Answer::read(&mut stream);
        assert!(answer.status < 500, "{:?}\n{}", answer, String::from_utf8_lossy(&bytes));
    });
    assert_eq!(panel.api(&token, "GET", "/sites", None).status, 200);
}
