//! nginx shared with others: Debian's own `nginx.conf` and default site, and somebody's server with settings of its own.

use crate::split::Visitors;
use crate::support::debian::{SHOP, answer, debian, etc, start, theirs};
use crate::support::rig::Rig;
use manara::platform::HostOp;
use manara::platform::faults::Fault;
use manara::platform::nginx::{NginxChange, NginxFile, Ownership};
use serde_json::json;

fn files(rig: &Rig) -> Vec<(String, String)> {
    rig.snapshot().into_iter().filter(|(name, _)| name.contains("/etc/nginx/") && !name.contains("manara")).collect()
}

fn record(rig: &Rig) -> String {
    std::fs::read_to_string(etc(rig).join("manara/ownership")).unwrap_or_default()
}

#[test]
fn others_answer_as_before_and_ours_beside_them() {
    for theirs_too in [&SHOP[..], &[]] {
        let mut rig = Rig::closed(tempfile::tempdir().unwrap());
        debian(&rig, theirs_too);
        start(&rig);
        let (before, untouched) = (theirs(&rig), files(&rig));
        assert!(before[2].contains("the default page"), "{before:?}");
        rig.reopen();
        assert_eq!(record(&rig), "shared\n");
        rig.call("site.create", json!({ "domain": "ours.test", "kind": "static" })).unwrap();
        assert_eq!(theirs(&rig), before);
        assert_eq!(files(&rig), untouched, "nothing of theirs was touched");

        let ours = answer(&rig, "ours.test", "/");
        assert!(ours.starts_with("HTTP/1.1 200 ") && ours.contains("X-Content-Type-Options: nosniff"), "{ours}");
        assert!(!ours.contains("X-Shop"), "{ours}");
        let drift = rig.call("drift.list", json!({})).unwrap().body;
        assert_eq!(drift["items"], json!([]));
        assert_eq!(rig.call("nginx.show", json!({})).unwrap().body["ownership"], "shared");
    }
}

