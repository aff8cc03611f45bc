//! An `nginx.conf` of others, which is neither replaced nor lost.

use super::{Target, rows};
use serde_json::json;

/// A host that took an `nginx.conf` of others over when root said so, and what stood in it.
fn adopted() -> (Target, &'static str) {
    let theirs = "# theirs\nevents {}\n";
    let target = Target::new();
    assert_eq!(target.call(&rows::switch("p0000000001", &[rows::main()])).0, 200);
    assert_eq!(target.call(&json!({ "forget": { "plan": "p0000000001" } })).0, 200);
    std::fs::create_dir_all(target.machine("etc/nginx/manara/adopted")).unwrap();
    std::fs::write(target.machine("etc/nginx/manara/adopted/nginx.conf"), theirs).unwrap();
    (target, theirs)
}

#[test]
fn an_nginx_conf_of_others_is_not_taken_over_without_roots_word() {
    let target = Target::new();
    assert_eq!(target.call(&rows::switch("p0000000001", &[rows::main()])).0, 200);
    std::fs::write(target.machine("etc/nginx/nginx.conf"), "# theirs\nevents {}\n").unwrap();
    let before = target.picture();
    let (status, body) = target.call(&rows::switch("p0000000002", &[rows::main()]));
    assert!(status == 403 && body.contains("nginx_not_ours"), "{status} {body}");
    assert_eq!(target.picture(), before);
}

#[test]
fn an_nginx_conf_of_others_is_not_lost_between_two_changes_of_one_file() {
    let (target, _) = adopted();
    let before = target.picture();
    let gone = json!({ "file": "main", "content": null });
    let site = json!({ "file": { "site": "s0123456789" }, "content": [] });
    for changes in [[gone, rows::main()], [rows::main(), rows::main()], [site.clone(), site]] {
        let test = json!({ "nginx_test": { "changes": changes } });
        for op in [rows::switch("p0000000002", &changes), test] {
            let (status, body) = target.call(&op);
            assert!((400..500).contains(&status) && body.contains("twice"), "{op}: {status} {body}");
        }
    }
    assert_eq!(target.picture(), before);
}

#[test]
fn undoing_an_old_plan_puts_nothing_over_an_nginx_conf_of_others() {
    let (target, theirs) = adopted();
    // Kept, to be undone when it no longer is true.
    assert_eq!(target.call(&rows::switch("p0000000002", &[rows::main()])).0, 200);
    let gone = json!({ "file": "main", "content": null });
    assert_eq!(target.call(&rows::switch("p0000000003", &[gone])).0, 200);
    assert_eq!(target.call(&json!({ "forget": { "plan": "p0000000003" } })).0, 200);
    let released = target.picture();
    assert_eq!(target.call(&json!({ "undo": { "plan": "p0000000002" } })).0, 200);
    assert_eq!(target.picture(), released);
    let text = |rel: &str| std::fs::read_to_string(target.machine(rel)).unwrap();
    assert_eq!(
        (text("etc/nginx/nginx.conf").as_str(), text("etc/nginx/manara/ownership").as_str()),
        (theirs, "shared\n")
    );
    // Nor does a new one.
    let (status, body) = target.call(&rows::switch("p0000000004", &[rows::main()]));
    assert!(status == 403 && body.contains("nginx_not_ours"), "{status} {body}");
    assert_eq!(target.picture(), released);
}

#[test]
fn an_nginx_conf_that_others_put_over_ours_is_neither_replaced_nor_removed() {
    let (target, _) = adopted();
    assert_eq!(target.call(&rows::switch("p0000000002", &[rows::main()])).0, 200);
    let main = target.machine("etc/nginx/nginx.conf");
    std::fs::write(&main, "# a new one of theirs\n").unwrap();
    let (status, body) = target.call(&rows::switch("p0000000003", &[rows::main()]));
    assert!(status == 409 && body.contains("nginx_conf_again"), "{status} {body}");
    assert_eq!(target.call(&json!({ "undo": { "plan": "p0000000002" } })).0, 200);
    assert_eq!(std::fs::read_to_string(main).unwrap(), "# a new one of theirs\n");
}
