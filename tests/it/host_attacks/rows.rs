//! A row of hostile arguments for every operation.

use manara::platform::HostOp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Names that a careless program would make a path, an argument or a line of.
const HOSTILE: &[&str] = &[
    "",
    ".",
    "..",
    "../..",
    "/",
    "/etc",
    "/etc/shadow",
    "../outside",
    "a/../../outside",
    "a/b",
    "a\0b",
    "a\nb",
    "a\rb",
    "-rf",
    "--config=/etc/x",
    ".trash",
    "a.test/../..",
    "%2e%2e",
    "a\u{202e}b",
    "*",
    "~root",
    "$HOME",
    "`id`",
    "a;b",
    "\\..\\..",
    "CON",
    " a.test",
    "..\u{2215}etc",
    "xn--",
    "0",
    "s",
    "p",
];

/// The operations by name, as the type itself knows them.
pub(super) fn operations() -> BTreeSet<String> {
    let error = serde_json::from_str::<HostOp>("\"no such operation\"").unwrap_err().to_string();
    let (_, names) = error.split_once("expected one of").expect("serde lists what it expected");
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

const PLAN: &str = "p0123456789";
const SITE: &str = "s0123456789";

/// Changes for a plan.
pub(super) fn switch(plan: &str, changes: &[Value]) -> Value {
    json!({ "nginx_switch": { "plan": plan, "changes": changes } })
}

/// An `nginx.conf` as the panel writes it, in short.
pub(super) fn main() -> Value {
    let events = json!({ "name": "events", "block": [] });
    json!({ "file": "main", "content": [{ "name": "# Written by Manara." }, events] })
}

/// Hostile forms of every operation. What is without arguments can only be given some.
pub(super) fn all() -> Vec<(&'static str, Vec<Value>)> {
    let mut hold = plans("hold");
    // A plan that nobody began.
    hold.push(json!({ "hold": { "plan": PLAN } }));
    vec![
        ("nginx_prepare", with_arguments("nginx_prepare")),
        ("nginx_status", with_arguments("nginx_status")),
        ("nginx_neighbours", with_arguments("nginx_neighbours")),
        ("nginx_read", files(&|file| json!({ "nginx_read": { "file": file } }))),
        ("nginx_list", with_arguments("nginx_list")),
        ("nginx_test", changes(&|change| json!({ "nginx_test": { "changes": [change] } }))),
        ("nginx_switch", changes(&|change| json!({ "nginx_switch": { "plan": PLAN, "changes": [change] } }))),
        ("nginx_reload", reloads()),
        ("nginx_stop", with_arguments("nginx_stop")),
        ("logs_rotate", with_arguments("logs_rotate")),
        ("sites_check", trees(&|tree| json!({ "sites_check": { "trees": [tree] } }))),
        ("sites_create", trees(&|tree| json!({ "sites_create": { "plan": PLAN, "trees": [tree] } }))),
        ("site_trash", trash()),
        ("hold", hold),
        ("undo", plans("undo")),
        ("forget", plans("forget")),
        ("open_plans", with_arguments("open_plans")),
        ("install", names(&|text| json!({ "install": { "component": text } }))),
        ("audit_head", heads()),
        ("components", with_arguments("components")),
        ("log_read", log_reads()),
        ("processes", with_arguments("processes")),
        ("services", with_arguments("services")),
    ]
}

/// Logs that are none, and places that nobody gave out.
fn log_reads() -> Vec<Value> {
    let read = |source: Value, start: Value, site: Value| {
        let query = json!({ "source": source, "start": start, "site": site, "text": null, "level": null, "from": null,
                            "until": null, "limit": 10 });
        json!({ "log_read": { "query": query } })
    };
    let newest = || json!("newest");
    let mut bad = names(&|text| read(json!({ "unit": text }), newest(), Value::Null));
    bad.extend(names(&|text| read(json!({ "unit": format!("{text}.service/../x") }), newest(), Value::Null)));
    bad.extend(names(&|text| read(json!("access"), json!({ "before": text }), Value::Null)));
    bad.extend(names(&|text| read(json!("access"), newest(), json!(text))));
    let mut endless = read(json!("access"), newest(), Value::Null);
    endless["log_read"]["query"]["text"] = json!("x".repeat(801));
    bad.push(endless);
    let others =
        [json!("/var/log/syslog"), json!({ "path": "/etc/shadow" }), json!({ "unit": "systemd-logind.service" })];
    bad.extend(others.map(|source| read(source, newest(), Value::Null)));
    bad.push(read(json!("panel"), json!({ "before": "j--file=/etc/shadow" }), Value::Null));
    bad
}

fn names(make: &dyn Fn(&str) -> Value) -> Vec<Value> {
    HOSTILE.iter().map(|name| make(name)).collect()
}

/// A domain with a space before it is the domain.
fn domains(make: &dyn Fn(&str) -> Value) -> Vec<Value> {
    HOSTILE.iter().filter(|name| **name != " a.test").map(|name| make(name)).collect()
}

fn with_arguments(name: &str) -> Vec<Value> {
    vec![json!({ name: { "path": "/etc/shadow" } }), json!({ name: ["/etc/shadow"] })]
}

fn plans(name: &str) -> Vec<Value> {
    let mut bad = names(&|text| json!({ name: { "plan": text } }));
    bad.push(json!({ name: { "plan": PLAN, "force": true } }));
    bad
}

fn trees(make: &dyn Fn(Value) -> Value) -> Vec<Value> {
    let mut bad = names(&|text| make(json!({ "site": text, "domain": "a.test" })));
    bad.extend(domains(&|text| make(json!({ "site": SITE, "domain": text }))));
    bad.push(make(json!({ "site": SITE, "domain": "a.test", "mode": 511 })));
    bad
}

fn trash() -> Vec<Value> {
    let op = |plan: &str, site: &str, folder: &str| json!({ "site_trash": { "plan": plan, "site": site, "folder": folder } });
    let mut bad = domains(&|text| op(PLAN, SITE, text));
    bad.extend(names(&|text| op(PLAN, text, "a.test")));
    bad.extend(names(&|text| op(text, SITE, "a.test")));
    bad
}

fn files(make: &dyn Fn(Value) -> Value) -> Vec<Value> {
    let mut bad = names(&|name| make(json!({ "site": name })));
    let others = [json!("shadow"), json!("../main"), json!({ "path": "/etc/shadow" }), json!(null), json!(["main"])];
    bad.extend(others.map(make));
    bad
}

fn changes(make: &dyn Fn(Value) -> Value) -> Vec<Value> {
    let mut bad = files(&|file| make(json!({ "file": file, "content": [] })));
    let base = ["main", "http", "static_snippet", "proxy_snippet"].map(|name| json!(name));
    for file in base.into_iter().chain([json!({ "site": SITE })]) {
        bad.extend(trees_of_nginx().into_iter().map(|tree| make(json!({ "file": file, "content": tree }))));
    }
    bad
}

fn reloads() -> Vec<Value> {
    // The last ones are numbers, from which there would soon be none to go on to.
    let numbers = [
        "-1",
        "1.5",
        "\"7\"",
        "18446744073709551616",
        "null",
        "[]",
        "1e400",
        "1000001",
        "9223372036854775807",
        "18446744073709551615",
    ];
    let op = |number: &&str| serde_json::from_str(&format!("{{\"nginx_reload\":{{\"generation\":{number}}}}}")).ok();
    let mut bad: Vec<Value> = numbers.iter().filter_map(op).collect();
    bad.push(json!({ "nginx_reload": { "generation": 1, "pid": 1 } }));
    bad
}

/// What would be another line of the journal, or none.
fn heads() -> Vec<Value> {
    let mut bad = names(&|text| json!({ "audit_head": { "position": 1, "hash": text } }));
    let hash = "0".repeat(64);
    bad.extend([json!(-1), json!("1"), json!(1.5)].map(|n| json!({ "audit_head": { "position": n, "hash": hash } })));
    bad.push(json!({ "audit_head": { "position": 1, "hash": hash, "message": "all is well" } }));
    bad
}

/// Trees for a site's file that would make nginx, which runs as root until it has read them, open, write or load something.
fn trees_of_nginx() -> Vec<Value> {
    let directive =
        |name: &str, args: &[&str]| json!([{ "name": "server", "block": [{ "name": name, "args": args }] }]);
    vec![
        json!([{ "name": "include", "args": ["/etc/shadow"] }]),
        directive("include", &["../../../outside/secret"]),
        directive("include", &["manara/snippets/../../../shadow"]),
        directive("access_log", &["/etc/cron.d/x"]),
        directive("error_log", &["/etc/cron.d/x"]),
        directive("root", &["/etc"]),
        directive("root", &["/srv/www/../../etc"]),
        directive("alias", &["/etc/"]),
        directive("load_module", &["/tmp/x.so"]),
        directive("ssl_certificate", &["/etc/shadow"]),
        directive("ssl_certificate_key", &["data:$x"]),
        directive("ssl_password_file", &["/etc/shadow"]),
        directive("auth_basic_user_file", &["/etc/shadow"]),
        directive("client_body_temp_path", &["/etc/cron.d"]),
        directive("perl", &["sub { }"]),
        directive("dav_methods", &["PUT"]),
        directive("user", &["root"]),
        json!([{ "name": "server { include /etc/shadow; }" }]),
        json!([{ "name": "server", "args": [], "block": [], "raw": "include /etc/shadow;" }]),
        json!({ "name": "server" }),
        json!("include /etc/shadow;"),
    ]
}
