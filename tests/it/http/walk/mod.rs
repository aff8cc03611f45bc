//! Every operation of the registry through a running panel: refused to whom it is not for, refused for bad input, tried
//! without effect, and done, with everything counted that it leaves behind. What each operation should do is written in
//! [`scenarios`], by hand; an operation without a row fails by name.

mod scenarios;

use crate::support::panel::{Answer, Browser, Panel};
use manara::base::access::{Permission, Role};
use manara::ops::{self, Need, Op, Shape};
use manara::store::Tx;
use scenarios::{Least, SCENARIOS, Scenario};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Who calls.
pub(super) enum Caller {
    Nobody,
    Console,
    Token(String),
    Browser(Browser),
}

impl Caller {
    /// The weakest caller who may.
    fn least(panel: &Panel, least: Least) -> Caller {
        let role = match least {
            Least::Anybody => return Caller::Nobody,
            Least::Console => return Caller::Console,
            Least::Role(role) => role,
        };
        Caller::Browser(panel.browser("caller", role.name()))
    }

    fn headers(&self, panel: &Panel) -> Vec<(&'static str, String)> {
        match self {
            Caller::Nobody | Caller::Console => vec![],
            Caller::Token(token) => vec![("Authorization", format!("Bearer {token}"))],
            Caller::Browser(browser) => vec![
                ("Cookie", format!("manara={}", browser.secret)),
                ("Origin", panel.origin()),
                ("X-Manara-CSRF", browser.csrf.clone()),
            ],
        }
    }
}

/// A request for `op` with `input`: its path fields in the path, the rest in query or body.
fn request(op: &Op, input: &Value) -> (String, String) {
    let mut rest: Map<String, Value> = input.as_object().unwrap().clone();
    let mut path = format!("/api/v1{}", op.meta.path);
    for field in op.meta.path_fields() {
        let value = rest.remove(field).unwrap_or_else(|| panic!("{}: no {field}", op.meta.id));
        path = path.replace(&format!("{{{field}}}"), &encoded(value.as_str().unwrap()));
    }
    if op.meta.method != ops::Method::Get {
        return (path, if rest.is_empty() { String::new() } else { Value::Object(rest).to_string() });
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let query: Vec<String> = rest.iter().map(|(name, value)| format!("{name}={}", encoded(&text(value)))).collect();
    (if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }, String::new())
}

fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Sends a request as `caller`; of a stream only the head is read.
fn send(panel: &Panel, caller: &Caller, method: &str, path: &str, body: &str) -> Answer {
    let mut lines: String = caller.headers(panel).iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    if !body.is_empty() {
        lines.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
    }
    let text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{lines}Connection: close\r\n\r\n{body}");
    let text = text.replace("Host: localhost", &format!("Host: {}", panel.address));
    if let Caller::Console = caller {
        let mut stream = UnixStream::connect(&panel.core.config.api_socket).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        return Answer::read(&mut stream);
    }
    let mut stream = panel.connect();
    stream.write_all(text.as_bytes()).unwrap();
    let streams = path.starts_with("/api/v1/events") || path.contains("/follow");
    if streams { head_of(&mut stream) } else { Answer::read(&mut stream) }
}

/// The answer up to the end of its head; to the end of what comes at once, where it is a problem.
fn head_of(stream: &mut impl Read) -> Answer {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    while !bytes.windows(4).any(|w| w == b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&piece[..read]),
            _ => break,
        }
    }
    if bytes.starts_with(b"HTTP/1.1 200") {
        Answer::read(&mut bytes.as_slice())
    } else {
        Answer::read(&mut bytes.chain(stream))
    }
}

/// All that an operation can leave behind.
#[derive(Debug, Clone, PartialEq)]
struct State {
    /// Every row of every table but the audit trail.
    rows: BTreeMap<String, Vec<String>>,
    /// Operation, result and code of every audit entry.
    audit: Vec<String>,
    hooks: Vec<String>,
    effects: Vec<String>,
}

/// Notes of when something was last used: they are written on any call, once in a minute.
const TOUCHED: [&str; 3] = ["last_used_at", "last_used_address", "last_seen_at"];

impl State {
    fn of(panel: &Panel) -> State {
        State {
            rows: panel.core.store.read(rows).unwrap(),
            audit: panel.core.store.read(entries).unwrap(),
            hooks: panel.hooks.lock().unwrap().clone(),
            effects: panel.host.effects.lock().unwrap().clone(),
        }
    }

