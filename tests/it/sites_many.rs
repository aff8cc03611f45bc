//! Many sites in one change, what became of a site, and the way back.

use crate::support::rig::Rig;
use serde_json::{Value, json};

fn rig_with(domains: &[&str]) -> Rig {
    let rig = Rig::new();
    let site = |domain: &&str| format!("[[site]]\ndomain = \"{domain}\"\nkind = \"static\"\n");
    let document = format!("manara = 1\n{}", domains.iter().map(site).collect::<String>());
    rig.call("state.apply", json!({ "document": document })).unwrap();
    rig
}

fn show(rig: &Rig, domain: &str) -> Value {
    rig.call("site.show", json!({ "domain": domain })).unwrap().body
}

fn history(rig: &Rig, domain: &str) -> Vec<Value> {
    let body = rig.call("site.history", json!({ "domain": domain })).unwrap().body;
    body["items"].as_array().unwrap().clone()
}

fn generation(rig: &Rig) -> i64 {
    rig.call("nginx.show", json!({})).unwrap().body["generation"].as_i64().unwrap()
}

#[test]
fn many_sites_are_one_plan_one_reload_and_one_way_back() {
    let rig = rig_with(&["a.test", "b.test", "c.test", "other.example"]);
    rig.call("site.disable", json!({ "domain": "b.test" })).unwrap();
    let before = generation(&rig);
    let all = json!({ "all": true, "q": ".test", "enabled": false });
    let plan = rig.call_with("site.switch-many", all.clone(), |r| r.dry_run = true).unwrap().body;
    assert_eq!(plan["totals"]["sites"], 2, "{plan}");
    assert_eq!(plan["warnings"][0]["code"], "already_disabled");
    assert_eq!(plan["test"]["ok"], true);
    let done = rig.call("plan.apply", json!({ "id": plan["id"] })).unwrap();
    assert_eq!(generation(&rig), before + 1, "one reload for all");
    for domain in ["a.test", "b.test", "c.test"] {
        assert_eq!(show(&rig, domain)["enabled"], false, "{domain}");
        assert!(rig.get(domain, "/").is_none_or(|(status, _)| status != 200), "{domain}");
    }
    assert_eq!(rig.get("other.example", "/").unwrap().0, 200);

    rig.call("plan.undo", json!({ "id": done.plan })).unwrap();
    assert_eq!(generation(&rig), before + 2);
    assert_eq!(rig.get("a.test", "/").unwrap().0, 200);
    assert_eq!(show(&rig, "b.test")["enabled"], false, "what was off before stays off");
}

#[test]
fn deleting_many_leaves_the_others_and_keeps_the_files() {
    let rig = rig_with(&["a.test", "b.test", "c.test"]);
    let named = json!({ "sites": ["a.test", "c.test", "a.test"] });
    let plan = rig.call_with("site.delete-many", named.clone(), |r| r.dry_run = true).unwrap().body;
    assert_eq!(plan["totals"], json!({ "changes": 6, "create": 0, "update": 0, "delete": 6, "sites": 2 }));
    let names: Vec<_> = plan["sites"].as_array().unwrap().iter().map(|s| s["name"].clone()).collect();
    assert_eq!(names, ["a.test", "c.test"], "sites that are gone are named by their domains");
    assert!(plan["changes"].to_string().contains("site c.test"), "{plan}");
    rig.call("site.delete-many", named).unwrap();
    let left = rig.call("site.list", json!({})).unwrap().body;
    assert_eq!((left["total"].as_i64(), left["items"][0]["domain"].as_str()), (Some(1), Some("b.test")));
    let trash = rig.root.path().join("srv/www/.trash");
    assert_eq!(std::fs::read_dir(trash).unwrap().count(), 2);
    assert_eq!(rig.get("b.test", "/").unwrap().0, 200);
}

#[test]
fn a_selection_names_sites_or_asks_for_all() {
    let rig = rig_with(&["a.test"]);
    for wrong in [json!({}), json!({ "sites": ["a.test"], "all": true }), json!({ "sites": ["a.test"], "q": "a" })] {
        let mut input = wrong.clone();
        input["enabled"] = json!(false);
        let error = rig.call("site.switch-many", input).unwrap_err();
        assert!(error.fields().iter().any(|p| p.code == "sites_or_all"), "{wrong}: {error:?}");
        assert!(rig.call("site.delete-many", wrong).is_err());
    }
    assert_eq!(rig.call("site.delete-many", json!({ "sites": ["gone.test"] })).unwrap_err().code(), "site_not_found");
    assert_eq!(show(&rig, "a.test")["enabled"], true);
}

