//! Many sites: what must not grow with their number.

#![expect(clippy::print_stdout, reason = "the times are for whoever runs it by hand")]

use crate::support::rig::Rig;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn sites() -> usize {
    std::env::var("MANARA_TEST_SITES").ok().and_then(|n| n.parse().ok()).unwrap_or(300)
}

/// A rig with [`sites`] sites.
fn full() -> Rig {
    let rig = Rig::new();
    let site = |i: usize| format!("[[site]]\ndomain = \"site{i:05}.example.test\"\nkind = \"static\"\n");
    for chunk in (0..sites()).collect::<Vec<_>>().chunks(5000) {
        let document = format!("manara = 1\n{}", chunk.iter().map(|i| site(*i)).collect::<String>());
        carry_out(&rig, "state.apply", json!({ "document": document }));
    }
    rig
}

/// Calls an operation and waits for its end, which may take longer than a call waits.
fn carry_out(rig: &Rig, id: &str, input: Value) {
    let job = rig.call(id, input).unwrap().job.expect("a job");
    let state = || rig.call("job.show", json!({ "id": job })).map(|shown| shown.body["state"].clone());
    let begun = Instant::now();
    while state().ok() != Some(json!("done")) {
        assert!(
            begun.elapsed() < Duration::from_secs(600) && state().ok() != Some(json!("failed")),
            "{id}: {:?}",
            state()
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn slow_all_sites_are_switched_off_and_on_in_one_plan_each() {
    let rig = full();
    for (enabled, status) in [(false, None), (true, Some(200))] {
        let begun = Instant::now();
        let plan = rig
            .call_with("site.switch-many", json!({ "all": true, "enabled": enabled }), |r| r.dry_run = true)
            .unwrap();
        let planned = begun.elapsed();
        assert_eq!(plan.body["totals"]["sites"], sites(), "{}", plan.body["totals"]);
        carry_out(&rig, "plan.apply", json!({ "id": plan.body["id"] }));
        println!("{} sites planned in {planned:?}, and all in {:?}", sites(), begun.elapsed());
        let answer = rig.get("site00299.example.test", "/");
        assert_eq!(answer.map(|(status, _)| status).filter(|status| *status == 200), status);
    }
}

#[test]
fn slow_a_change_among_many_sites_writes_one_file() {
    let begun = Instant::now();
    let rig = full();
    let made = begun.elapsed();
    let before = rig.snapshot();
    let begun = Instant::now();
    rig.call("site.create", json!({ "domain": "one.test", "kind": "static" })).unwrap();
    let changed = begun.elapsed();
    let after = rig.snapshot();
    let new: Vec<_> = after.iter().filter(|f| !before.contains(f)).map(|(name, _)| name.clone()).collect();
    let begun = Instant::now();
    let list = rig.call("site.list", json!({ "q": "0001", "limit": 50 })).unwrap().body;
    let listed = begun.elapsed();
    println!("{} sites made in {made:?}, one more in {changed:?}, a page in {listed:?}", sites());
    assert!(list["total"].as_i64().unwrap() >= 10);
    let nginx: Vec<_> = new.iter().filter(|name| name.contains("etc/nginx")).collect();
    assert_eq!(nginx.len(), 1, "{nginx:?}");
    assert_eq!(rig.get("one.test", "/").unwrap().0, 200);
    assert_eq!(rig.get("site00299.example.test", "/").unwrap().0, 200);
}

#[test]
fn the_longest_names_are_served() {
    let rig = Rig::new();
    let long = [vec!["a".repeat(60); 3].join("."), "b".repeat(50), "test".into()].join(".");
    rig.call("site.create", json!({ "domain": long, "kind": "static" })).unwrap();
    assert_eq!(rig.get(&long, "/").unwrap().0, 200);
}