#[test]
fn the_first_of_theirs_stays_the_default_where_none_is_declared() {
    let mut rig = Rig::closed(tempfile::tempdir().unwrap());
    debian(&rig, &SHOP);
    std::fs::remove_file(etc(&rig).join("sites-enabled/default")).unwrap();
    start(&rig);
    let before = theirs(&rig);
    assert!(before[3].contains("the shop yes"), "{before:?}");
    rig.reopen();
    rig.call("site.create", json!({ "domain": "ours.test", "kind": "static" })).unwrap();
    assert_eq!(theirs(&rig), before);
    assert!(answer(&rig, "ours.test", "/").starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_name_of_others_is_not_taken_from_them() {
    let mut rig = Rig::closed(tempfile::tempdir().unwrap());
    debian(&rig, &SHOP);
    // Theirs clash among themselves, and that is no business of ours.
    std::fs::copy(etc(&rig).join("sites-enabled/shop"), etc(&rig).join("sites-enabled/shop-again")).unwrap();
    start(&rig);
    let before = theirs(&rig);
    rig.reopen();
    rig.call("site.create", json!({ "domain": "ours.test", "kind": "static" })).unwrap();
    let refused = rig.call("site.create", json!({ "domain": "shop.test", "kind": "static" })).unwrap_err();
    assert_eq!(refused.code(), "nginx_test_failed");
    assert_eq!(theirs(&rig), before);
    let aliases = json!({ "domain": "ours.test", "aliases": ["shop.test"] });
    assert_eq!(rig.call("site.update", aliases).unwrap_err().code(), "nginx_test_failed");
}

#[test]
fn whoever_asks_an_nginx_conf_of_others_is_neither_replaced_nor_deleted() {
    let mut rig = Rig::closed(tempfile::tempdir().unwrap());
    debian(&rig, &SHOP);
    start(&rig);
    rig.reopen();
    let untouched = files(&rig);
    for content in [Some(vec![]), None] {
        let changes = vec![NginxChange { file: NginxFile::Main, content }];
        let switch = HostOp::NginxSwitch { plan: "p0123456789".parse().unwrap(), changes };
        assert_eq!(rig.core().host.ask(&switch).unwrap_err().code(), "nginx_not_ours");
    }
    assert_eq!(files(&rig), untouched);
}

#[test]
fn a_way_in_beside_ours_is_made_only_where_nginx_is_shared_or_given_back() {
    let rig = Rig::new();
    let before = rig.snapshot();
    for file in [NginxFile::Entry, NginxFile::LateEntry] {
        let entry = NginxChange { file, content: Some(vec![]) };
        let gone = NginxChange { file: NginxFile::Main, content: None };
        // Here nothing was adopted that could come back.
        for changes in [vec![entry.clone()], vec![gone, entry]] {
            let switch = HostOp::NginxSwitch { plan: "p0123456789".parse().unwrap(), changes };
            assert_eq!(rig.core().host.ask(&switch).unwrap_err().code(), "nginx_not_ours");
        }
    }
    assert_eq!(rig.snapshot(), before);
}

#[test]
fn a_broken_file_of_others_is_named_as_theirs() {
    let mut rig = Rig::closed(tempfile::tempdir().unwrap());
    debian(&rig, &[]);
    rig.reopen();
    let broken = etc(&rig).join("sites-enabled/broken");
    std::fs::write(&broken, "server {\n    no_such_thing;\n}\n").unwrap();
    let refused = rig.call("site.create", json!({ "domain": "ours.test", "kind": "static" })).unwrap_err();
    assert_eq!(refused.code(), "nginx_foreign_broken");
    assert_eq!(refused.param("file"), Some(broken.display().to_string().as_str()));
    std::fs::remove_file(broken).unwrap();
    let main = etc(&rig).join("nginx.conf");
    let text = std::fs::read_to_string(&main).unwrap();
    std::fs::write(&main, text.replace("gzip on;", "gzip maybe;")).unwrap();
    let refused = rig.call("site.create", json!({ "domain": "ours.test", "kind": "static" })).unwrap_err();
    assert_eq!((refused.code(), refused.param("file")), ("nginx_foreign_broken", main.to_str()));
    std::fs::write(&main, text).unwrap();
    rig.call("site.create", json!({ "domain": "ours.test", "kind": "static" })).unwrap();
}

#[test]
fn an_nginx_that_would_not_read_us_is_not_shared() {
    let mut rig = Rig::closed(tempfile::tempdir().unwrap());
    debian(&rig, &[]);
    let main = etc(&rig).join("nginx.conf");
    let text = std::fs::read_to_string(&main).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| !line.contains("conf.d/*")).collect();
    std::fs::write(&main, lines.join("\n")).unwrap();
    assert_eq!(rig.try_reopen().unwrap_err().code(), "nginx_shared_unread");
    rig.close();
    // Taken over it can be, by whoever agrees to the plan.
    rig.ownership = "owned";
    assert_eq!(rig.try_reopen().unwrap_err().code(), "nginx_shared_unread");
    assert_eq!(record(&rig), "");
    rig.call("nginx.adopt", json!({})).unwrap();
    assert_eq!(record(&rig), "owned\n");
    rig.call("site.create", json!({ "domain": "ours.test", "kind": "static" })).unwrap();
    assert!(answer(&rig, "ours.test", "/").starts_with("HTTP/1.1 200 "));
}

#[test]
fn what_was_decided_stays_and_a_plan_moves_nginx_conf_there_and_back() {
    let mut rig = Rig::closed(tempfile::tempdir().unwrap());
    debian(&rig, &SHOP);
    start(&rig);
    let (before, untouched) = (theirs(&rig), files(&rig));
    rig.reopen();
    rig.call("site.create", json!({ "domain": "ours.test", "kind": "static" })).unwrap();
    rig.close();
    for name in ["conf.d/aaa.conf", "sites-enabled/shop", "sites-enabled/default"] {
        std::fs::rename(etc(&rig).join(name), rig.root.path().join(name.replace('/', "-"))).unwrap();
    }
    rig.reopen();
    assert_eq!(record(&rig), "shared\n", "it does not flip by itself");
    rig.close();
    for name in ["conf.d/aaa.conf", "sites-enabled/shop", "sites-enabled/default"] {
        std::fs::rename(rig.root.path().join(name.replace('/', "-")), etc(&rig).join(name)).unwrap();
    }

    rig.ownership = "owned";
    rig.reopen();
    assert_eq!(record(&rig), "shared\n", "nor by a word of root's alone");
    assert_eq!((theirs(&rig), files(&rig)), (before.clone(), untouched.clone()));
    assert_eq!(rig.call("nginx.show", json!({})).unwrap().body["wanted"], "owned");
    rig.call("nginx.adopt", json!({})).unwrap();
    assert_eq!(record(&rig), "owned\n");
    let adopted = etc(&rig).join("manara/adopted/nginx.conf");
    let main = |files: &[(String, String)]| files.iter().find(|(n, _)| n.ends_with("nginx.conf")).unwrap().1.clone();
    let hash = manara::platform::nginx::sha256_hex(&std::fs::read(&adopted).unwrap());
    assert_eq!(hash, main(&untouched));
    assert!(!etc(&rig).join("conf.d/manara.conf").exists());
    assert!(answer(&rig, "ours.test", "/").starts_with("HTTP/1.1 200 "));
    assert_eq!(rig.get("shop.test", "/"), None, "nginx is the panel's alone now");
    assert_eq!(rig.call("drift.list", json!({})).unwrap().body["items"], json!([]));
    assert_eq!(rig.call("nginx.show", json!({})).unwrap().body["wanted"], json!(null));
    let again = rig.call("nginx.adopt", json!({})).unwrap();
    assert_eq!((again.job, again.body["ownership"].as_str()), (None, Some("owned")), "twice is once");
    rig.close();

    rig.ownership = "shared";
    rig.reopen();
    assert_eq!(record(&rig), "owned\n");
    assert_eq!(rig.call("nginx.show", json!({})).unwrap().body["wanted"], "shared");
    rig.call("nginx.release", json!({})).unwrap();
    assert_eq!((record(&rig).as_str(), adopted.parent().unwrap().exists()), ("shared\n", false));
    assert_eq!(theirs(&rig), before);
    assert_eq!(files(&rig), untouched);
    assert!(answer(&rig, "ours.test", "/").starts_with("HTTP/1.1 200 "));
    assert_eq!(rig.call("drift.list", json!({})).unwrap().body["items"], json!([]));
    assert_eq!(rig.call("nginx.release", json!({})).unwrap().job, None, "twice is once");
}

/// Debian's nginx with a shop of somebody's in it and a panel beside it, which root lets take it over.
fn ready() -> Rig {
    let mut rig = Rig::closed(tempfile::tempdir().unwrap());
    debian(&rig, &SHOP);
    start(&rig);
    rig.ownership = "owned";
    rig.reopen();
    rig.call("site.create", json!({ "domain": "ours.test", "kind": "static" })).unwrap();
    rig
}

#[test]
fn a_first_start_takes_nothing_over_and_the_plan_of_it_is_only_shown() {
    let rig = ready();
    assert_eq!(record(&rig), "shared\n");
    let (before, untouched) = (theirs(&rig), rig.snapshot());
    let text = |name: &str| std::fs::read_to_string(etc(&rig).join(name)).unwrap();
    let original = text("nginx.conf");
    let plan = rig.call_with("nginx.adopt", json!({}), |request| request.dry_run = true).unwrap().body;
    assert_eq!(rig.snapshot(), untouched, "a dry run changes nothing");
    assert_eq!(theirs(&rig), before);
    assert_eq!(plan["test"]["ok"], true, "{plan}");
    let main = plan["changes"][0].clone();
    assert_eq!((main["name"].as_str(), main["action"].as_str()), (Some("nginx.conf"), Some("update")));
    let diff = main["diff"].as_str().unwrap();
    assert!(diff.contains("-events {") || diff.contains("-\tworker_connections"), "theirs goes: {diff}");
    assert!(diff.contains("+    include manara/sites/*.conf;"), "ours comes: {diff}");
    let changes = plan["changes"].as_array().unwrap();
    let entry = changes.iter().find(|change| change["name"] == "conf.d/manara.conf").unwrap();
    assert_eq!(entry["action"], "delete");
    let notes: Vec<_> = plan["warnings"].as_array().unwrap().iter().map(|note| note["code"].clone()).collect();
    assert_eq!(notes, ["nginx_conf_kept", "nginx_others_unread"]);
    let unread = plan["warnings"][1]["text"].as_str().unwrap();
    assert!(unread.contains("/sites-enabled/shop") && unread.contains("/conf.d/aaa.conf"), "{unread}");
    assert!(!unread.contains("nginx.conf"), "{unread}");

    // Exactly the plan that was shown is what is applied; the other way round likewise.
    rig.call("plan.apply", json!({ "id": plan["id"] })).unwrap();
    assert_eq!((record(&rig).as_str(), text("manara/adopted/nginx.conf")), ("owned\n", original.clone()));
    let owned = rig.snapshot();
    let back = rig.call_with("nginx.release", json!({}), |request| request.dry_run = true).unwrap().body;
    assert_eq!(rig.snapshot(), owned, "a dry run changes nothing");
    let main = back["changes"][0].clone();
    assert_eq!((main["name"].as_str(), main["action"].as_str()), (Some("nginx.conf"), Some("update")), "it returns");
    assert!(main["diff"].as_str().unwrap().contains("-    include manara/sites/*.conf;"), "{main}");
    rig.call("plan.apply", json!({ "id": back["id"] })).unwrap();
    assert_eq!((text("nginx.conf"), theirs(&rig)), (original, before));
    assert_eq!(rig.snapshot(), untouched);
}

#[test]
fn nobody_is_turned_away_while_nginx_changes_hands() {
    let rig = ready();
    let ours = Visitors::of(rig.http_port, "ours.test");
    let shop = Visitors::of(rig.http_port, "shop.test");
    rig.call_with("nginx.adopt", json!({}), |request| request.dry_run = true).unwrap();
    // One that fails at its end, when everything was in place.
    rig.core().faults.arm(Fault::Fail(13));
    assert!(rig.call("nginx.adopt", json!({})).is_err());
    rig.core().faults.disarm();
    shop.come(50);
    shop.all_served();
    rig.call("nginx.adopt", json!({})).unwrap();
    rig.call("nginx.release", json!({})).unwrap();
    let shop = Visitors::of(rig.http_port, "shop.test");
    ours.come(50);
    shop.all_served();
    ours.all_served();
}

#[test]
fn a_plan_that_was_shown_is_stale_when_their_nginx_conf_changes() {
    let rig = ready();
    let plan = rig.call_with("nginx.adopt", json!({}), |request| request.dry_run = true).unwrap().body;
    let main = etc(&rig).join("nginx.conf");
    let text = std::fs::read_to_string(&main).unwrap() + "# one more word\n";
    std::fs::write(&main, &text).unwrap();
    let refused = rig.call("plan.apply", json!({ "id": plan["id"] })).unwrap_err();
    assert_eq!(refused.code(), "plan_stale");
    assert_eq!(std::fs::read_to_string(&main).unwrap(), text);
    assert_eq!(record(&rig), "shared\n");
}

#[test]
fn nobody_takes_over_what_root_does_not_let_go() {
    for ownership in ["auto", "shared"] {
        let mut rig = Rig::closed(tempfile::tempdir().unwrap());
        debian(&rig, &SHOP);
        start(&rig);
        rig.ownership = ownership;
        rig.reopen();
        let (before, untouched) = (theirs(&rig), rig.snapshot());
        for dry_run in [true, false] {
            let refused = rig.call_with("nginx.adopt", json!({}), |request| request.dry_run = dry_run).unwrap_err();
            assert_eq!(refused.code(), "nginx_not_ours", "{ownership}");
        }
        assert_eq!((theirs(&rig), rig.snapshot()), (before, untouched));
    }
}

#[test]
fn what_was_nobodys_is_given_back_to_nobody() {
    let rig = Rig::new();
    let before = rig.snapshot();
    assert_eq!(rig.call("nginx.release", json!({})).unwrap_err().code(), "nginx_nothing_adopted");
    assert_eq!(rig.snapshot(), before);
}

#[test]
fn an_nginx_conf_that_would_not_read_us_does_not_come_back() {
    let rig = ready();
    rig.call("nginx.adopt", json!({})).unwrap();
    let adopted = etc(&rig).join("manara/adopted/nginx.conf");
    let text = std::fs::read_to_string(&adopted).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| !line.contains("conf.d/*")).collect();
    std::fs::write(&adopted, lines.join("\n")).unwrap();
    let before = rig.snapshot();
    assert_eq!(rig.call("nginx.release", json!({})).unwrap_err().code(), "nginx_shared_unread");
    assert_eq!(rig.snapshot(), before);
    assert!(answer(&rig, "ours.test", "/").starts_with("HTTP/1.1 200 "));
}

