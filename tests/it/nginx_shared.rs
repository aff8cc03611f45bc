//! nginx shared with others: Debian's own `nginx.conf` and default site, and somebody's server with settings of its own.

use crate::support::debian::{SHOP, answer, debian, etc, start, theirs};
use crate::support::rig::Rig;
use manara::platform::HostOp;
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
}

#[test]
fn what_was_decided_stays_and_an_explicit_word_moves_nginx_conf_there_and_back() {
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
    assert_eq!(record(&rig), "owned\n");
    let adopted = etc(&rig).join("manara/adopted/nginx.conf");
    let main = |files: &[(String, String)]| files.iter().find(|(n, _)| n.ends_with("nginx.conf")).unwrap().1.clone();
    let hash = manara::platform::nginx::sha256_hex(&std::fs::read(&adopted).unwrap());
    assert_eq!(hash, main(&untouched));
    assert!(!etc(&rig).join("conf.d/manara.conf").exists());
    assert!(answer(&rig, "ours.test", "/").starts_with("HTTP/1.1 200 "));
    assert_eq!(rig.get("shop.test", "/"), None, "nginx is the panel's alone now");
    assert_eq!(rig.call("drift.list", json!({})).unwrap().body["items"], json!([]));
    rig.close();

    rig.ownership = "shared";
    rig.reopen();
    assert_eq!((record(&rig).as_str(), adopted.exists()), ("shared\n", false));
    assert_eq!(theirs(&rig), before);
    assert_eq!(files(&rig), untouched);
    assert!(answer(&rig, "ours.test", "/").starts_with("HTTP/1.1 200 "));
}

#[test]
fn an_adoption_that_breaks_off_leaves_the_file_of_others() {
    for step in 1..40 {
        let mut rig = Rig::closed(tempfile::tempdir().unwrap());
        debian(&rig, &SHOP);
        start(&rig);
        rig.reopen();
        rig.close();
        let (before, untouched) = (theirs(&rig), files(&rig));
        rig.ownership = "owned";
        let outcome = rig.reopen_failing_at(step);
        if outcome.is_ok() {
            assert!(step > 8, "only {step} steps");
            return;
        }
        assert_eq!(theirs(&rig), before, "step {step}");
        assert_eq!(files(&rig), untouched, "step {step}");
        rig.close();
        rig.reopen();
        assert_eq!(record(&rig), "owned\n", "step {step}");
    }
}

#[test]
fn nobodys_nginx_is_the_panels() {
    let rig = Rig::new();
    assert_eq!(record(&rig), format!("{}\n", Ownership::Owned.name()));
    assert!(!etc(&rig).join("manara/adopted").exists());
    assert_eq!(rig.call("nginx.show", json!({})).unwrap().body["ownership"], "owned");
}