#[test]
fn a_change_is_undone_against_what_is_there_today() {
    let rig = rig_with(&["a.test"]);
    let update = |patch: Value| {
        let mut input = patch;
        input["domain"] = json!("a.test");
        rig.call("site.update", input).unwrap().body["revision"].as_i64().unwrap()
    };
    let names = update(json!({ "aliases": ["www.a.test"] }));
    let size = update(json!({ "max_body_mb": 9 }));
    assert_eq!(rig.get("www.a.test", "/").unwrap().0, 200);
    let told = history(&rig, "a.test");
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0]["fields"], json!([{ "field": "max_body_mb", "before": null, "after": 9 }]));
    assert_eq!((told[2]["operation"].as_str(), told[2]["undoable"].as_bool()), (Some("state.apply"), Some(false)));

    // Another field was changed since: this one still goes back, and the other stays.
    let undone = rig.call("site.undo", json!({ "domain": "a.test", "revision": names })).unwrap().body;
    assert_eq!((undone["aliases"].as_array().unwrap().len(), undone["max_body_mb"].as_i64()), (0, Some(9)));
    assert!(rig.get("www.a.test", "/").is_none_or(|(status, _)| status != 200));

    // The same field was changed since: refused, by name, and nothing happens.
    update(json!({ "max_body_mb": 10 }));
    let error = rig.call("site.undo", json!({ "domain": "a.test", "revision": size })).unwrap_err();
    assert_eq!((error.code(), error.param("fields")), ("change_overtaken", Some("max_body_mb")));
    let told = history(&rig, "a.test");
    let old = told.iter().find(|c| c["revision"] == size).unwrap();
    assert_eq!((old["undoable"].as_bool(), old["overtaken"][0].as_str()), (Some(false), Some("max_body_mb")));
    assert_eq!(show(&rig, "a.test")["max_body_mb"], 10);

    // Undoing is a change as well, and can be undone.
    let undo = told.iter().find(|c| c["operation"] == "site.undo").unwrap();
    rig.call("site.undo", json!({ "domain": "a.test", "revision": undo["revision"] })).unwrap();
    assert_eq!(rig.get("www.a.test", "/").unwrap().0, 200);
}

#[test]
fn a_new_name_is_undone_unless_somebody_else_has_the_old_one() {
    let rig = rig_with(&["a.test"]);
    let renamed = rig.call("site.update", json!({ "domain": "a.test", "new_domain": "b.test" })).unwrap().body;
    let undo = json!({ "domain": "b.test", "revision": renamed["revision"] });
    let other = rig.call("site.create", json!({ "domain": "a.test", "kind": "static" }));
    assert_eq!(other.unwrap_err().code(), "site_folder_exists");
    rig.call("site.create", json!({ "domain": "a.test", "kind": "proxy", "upstream": "http://127.0.0.1:9" })).unwrap();
    assert_eq!(rig.call("site.undo", undo.clone()).unwrap_err().code(), "site_exists");
    rig.call("site.delete", json!({ "domain": "a.test" })).unwrap();
    rig.call("site.undo", undo).unwrap();
    assert_eq!(rig.get("a.test", "/").unwrap().0, 200);
}

#[test]
fn what_made_a_site_or_changed_nothing_cannot_be_undone() {
    let rig = rig_with(&["a.test"]);
    let undo = |revision: i64| rig.call("site.undo", json!({ "domain": "a.test", "revision": revision })).unwrap_err();
    assert_eq!(undo(1).code(), "change_made_site");
    rig.call("site.reapply", json!({ "domain": "a.test" })).unwrap();
    assert_eq!(undo(2).code(), "change_empty");
    assert_eq!(undo(7).code(), "change_not_found");
    assert_eq!(rig.call("plan.undo", json!({ "id": "p0000000000" })).unwrap_err().code(), "plan_changed_no_site");
}

#[test]
fn the_trail_keeps_of_many_sites_the_first_and_how_many() {
    let domains: Vec<_> = (0..103).map(|n| format!("s{n}.test")).collect();
    let rig = rig_with(&domains.iter().map(String::as_str).collect::<Vec<_>>());
    let trail = |operation: &str| {
        let found = rig.call("audit.list", json!({ "operation": operation, "result": "done" })).unwrap().body;
        found["items"][0].clone()
    };
    rig.call("site.switch-many", json!({ "all": true, "enabled": false })).unwrap();
    let entry = trail("site.switch-many");
    for side in ["before", "after"] {
        let kept = &entry[side];
        assert_eq!((kept["count"].as_i64(), kept["sites"].as_array().map(Vec::len)), (Some(103), Some(100)), "{entry}");
    }
    rig.call("site.delete-many", json!({ "all": true })).unwrap();
    let lost = trail("site.delete-many")["before"].clone();
    assert_eq!((lost["count"].as_i64(), lost["sites"].as_array().map(Vec::len)), (Some(103), Some(100)), "{lost}");
    assert!(lost["sites"][0]["domain"].is_string(), "{lost}");
}