#[test]
fn an_adoption_that_breaks_off_leaves_the_file_of_others() {
    let rig = ready();
    let (before, untouched) = (theirs(&rig), rig.snapshot());
    for step in 1..40 {
        rig.core().faults.arm(Fault::Fail(step));
        let outcome = rig.call("nginx.adopt", json!({}));
        rig.core().faults.disarm();
        if outcome.is_ok() && record(&rig) == "owned\n" {
            assert!(step > 8, "only {step} steps");
            return;
        }
        assert_eq!(theirs(&rig), before, "step {step}");
        assert_eq!(rig.snapshot(), untouched, "step {step}");
    }
    panic!("it was never done");
}

#[test]
fn a_link_in_place_of_nginx_conf_is_not_taken_over_and_says_why() {
    let rig = ready();
    let main = etc(&rig).join("nginx.conf");
    std::fs::rename(&main, etc(&rig).join("real.conf")).unwrap();
    std::os::unix::fs::symlink("real.conf", &main).unwrap();
    let before = rig.snapshot();
    assert_eq!(rig.call("nginx.adopt", json!({})).unwrap_err().code(), "nginx_conf_linked");
    assert_eq!(rig.snapshot(), before);
    rig.call("site.create", json!({ "domain": "more.test", "kind": "static" })).unwrap();
}

#[test]
fn an_nginx_conf_in_another_encoding_comes_back_byte_for_byte() {
    let rig = ready();
    let main = etc(&rig).join("nginx.conf");
    let text = [std::fs::read(&main).unwrap(), b"# caf\xe9\n".to_vec()].concat();
    std::fs::write(&main, &text).unwrap();
    rig.call("nginx.adopt", json!({})).unwrap();
    rig.call("nginx.release", json!({})).unwrap();
    assert_eq!(std::fs::read(&main).unwrap(), text);
}

#[test]
fn nobodys_nginx_is_the_panels() {
    let rig = Rig::new();
    assert_eq!(record(&rig), format!("{}\n", Ownership::Owned.name()));
    assert!(!etc(&rig).join("manara/adopted").exists());
    assert_eq!(rig.call("nginx.show", json!({})).unwrap().body["ownership"], "owned");
}
