//! Desired state in a file.

use crate::support::rig::Rig;
use serde_json::json;

const FILE: &str = r#"
manara = 1
owner = "web"

[[site]]
domain = "a.test"
kind = "static"
aliases = ["www.a.test"]

[[site]]
domain = "b.test"
kind = "proxy"
upstream = "http://127.0.0.1:3000"
timeout_s = 5
headers = [{ name = "X-Team", value = "b" }]
"#;

fn changes(rig: &Rig, document: &str, prune: bool) -> Vec<String> {
    let plan = rig
        .call_with("state.apply", json!({ "document": document, "prune": prune }), |r| r.dry_run = true)
        .unwrap()
        .body;
    let line = |c: &serde_json::Value| format!("{} {}", c["action"].as_str().unwrap(), c["name"].as_str().unwrap());
    plan["changes"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn applying_twice_and_applying_an_export_change_nothing() {
    let rig = Rig::new();
    rig.call("site.create", json!({ "domain": "other.test", "kind": "static" })).unwrap();
    let reloads = |rig: &Rig| rig.call("nginx.show", json!({})).unwrap().body["generation"].as_i64().unwrap();
    let before = reloads(&rig);
    rig.call("state.apply", json!({ "document": FILE })).unwrap();
    assert_eq!(reloads(&rig), before + 1, "one file is one reload");
    assert_eq!(rig.get("www.a.test", "/").unwrap().0, 200);
    assert_eq!(changes(&rig, FILE, false), Vec::<String>::new());
    rig.call("state.apply", json!({ "document": FILE })).unwrap();
    assert_eq!(reloads(&rig), before + 1);

    let exported = rig.call("state.export", json!({})).unwrap().body["document"].as_str().unwrap().to_owned();
    assert_eq!(changes(&rig, &exported, false), Vec::<String>::new(), "{exported}");
    assert!(exported.contains("other.test"));
}

#[test]
fn prune_deletes_only_what_the_same_owner_made() {
    let rig = Rig::new();
    rig.call("site.create", json!({ "domain": "other.test", "kind": "static" })).unwrap();
    rig.call("state.apply", json!({ "document": FILE })).unwrap();
    let smaller = FILE.split("[[site]]").take(2).collect::<Vec<_>>().join("[[site]]");
    rig.call("state.apply", json!({ "document": smaller })).unwrap();
    assert_eq!(rig.call("site.list", json!({})).unwrap().body["total"], 3);
    rig.call("state.apply", json!({ "document": smaller, "prune": true })).unwrap();
    assert_eq!(rig.call("site.list", json!({})).unwrap().body["total"], 2);
    assert!(rig.call("site.show", json!({ "domain": "b.test" })).is_err());
    assert!(rig.call("site.show", json!({ "domain": "other.test" })).is_ok());
}

#[test]
fn every_problem_of_a_file_is_reported() {
    let rig = Rig::new();
    let bad = r#"
manara = 2
[[site]]
domain = "not a domain"
kind = "statik"
[[site]]
domain = "a.test"
kind = "static"
upsteam = "x"
[[site]]
domain = "A.test"
kind = "static"
"#;
    let error = rig.call("state.apply", json!({ "document": bad })).unwrap_err();
    let mut found: Vec<_> = error.fields().iter().map(|f| format!("{}:{}", f.field, f.code)).collect();
    found.sort();
    assert_eq!(
        found,
        [
            "manara:out_of_range",
            "site[0].domain:domain_characters",
            "site[0].kind:not_one_of",
            "site[1].upsteam:unknown_did_you_mean",
            "site[2]:name_twice"
        ]
    );
    let error = rig.call("state.apply", json!({ "document": "manara = 1\n[[site]" })).unwrap_err();
    assert_eq!((error.code(), error.param("line")), ("state_syntax", Some("2")));
}