    /// Once no job is at work any more.
    fn settled(panel: &Panel) -> State {
        let busy = |tx: &Tx| tx.count("SELECT COUNT(*) FROM jobs WHERE state IN ('queued', 'running')", &[]);
        let deadline = Instant::now() + Duration::from_secs(60);
        while panel.core.store.read(busy).unwrap() > 0 {
            assert!(Instant::now() < deadline, "a job does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        State::of(panel)
    }

    /// The same without the plans that dry runs keep for an hour.
    fn without_plans(mut self) -> State {
        self.rows.remove("plans");
        self
    }
}

fn rows(tx: &Tx) -> manara::base::Result<BTreeMap<String, Vec<String>>> {
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('audit', 'lease')";
    let mut all = BTreeMap::new();
    for table in tx.query(tables, &[])? {
        let table: String = table.get(0)?;
        let columns = tx.query(&format!("SELECT name FROM pragma_table_info('{table}')"), &[])?;
        let columns: Vec<String> = columns.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
        let columns: Vec<String> = columns.into_iter().filter(|c| !TOUCHED.contains(&c.as_str())).collect();
        let rows = tx.query(&format!("SELECT {} FROM {table}", columns.join(", ")), &[])?;
        all.insert(table, rows.iter().map(|row| format!("{row:?}")).collect());
    }
    Ok(all)
}

fn entries(tx: &Tx) -> manara::base::Result<Vec<String>> {
    let rows = tx.query("SELECT operation, result, COALESCE(code, '') AS code FROM audit ORDER BY seq", &[])?;
    rows.iter()
        .map(|row| {
            let (operation, result, code): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(format!("{operation} {result} {code}").trim_end().to_owned())
        })
        .collect()
}

/// What came after `before`.
fn since(before: &[String], after: &[String]) -> Vec<String> {
    assert_eq!(before, &after[..before.len()], "nothing that was there is taken away");
    after[before.len()..].to_vec()
}

fn op_of(row: &Scenario) -> &'static Op {
    ops::find(row.id).unwrap_or_else(|| panic!("there is no operation {} any more", row.id))
}

#[test]
fn every_operation_has_a_scenario() {
    let known: BTreeSet<&str> = SCENARIOS.iter().map(|row| row.id).collect();
    let missing: Vec<&str> = ops::ALL.iter().map(|op| op.meta.id).filter(|id| !known.contains(id)).collect();
    assert!(missing.is_empty(), "write what these should do into tests/it/http/walk/scenarios.rs: {missing:?}");
    assert_eq!(known.len(), SCENARIOS.len(), "an operation has one row");
    SCENARIOS.iter().map(op_of).for_each(|op| assert!(known.contains(op.meta.id)));
}

#[test]
fn the_weakest_who_may_call_does_and_leaves_what_is_expected() {
    let wrong: Vec<String> = SCENARIOS.iter().flat_map(done).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Carries `row` out; what is other than expected.
fn done(row: &Scenario) -> Vec<String> {
    let (panel, op) = (Panel::new(), op_of(row));
    let caller = Caller::least(&panel, row.least);
    let (path, body) = request(op, &(row.given)(&panel));
    let before = State::settled_or_endless(&panel);
    let answer = send(&panel, &caller, op.meta.method.name(), &path, &body);
    let after = State::settled(&panel);
    let changed = |(table, rows): &(&String, &Vec<String>)| before.rows.get(*table) != Some(*rows);
    let tables: Vec<&str> = after.rows.iter().filter(changed).map(|(table, _)| table.as_str()).collect();
    let found = [
        ("audit", json!(since(&before.audit, &after.audit)), json!(row.entries())),
        ("hooks", json!(since(&before.hooks, &after.hooks)), json!(row.called())),
        ("effects", json!(since(&before.effects, &after.effects)), json!(row.effects)),
        ("tables", json!(tables), json!(row.tables)),
        ("status", json!(answer.status), json!(row.status)),
    ];
    let wrong = found.into_iter().filter(|(_, found, expected)| found != expected);
    wrong.map(|(what, found, expected)| format!("{}: {what} {found}, expected {expected}", row.id)).collect()
}

/// Calls as somebody who may not, and checks that nothing came of it but an entry in the trail, where the caller is known
/// and wanted to change something.
fn refused(panel: &Panel, row: &Scenario, who: &str, caller: &Caller, input: &Value, status: u16) {
    let op = op_of(row);
    let (path, body) = request(op, input);
    let before = State::of(panel);
    let answer = send(panel, caller, op.meta.method.name(), &path, &body);
    assert_eq!(answer.status, status, "{} as {who}: {answer:?}", row.id);
    let after = State::of(panel);
    let entries = since(&before.audit, &after.audit);
    let expected = usize::from(op.changes() && status == 403);
    assert_eq!(entries.len(), expected, "{} as {who}: {entries:?}", row.id);
    assert!(entries.iter().all(|e| e.starts_with(&format!("{} refused", row.id))), "{who}: {entries:?}");
    assert_eq!(State { audit: before.audit.clone(), ..after }, before, "{} as {who}", row.id);
}

#[test]
fn whoever_may_not_is_refused_and_nothing_comes_of_it() {
    for row in SCENARIOS {
        let (panel, op) = (Panel::new(), op_of(row));
        let input = (row.given)(&panel);
        if row.least != Least::Anybody {
            refused(&panel, row, "nobody", &Caller::Nobody, &input, 401);
        }
        for role in Role::ALL.into_iter().filter(|role| !row.least.includes(*role)) {
            let token = Caller::Token(panel.token(role.name()));
            refused(&panel, row, &format!("a token of {role:?}"), &token, &input, 403);
            let browser = Caller::Browser(panel.browser(role.name(), role.name()));
            // A claim link exists as long as nobody has claimed the panel.
            if row.least != Least::Console {
                refused(&panel, row, &format!("{role:?}"), &browser, &input, 403);
            }
        }
        let Need::Has(needed) = op.meta.need else { continue };
        for role in Role::ALL {
            assert_eq!(role.allows(needed), row.least.includes(role), "{}: {role:?}", row.id);
        }
        let others: Vec<&str> = Permission::ALL.into_iter().filter(|p| *p != needed).map(Permission::name).collect();
        let made = panel.console("token.create", json!({ "name": "narrow", "role": "admin", "scopes": others }));
        let narrow = Caller::Token(made["token"].as_str().unwrap().to_owned());
        refused(&panel, row, "a narrow token", &narrow, &input, 403);
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    for row in SCENARIOS {
        let (panel, op) = (Panel::new(), op_of(row));
        if !op.changes() {
            continue;
        }
        let caller = Caller::least(&panel, row.least);
        let (path, body) = request(op, &(row.given)(&panel));
        let before = State::settled_or_endless(&panel);
        let answer = send(&panel, &caller, op.meta.method.name(), &format!("{path}?dry_run=true"), &body);
        if op.can_dry_run() {
            assert_eq!(answer.status, 200, "{}: {answer:?}", row.id);
            assert!(!answer.json()["changes"].is_null(), "{}: {answer:?}", row.id);
        } else {
            assert_eq!((answer.status, answer.code().as_str()), (422, "no_dry_run"), "{}", row.id);
        }
        assert_eq!(answer.header("set-cookie"), None, "{}", row.id);
        let after = State::of(&panel);
        let checks: Vec<String> =
            if matches!(op.shape, Shape::Change(_)) { vec![format!("Validate {}", row.id)] } else { vec![] };
        assert_eq!(since(&before.hooks, &after.hooks), checks, "{}: a dry run asks who may object", row.id);
        let after = State { hooks: before.hooks.clone(), ..after };
        assert_eq!(after.without_plans(), before.without_plans(), "{}", row.id);
    }
}

/// Inputs with one mistake each, and the field that must be named.
fn mistakes(op: &Op, good: &Value) -> Vec<(Value, String)> {
    let mut all = vec![];
    let mut with = |name: &str, wrong: Value| {
        let mut input = good.clone();
        input[name] = wrong;
        all.push((input, name.to_owned()));
    };
    with("surprise", json!("x"));
    let reads = op.meta.method == ops::Method::Get;
    let in_path: Vec<&str> = op.meta.path_fields().collect();
    let schema = ops::schema::input(op);
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let kind = ops::schema::field_type(field);
        match (in_path.contains(&name.as_str()), reads) {
            (true, _) => with(name, json!("a b\u{1}\u{202e}")),
            (_, false) => with(name, json!({ "no such": ["thing"] })),
            // In a query everything is text: what has no other type cannot have the wrong one.
            (_, true) if ["integer", "boolean"].contains(&kind) => with(name, json!("many")),
            _ => {}
        }
    }
    all
}

#[test]
fn bad_input_is_refused_by_field_and_nothing_comes_of_it() {
    for row in SCENARIOS {
        let (panel, op) = (Panel::new(), op_of(row));
        let caller = Caller::least(&panel, row.least);
        let good = (row.given)(&panel);
        for (input, field) in mistakes(op, &good) {
            let before = State::settled_or_endless(&panel);
            let (path, body) = request(op, &input);
            let answer = send(&panel, &caller, op.meta.method.name(), &path, &body);
            assert_eq!(answer.status, 422, "{} {field}: {answer:?}", row.id);
            let errors = answer.json()["errors"].as_array().unwrap().clone();
            assert!(errors.iter().any(|e| e["field"].as_str().unwrap().starts_with(&field)), "{}: {answer:?}", row.id);
            assert_eq!(State::of(&panel), before, "{} {field}", row.id);
        }
    }
}

#[test]
fn every_route_takes_its_methods_and_no_other() {
    let panel = Panel::new();
    let admin = Caller::Token(panel.token("admin"));
    let paths: BTreeSet<&str> = ops::ALL.iter().map(|op| op.meta.path).collect();
    let before = State::of(&panel);
    for template in paths {
        let own: BTreeSet<&str> =
            ops::ALL.iter().filter(|op| op.meta.path == template).map(|op| op.meta.method.name()).collect();
        let path: String =
            template.split('/').map(|p| if p.starts_with('{') { "a.test" } else { p }).collect::<Vec<_>>().join("/");
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "post"] {
            let takes = own.contains(method) || (method == "HEAD" && own.contains("GET"));
            for caller in [&admin, &Caller::Nobody].into_iter().filter(|_| !takes) {
                let answer = send(&panel, caller, method, &format!("/api/v1{path}"), "");
                assert_eq!(answer.status, 405, "{method} {template}: {answer:?}");
                let allow: BTreeSet<&str> = answer.header("allow").unwrap_or_default().split(", ").collect();
                assert!(own.is_subset(&allow) && !allow.contains(method), "{template}: {allow:?}");
            }
        }
    }
    assert_eq!(State::of(&panel), before);
}
